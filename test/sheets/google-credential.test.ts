import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import t from 'tap'
import { redact } from '../../src/redaction.ts'
import { readCredentialFile } from '../../src/sheets/google-credential.ts'
import { testFolder } from '../support/test-folder.ts'

const pem = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()
const key = {
  type: 'service_account',
  client_email: 'robot@project.iam.gserviceaccount.com',
  private_key: pem,
  token_uri: 'https://oauth2.example/token',
}
const directory = testFolder(t)

async function read(content: string | Uint8Array) {
  await writeFile(`${directory}/canary-path.json`, content)
  return readCredentialFile(`${directory}/canary-path.json`)
}

t.test('a key file is read however an editor, a shell or YAML has written it', async (t) => {
  const json = JSON.stringify(key)
  const files = {
    plain: json,
    'with a byte order mark': `\uFEFF${json}`,
    'in UTF-16, as PowerShell redirects': Buffer.from(`\uFEFF${json}`, 'utf16le'),
    'with a literal backslash-n': JSON.stringify({ ...key, private_key: pem.replaceAll('\n', '\\n') }),
    'with a literal backslash-r backslash-n': JSON.stringify({ ...key, private_key: pem.replaceAll('\n', '\\r\\n') }),
  }
  for (const [how, file] of Object.entries(files)) {
    const { credentials, account, tokenUrl } = await read(file)
    t.equal(credentials.private_key, pem, how)
    t.equal(account, key.client_email)
    t.equal(tokenUrl?.href, key.token_uri)
  }
})

t.test('what is no file, and what has no end, is refused without a wait, whoever names it', async (t) => {
  await writeFile(`${directory}/large`, Buffer.alloc(1_000_001))
  await mkdir(`${directory}/folder`)
  const paths = [`${directory}/large`, `${directory}/folder`]
  if (process.platform !== 'win32') {
    execFileSync('mkfifo', [`${directory}/pipe`])
    paths.push(`${directory}/pipe`, '/dev/zero')
  }
  for (const path of paths) {
    const what = { code: 'GOOGLE_CREDENTIAL_INVALID', message: /is no file|larger than 1 MB|cannot be read \(EISDIR\)/ }
    await t.rejects(readCredentialFile(path), what, path)
  }
})

t.test(
  'a file that is no credential is refused with what is wrong, and neither content nor path is told',
  async (t) => {
    const files: [string, RegExp][] = [
      ['{"private_key":"canary-secret', /is no JSON/],
      ['{"hello":"canary-secret"}', /no "type"/],
      ['{"installed":{"client_secret":"canary-secret"}}', /is an OAuth client/],
      [JSON.stringify({ ...key, private_key: 'canary-secret' }), /"private_key" that is no private key/],
      [JSON.stringify({ ...key, private_key: pem.slice(0, 300) }), /"private_key" that is no private key/],
      [JSON.stringify({ ...key, private_key: undefined }), /no "private_key"/],
      [JSON.stringify({ ...key, client_email: undefined }), /no "client_email"/],
      [JSON.stringify({ ...key, token_uri: 'ftp://canary-secret' }), /"token_uri"/],
    ]
    for (const [file, says] of files) {
      const error = await read(file).catch((thrown: Error) => thrown)
      t.match(error, { code: 'GOOGLE_CREDENTIAL_INVALID', message: says, hint: String }, String(says))
      t.notMatch(JSON.stringify([(error as Error).message, (error as Error).stack]), /canary-secret|canary-path/)
    }
    const absent = await readCredentialFile(`${directory}/canary-absent`).catch((thrown: Error) => thrown)
    t.match(absent, { code: 'GOOGLE_CREDENTIAL_INVALID', message: /ENOENT/, cause: undefined })
    t.notMatch((absent as Error).stack, /canary-absent/)
  },
)

t.test('every kind of credential names the account to share with, where it knows one', async (t) => {
  const url = (account: string) =>
    `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${account}:generateAccessToken`
  const person = {
    type: 'authorized_user',
    client_id: 'x',
    client_secret: 'GOCSPX-hidden1',
    refresh_token: '1//hidden2',
  }
  const kinds: [object, string | undefined][] = [
    [{ ...person, account: 'me@example.com' }, 'me@example.com'],
    [{ ...person, account: '' }, undefined],
    [person, undefined],
    [
      {
        type: 'impersonated_service_account',
        service_account_impersonation_url: url('robot@p.iam.gserviceaccount.com'),
        source_credentials: { ...person, refresh_token: 'hidden-in-depth', account: 'me@example.com' },
      },
      'robot@p.iam.gserviceaccount.com',
    ],
    [
      { type: 'external_account', service_account_impersonation_url: url('pool@p.iam.gserviceaccount.com') },
      'pool@p.iam.gserviceaccount.com',
    ],
    [{ type: 'external_account' }, undefined],
  ]
  for (const [file, account] of kinds) t.equal((await read(JSON.stringify(file))).account, account)
  t.notMatch(redact('echo GOCSPX-hidden1 1//hidden2 hidden-in-depth'), /hidden/, 'what was read is redacted')
  t.notMatch(redact(`echo ${pem.split('\n')[3]}`), /\w{30}/)
})
