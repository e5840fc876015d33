import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { REDACTED, redact, rememberSecrets } from '../src/redaction.ts'

const API_KEY = 'AIzaSyA0000000000000000000000000000000x'
const TOKEN = 'ya29.a0AfB_byC-d.eF'
const pem = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()
const base64 = (text: string) => Buffer.from(text).toString('base64')

t.test('what only a credential looks like goes, and the words around it stay', async (t) => {
  const samples = {
    [`Consumer 'api_key:${API_KEY}' has been suspended.`]: `Consumer 'api_key:${REDACTED}' has been suspended.`,
    [`key "${TOKEN}" is over`]: `key "${REDACTED}" is over`,
    'Bearer abc.def, x': `Bearer ${REDACTED}, x`,
    'GET /v4?a=1&key=abc&b=2': `GET /v4?a=1&key=${REDACTED}&b=2`,
    'redis://user:p%40ss@host:6379/0': `redis://user:${REDACTED}@host:6379/0`,
    'redis://:p@ss@host': `redis://:${REDACTED}@host`,
    [`refused: ${pem}!`]: `refused: ${REDACTED}\n!`,
    [JSON.stringify({ key: pem, more: 1 })]: JSON.stringify({ key: `${REDACTED}\n`, more: 1 }),
    [`cut ${pem.slice(0, 200)}`]: `cut ${REDACTED}`,
  }
  for (const [text, clean] of Object.entries(samples)) t.equal(redact(text), clean, text)
})

t.test('base64 of a credential goes too, wherever it begins and however it is wrapped', async (t) => {
  const wrapped = base64(pem).replaceAll(/.{76}(?=.)/g, '$&\n')
  for (const secret of [API_KEY, `key=${API_KEY}`, `x ${TOKEN}`, pem, JSON.stringify({ private_key: pem })]) {
    for (const before of ['', ' ', 'a/', 'ab/', 'abc/']) {
      t.equal(
        redact(`${before}${base64(secret)} stays`).replace(/=+(?= )/, ''),
        `${before}${REDACTED} stays`.replace(/^\w+\//, ''),
      )
    }
  }
  t.equal(redact(`${wrapped}`).replace(/=+$/, ''), REDACTED)
  t.equal(redact(JSON.stringify({ wrapped })).replace(/=+/, ''), JSON.stringify({ wrapped: REDACTED }))
})

t.test('what is remembered goes by its literal value, in every form it may come back in', async (t) => {
  const odd = 'p"a\\s/s & more'
  rememberSecrets([odd, 'hunter2', undefined, pem, 'abc'])
  for (const form of [odd, JSON.stringify(odd), encodeURIComponent(odd), base64(odd), base64(`user:${odd}`)]) {
    t.notMatch(redact(`before ${form} after`), form.replaceAll('"', ''), form)
    t.match(redact(`before ${form} after`), /^before .*\[redacted\].* after$/)
  }
  t.equal(redact('no hunter2 here, abc'), `no ${REDACTED} here, abc`, 'what is too short to be told from a word stays')
  const body = pem.split('\n').slice(1, -2).join('')
  t.notMatch(redact(body), /[\w+/]{20}/, 'a private key without its armour')
})

t.test('what a source holds no more is forgotten, and what others hold is not', async (t) => {
  const [one, two, kept] = ['1', '2', '3'].map((digit) => digit.repeat(64)) as [string, string, string]
  rememberSecrets([kept])
  rememberSecrets([one], 'a file')
  t.equal(redact(`${one} ${kept}`), `${REDACTED} ${REDACTED}`)
  rememberSecrets([two], 'a file')
  t.equal(redact(`${one} ${two} ${kept}`), `${one} ${REDACTED} ${REDACTED}`)
})

t.test('a line of JSON stays JSON without the credentials that stand between its escapes', async (t) => {
  const jwt = `${base64('{"alg":"RS256"}')}.${base64('{"iss":"somebody"}')}.c2lnbmF0dXJl`.replaceAll('=', '')
  const secrets = [API_KEY, TOKEN, jwt, pem.slice(0, 300), base64(API_KEY), 'GOCSPX-0123456789abcdef']
  secrets.push(
    'AQ.0123456789abcdefghijklm',
    '1//0123456789abcdefghijklm',
    'ssk_0123456789abcdef',
    'whsec_MDEyMzQ1Njc4OQ',
  )
  const texts = [
    ...secrets.flatMap((secret) => [`a "${secret}" b`, `a\n${secret}\nb`, `a\t${secret}\\b`, `"${secret}"\r\n`]),
    'it said "Bearer abc.def" once',
    'GET "/v4?key=abc.def"',
    'at "redis://user:abc.def@host"',
  ]
  for (const text of texts) {
    for (const line of [JSON.stringify({ text }), JSON.stringify({ text: JSON.stringify({ text }) })]) {
      const clean = redact(line)
      t.doesNotThrow(() => JSON.parse(clean), clean)
      for (const secret of [...secrets, 'abc.def']) t.notOk(clean.includes(secret), `${secret} in ${clean}`)
      t.match(clean, REDACTED)
    }
  }
})

t.test('what is no credential stays as it is', async (t) => {
  const texts = [
    'The caller does not have permission',
    'ENOENT: no such file or directory, open /var/lib/sheetsync/sync-status/sync-019a.json',
    '{"level":30,"syncId":"sync-019abcde-0000-7000-8000-000000000000","msg":"sync succeeded"}',
    'https://console.developers.google.com/apis/api/sheets.googleapis.com/overview?project=123456789012',
    '1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms',
    'sheetsync-demo@sheetsync-demo.iam.gserviceaccount.com',
    '2026-01-01T00:00:00.000Z',
  ]
  for (const text of texts) t.equal(redact(text), text)
})
