import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { newSyncId } from '../../src/model/sync-id.ts'
import { isOfToken } from '../../src/model/token-identity.ts'
import { parseTokenKey, TokenKeys } from '../../src/tokens/token-keys.ts'

const [OLD, NEW] = [randomBytes(32), randomBytes(32)]
const keys = new TokenKeys([OLD])
const unreadable = { name: 'AppError', code: 'TOKEN_UNREADABLE' }

t.test('what is sealed for a sync is opened for it, whatever the token is', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 4096 }), (token) => {
      const id = newSyncId()
      return keys.unseal(keys.seal(token, id), id) === token
    }),
  )
})

t.test('what is sealed tells nothing of the token, and never looks the same twice', async (t) => {
  const [one, other] = [keys.seal('an-odd/token', 'sync-1'), keys.seal('an-odd/token', 'sync-1')]
  t.not(one, other)
  t.match(one, /^v1\.[\w-]{8}\.[\w-]+$/)
  t.notMatch(Buffer.from(one.split('.')[2] ?? '', 'base64url').toString('latin1'), 'odd')
})

t.test('what is sealed is opened for no other sync, by no other key, and not once any of it was changed', async (t) => {
  const sealed = keys.seal('a-token', 'sync-1')
  t.throws(() => keys.unseal(sealed, 'sync-2'), unreadable)
  t.throws(() => new TokenKeys([NEW]).unseal(sealed, 'sync-1'), unreadable)
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`
    // The last character of base64url has bits that stand for nothing.
    if (Buffer.from(changed, 'base64url').equals(Buffer.from(sealed, 'base64url'))) continue
    t.throws(() => keys.unseal(changed, 'sync-1'), unreadable, `character ${at}`)
  }
  for (const cut of ['', 'v1', 'v1.', sealed.slice(0, 12), sealed.slice(0, 20), sealed.slice(0, -1)]) {
    t.throws(() => keys.unseal(cut, 'sync-1'), unreadable, cut)
  }
})

t.test('of several keys the first seals, and all open', async (t) => {
  const rotated = new TokenKeys([NEW, OLD])
  t.equal(rotated.unseal(keys.seal('before', 'sync-1'), 'sync-1'), 'before')
  const after = rotated.seal('after', 'sync-1')
  t.equal(new TokenKeys([NEW]).unseal(after, 'sync-1'), 'after')
  t.throws(() => keys.unseal(after, 'sync-1'), unreadable)
})

t.test('a person has one identity under each key, the first key’s first', async (t) => {
  const before = keys.identitiesOfPerson('0815')
  t.equal(before.length, 1)
  t.match(before[0], /^[\w-]{43}$/)
  const [now, ...earlier] = new TokenKeys([NEW, OLD]).identitiesOfPerson('0815')
  t.not(now, before[0])
  t.same(earlier, before)
  t.not(keys.identitiesOfPerson('0816')[0], before[0])
})

t.test('whoever has a token that may not ask is nobody that a person may be', async (t) => {
  const [ofToken = ''] = keys.identitiesOfToken('0815')
  t.ok(isOfToken(ofToken))
  t.notOk(isOfToken(keys.identitiesOfPerson('0815')[0] ?? ''))
  t.notMatch(ofToken, keys.identitiesOfPerson('0815')[0])
})

t.test('a key is 32 bytes in hex, base64 or base64url, and nothing else', async (t) => {
  for (const form of ['hex', 'base64', 'base64url'] as const) t.same(parseTokenKey(OLD.toString(form)), OLD, form)
  t.same(parseTokenKey(OLD.toString('hex').toUpperCase()), OLD)
  t.same(parseTokenKey(OLD.toString('base64').replace('=', '')), OLD)
  for (const wrong of [
    '',
    'secret',
    OLD.toString('hex').slice(2),
    OLD.subarray(1).toString('base64'),
    `${OLD.toString('base64')}A`,
  ]) {
    t.equal(parseTokenKey(wrong), undefined, wrong)
  }
})
