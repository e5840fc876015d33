import t from 'tap'
import { ANYONE, type Caller, requireReader } from '../../src/syncs/caller.ts'

const DOMAINS = ['example.com']
const key: Caller = { name: 'web', seesAll: false }

/** The code of the refusal, `allowed` where there is none. */
function answer(caller: Caller, credential: string, actAs: string | null = null, domains = DOMAINS): string {
  try {
    requireReader(caller, { credential, actAs }, domains)
    return 'allowed'
  } catch (error) {
    return (error as { code: string }).code
  }
}

t.test('a key uses the credentials that it names, one that names none uses default alone', async (t) => {
  const cases: [Caller, Record<string, boolean>][] = [
    [key, { default: true, agency: false }],
    [
      { ...key, name: 'boss', seesAll: true },
      { default: true, agency: false },
    ],
    [
      { ...key, credentials: new Set(['agency']) },
      { default: false, agency: true, agenc: false, agency2: false },
    ],
    [
      { ...key, credentials: new Set() },
      { default: false, agency: false },
    ],
    [
      { ...key, credentials: 'all' },
      { default: true, agency: true, whatever: true },
    ],
    [ANYONE, { default: true, agency: true }],
  ]
  for (const [caller, expected] of cases) {
    for (const [credential, may] of Object.entries(expected))
      t.equal(answer(caller, credential), may ? 'allowed' : 'CREDENTIAL_NOT_ALLOWED', credential)
  }
})

t.test('a request with a token of its own needs no credential, but may not name one that is not allowed', async (t) => {
  const own = { ...key, credentials: new Set<string>(), identities: ['an identity'] }
  t.equal(answer(own, 'default'), 'allowed')
  t.equal(answer(own, 'agency'), 'CREDENTIAL_NOT_ALLOWED')
})

t.test('people are acted for by keys with that right, in exactly the domains of the setting', async (t) => {
  const may = { ...key, mayActAs: true }
  t.equal(answer(key, 'default', 'ann@example.com'), 'ACT_AS_NOT_ALLOWED')
  t.equal(answer(may, 'default', 'ann@example.com'), 'allowed')
  t.equal(answer(may, 'default', 'ann@EXAMPLE.com'), 'allowed')
  const others = ['sub.example.com', 'example.com.evil.org', 'notexample.com', 'example.co', 'com', 'example.com.']
  for (const domain of others) t.equal(answer(may, 'default', `ann@${domain}`), 'ACT_AS_NOT_ALLOWED', domain)
  t.equal(answer(may, 'default', 'ann@example.com@evil.org'), 'ACT_AS_NOT_ALLOWED')
  t.equal(answer(may, 'default', 'ann@sub.example.com', ['sub.example.com']), 'allowed')
  t.equal(answer(may, 'default', 'ann@example.com', []), 'ACT_AS_NOT_ALLOWED', 'unset: nobody')
  t.equal(answer(ANYONE, 'default', 'ann@example.com', []), 'ACT_AS_NOT_ALLOWED', 'also without keys')
  t.equal(answer(may, 'agency', 'ann@example.com'), 'CREDENTIAL_NOT_ALLOWED', 'the credential is looked at first')
  const hint = (caller: Caller) => {
    try {
      requireReader(caller, { credential: 'default', actAs: 'ann@other.org' }, DOMAINS)
    } catch (error) {
      return (error as { hint: string }).hint
    }
    return ''
  }
  t.match(hint(may), /GOOGLE_ACT_AS_DOMAINS/)
  t.match(hint(key), /"actAs".*API_KEYS_FILE/)
})
