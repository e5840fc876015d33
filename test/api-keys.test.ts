import t from 'tap'
import { createApiKey, findApiKey, KeyRing, parseApiKeys, writerNamed } from '../src/api-keys.ts'
import { parseKeysFile } from '../src/api-keys-file.ts'
import { ANYONE } from '../src/syncs/caller.ts'

const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(64)) as [string, string, string]
const good = { name: 'web', scopes: ['read'], sha256: [A] }
const parse = (value: unknown) => parseKeysFile(typeof value === 'string' ? value : JSON.stringify(value))

t.test('a file of keys is read with all of its rights, and what it leaves out is not granted', async (t) => {
  const rights = { spreadsheets: ['1Bxi'], credentials: ['agency'], tokens: true, actAs: true }
  const { keys, faults } = parse({
    keys: [good, { name: 'ops', scopes: ['admin'], sha256: [B, C], ...rights }],
  })
  t.same(faults, [])
  t.match(keys, [
    { name: 'web', scopes: ['read'], seesAll: false, mayUseTokens: false, mayActAs: false },
    { name: 'ops', seesAll: true, mayUseTokens: true, mayActAs: true },
  ])
  t.same([keys[0]?.credentials, keys[0]?.spreadsheets], [undefined, undefined])
  t.same(keys[1]?.credentials, new Set(['agency']))
  t.same(keys[1]?.spreadsheets, new Set(['1Bxi']))
  t.equal(keys[1]?.digests.length, 2)
  t.equal(parse({ keys: [{ ...good, credentials: '*' }] }).keys[0]?.credentials, 'all')
  t.same(parse({ keys: [{ ...good, credentials: [] }] }).keys[0]?.credentials, new Set(), 'an empty list is none')
  t.same(parse({ keys: [] }), { keys: [], entries: [], faults: [] })
  t.same(parse(`\uFEFF${JSON.stringify({ keys: [good] })}`).faults, [], 'Notepad begins with a byte order mark')
})

t.test('every fault of a file is told with its place, and nothing of the file is repeated', async (t) => {
  const hash = 'c0ffee'.repeat(11).slice(0, 64)
  const { key } = createApiKey('a', ['read'])
  const wrong: [unknown, RegExp[]][] = [
    ['', [/^is empty/]],
    ['hunter2', [/^is not JSON/]],
    ['{"keys": [1, hunter2 }', [/^is not JSON/]],
    ['{"keys": [1, 2 }', [/^is not JSON \(line 1 column 16\)/]],
    [[], [/^must be an object$/]],
    [{}, [/^keys must be a list/]],
    [{ keys: [good], hunter2: 1 }, [/^has a field, which there is not; there are keys$/]],
    [{ keys: ['hunter2'] }, [/^keys\[0\] must be an object$/]],
    [{ keys: [{ ...good, credential: 'x' }] }, [/^keys\[0\] has the field credential, which there is not/]],
    [{ keys: [{ ...good, [key]: 1 }] }, [/^keys\[0\] has a field, which there is not/]],
    [
      { keys: [{ name: 'Hunter2', scopes: ['hunter2'], sha256: [hash.slice(1), key], tokens: 'hunter2', actAs: 1 }] },
      [
        /^keys\[0\]\.name must be/,
        /^keys\[0\]\.scopes\[0\] must be one of read, write, admin$/,
        /^keys\[0\]\.sha256\[0\] must be 64/,
        /^keys\[0\]\.sha256\[1\] must be 64/,
        /^keys\[0\]\.tokens must be true or false$/,
        /^keys\[0\]\.actAs must be true or false$/,
      ],
    ],
    [
      { keys: [good, { name: 'b', scopes: [], sha256: [], spreadsheets: [] }] },
      [/^keys\[1\]\.scopes must/, /^keys\[1\]\.sha256 must/, /^keys\[1\]\.spreadsheets must be a list of 1 to 1000/],
    ],
    [{ keys: [{ ...good, credentials: 'hunter2' }] }, [/^keys\[0\]\.credentials must be a list .*or "\*"$/]],
    [
      { keys: [{ ...good, credentials: ['*', '../x'] }] },
      [/^keys\[0\]\.credentials\[0\]/, /^keys\[0\]\.credentials\[1\]/],
    ],
    [{ keys: [{ ...good, credentials: null }] }, [/^keys\[0\]\.credentials must be/]],
    [{ keys: [{ ...good, spreadsheets: ['hunter 2'] }] }, [/^keys\[0\]\.spreadsheets\[0\] must be the id/]],
    [{ keys: [{ ...good, scopes: ['read', 'read'] }] }, [/^keys\[0\]\.scopes must/]],
    [{ keys: [{ ...good, sha256: [hash, hash] }] }, [/^keys\[0\]\.sha256 must/]],
    [{ keys: [good, { ...good, sha256: [B] }] }, [/^keys\[1\]\.name is that of another key$/]],
    [{ keys: [good, { ...good, name: 'b', sha256: [B, A] }] }, [/^keys\[1\]\.sha256\[1\] is that of another key$/]],
  ]
  for (const [value, says] of wrong) {
    const { faults, keys } = parse(value)
    t.same(keys, [], 'one fault and no key of the file counts')
    t.equal(faults.length, says.length, JSON.stringify(faults))
    for (const [index, line] of says.entries()) t.match(faults[index], line)
    t.notMatch(faults.join(), /hunter|c0ffee|ssk_/i)
  }
  const many = Array.from({ length: 1001 }, (_, index) => ({
    ...good,
    name: `k${index}`,
    sha256: [index.toString(16).padStart(64, '0')],
  }))
  t.match(parse({ keys: many }).faults, [/^keys must be a list of 1000 keys at most$/])
  t.same(parse({ keys: many.slice(1) }).faults, [])
})

t.test(
  'keys that take the place of others tell it, keep what has not changed, and never open the service',
  async (t) => {
    const ring = new KeyRing([], true)
    t.equal(ring.keyed, true)
    let changes = 0
    ring.onChange(() => {
      changes += 1
    })
    ring.replace(parse({ keys: [good, { ...good, name: 'b', sha256: [B], credentials: ['x'] }] }).keys)
    const [web, b] = ring.current
    ring.replace(parse({ keys: [{ ...good, name: 'b', sha256: [B], credentials: ['y'] }, good] }).keys)
    t.equal(changes, 2)
    t.equal(ring.current[1], web, 'the very same object')
    t.not(ring.current[0], b, 'another right makes it another')
    ring.replace([])
    t.equal(ring.keyed, true)
    t.throws(() => writerNamed(ring, null), { code: 'API_KEY_INVALID' })
    t.throws(() => writerNamed(ring, 'web'), { code: 'API_KEY_INVALID' })
    t.equal(new KeyRing().keyed, false)
    t.equal(writerNamed(new KeyRing(), null), ANYONE)
  },
)

t.test('a key is found by any of its digests', async (t) => {
  const [one, two] = [createApiKey('one', ['read']), createApiKey('two', ['write'])]
  const { keys } = parse({
    keys: [
      { ...good, sha256: [A, one.digest] },
      { ...good, name: 'b', sha256: [two.digest] },
    ],
  })
  t.equal(findApiKey(keys, one.key)?.name, 'web')
  t.equal(findApiKey(keys, two.key)?.name, 'b')
  t.equal(findApiKey(keys, one.digest), undefined)
  t.equal(findApiKey(parseApiKeys(one.entry).keys, one.key)?.name, 'one')
})
