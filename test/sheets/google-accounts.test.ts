import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import type { AppError } from '../../src/errors.ts'
import type { Reader } from '../../src/model/reader.ts'
import { CallFault } from '../../src/sheets/call-fault.ts'
import { GoogleAccounts } from '../../src/sheets/google-accounts.ts'
import { GoogleCredentials } from '../../src/sheets/google-credentials.ts'
import { LeapingClock } from '../jobs/downloads.ts'
import { aDirectory, anEmulator } from '../support/service.ts'

const ANN = 'ann@example.com'
const BEN = 'ben@example.com'
const tabs = [tabFromRows(0, 'One', [['a']])]
const workbooks = ['everybody', 'private'].map((id) => ({ id, title: id, tabs }))

/** Google's own client of an emulator that wants tokens; `files` make the folder of credentials. */
async function opened(t: Test, { rootUrl }: { rootUrl?: string } = {}) {
  const emulator = await anEmulator(t, { workbooks, requireAuth: true })
  const folder = await aDirectory(t)
  const keys = {
    agency: emulator.serviceAccountKey('agency', 'project-a'),
    branch: emulator.serviceAccountKey('branch', 'project-a'),
  }
  for (const [name, key] of Object.entries(keys)) await writeFile(join(folder, `${name}.json`), JSON.stringify(key))
  await writeFile(join(folder, 'person.json'), JSON.stringify(emulator.userCredentials(ANN)))
  const clock = new LeapingClock()
  const credentials = new GoogleCredentials({ folder, clock })
  const accounts = new GoogleAccounts({ credentials, rootUrl: rootUrl ?? emulator.rootUrl, clock })
  /** What one call for the description of a spreadsheet comes to. */
  const read = async (reader: Reader, id = 'everybody') => {
    const { api } = await accounts.open(reader)
    const call = { signal: new AbortController().signal, timeoutMs: 5000, onSend() {} }
    return api.describe(id, call).then(
      ({ title }) => title,
      (error: unknown) => error,
    )
  }
  const health = async (name: string) => (await credentials.list((one) => one === name))[0]
  return { emulator, folder, keys, clock, accounts, credentials, read, health }
}
const as = (credential: string, actAs: string | null = null) => ({ credential, actAs })

t.test('each credential and person has a client and a token of its own, and the name of each is told', async (t) => {
  const { emulator, accounts, read } = await opened(t)
  emulator.delegate('agency', { domains: ['example.com'] })
  const readers = [as('agency'), as('branch'), as('agency', ANN), as('agency', BEN)]
  for (const reader of readers) for (let n = 0; n < 2; n++) t.equal(await read(reader), 'everybody')
  t.equal(emulator.count('token'), 4)
  const told = await Promise.all(readers.map(async (reader) => (await accounts.open(reader)).account))
  t.strictSame(
    told.map(({ name, project }) => [name, project]),
    [
      ['agency', 'project-a'],
      ['branch', 'project-a'],
      [`agency as ${ANN}`, 'project-a'],
      [`agency as ${BEN}`, 'project-a'],
    ],
  )
})

t.test('a person that the account may not act for is refused with what an administrator has to grant', async (t) => {
  const { emulator, keys, read, health } = await opened(t)
  const refused = (await read(as('agency', ANN))) as AppError
  t.match(refused, {
    code: 'GOOGLE_CREDENTIAL_INVALID',
    message:
      /^Google does not accept the credential agency for ann@example\.com: sign-in answered with 401 unauthorized_client/,
  })
  for (const part of [
    `the client id ${keys.agency.client_id} `,
    'https://www.googleapis.com/auth/spreadsheets.readonly,https://www.googleapis.com/auth/drive.metadata.readonly',
    'https://admin.google.com (Security > ',
    'API controls > Domain-wide delegation',
  ]) {
    t.ok(refused.hint?.includes(part), part)
  }
  t.match(await health('agency'), { health: 'failing', error: { detail: /for a person/ } })
  t.notMatch(JSON.stringify(await health('agency')), ANN)
  emulator.delegate('agency', { domains: ['example.com'], users: [BEN] })
  t.match(await read(as('agency', ANN)), {
    message: /Invalid email or User ID/,
    hint: /Check "actAs": .*ann@example\.com/,
  })
  t.equal(await read(as('agency', BEN)), 'everybody')
  emulator.delegate('agency', { domains: ['example.com'], scopes: ['https://www.googleapis.com/auth/gmail.readonly'] })
  t.match(await read(as('agency', ANN)), { hint: new RegExp(`client id ${keys.agency.client_id} the scopes`) })
  t.match(await read(as('person', BEN)), {
    code: 'GOOGLE_CREDENTIAL_INVALID',
    message: /The credential person cannot act for ben@example\.com: only the key of a service account can/,
  })
})

t.test('whom to share with is told by who reads', async (t) => {
  const { emulator, keys, read, health } = await opened(t)
  emulator.delegate('agency', { domains: ['example.com'] })
  emulator.share('private', [BEN])
  const forbidden = (hint: string) => ({
    code: 'SHEET_FORBIDDEN',
    hint: new RegExp(`^Share the spreadsheet with ${hint} as Viewer`),
  })
  t.match(await read(as('agency'), 'private'), forbidden(keys.agency.client_email ?? ''))
  t.match(await read(as('branch'), 'private'), forbidden(keys.branch.client_email ?? ''))
  t.match(await read(as('agency', ANN), 'private'), forbidden(ANN))
  t.equal(await read(as('agency', BEN), 'private'), 'private')
  const { access_token: token } = emulator.userToken({ email: ANN })
  const refused = await read({ token, identity: 'f'.repeat(64) }, 'private')
  t.match(refused, { code: 'SHEET_FORBIDDEN', hint: /user whose token reads it must have access/ })
  t.notMatch(JSON.stringify([refused, String(refused)]), /ann@|gserviceaccount|ya29/)
  t.match(await health('branch'), { health: 'ok' }, 'what a file is refused for says nothing of the key')
})

t.test("a user's own token is used as it stands, and its end is told as such and is no fault", async (t) => {
  const { emulator, accounts, read } = await opened(t)
  const { access_token: token } = emulator.userToken({ email: ANN, expiresAfterCalls: 1 })
  const reader = { token, identity: '0123456789abcdef0123' }
  t.strictSame((await accounts.open(reader)).account, { name: 'token 0123456789abcdef', project: 'tokens' })
  t.equal(await read(reader), 'everybody')
  const ended = (await read(reader)) as AppError
  t.notOk(ended instanceof CallFault)
  t.match(ended, { code: 'GOOGLE_TOKEN_EXPIRED', retryable: true, status: 401, hint: /X-Google-Access-Token/ })
  t.notMatch(`${ended.stack} ${JSON.stringify(ended)}`, token)
  t.equal(emulator.count('spreadsheets.get'), 2, 'nothing is made again')
  t.equal(emulator.count('token'), 0, 'nothing is refreshed')
  const scopes = ['https://www.googleapis.com/auth/drive.metadata.readonly']
  const { access_token: narrow } = emulator.userToken({ email: ANN, scopes })
  t.match(await read({ token: narrow, identity: 'x' }), {
    message: /does not accept the user's token \(ACCESS_TOKEN_SCOPE_INSUFFICIENT\)/,
    hint: /scopes https:\/\/www\.googleapis\.com\/auth\/spreadsheets\.readonly/,
  })
  // Of a form that gives nothing away.
  const odd = 'canary-token'
  const body = JSON.stringify({ error: { message: `no ${odd}` } })
  emulator.fail({ on: { kind: 'spreadsheets.get' }, do: { status: 400, body } })
  const echoed = String(await read({ token: odd, identity: 'x' }))
  t.match(echoed, /It says: no \[redacted\]/)
  t.notMatch(echoed, odd, 'what repeats it is redacted')
})

t.test('a key that was replaced on disk signs in anew, and one that is gone is told as such', async (t) => {
  const { emulator, folder, clock, read, accounts, health } = await opened(t)
  t.equal(await read(as('agency')), 'everybody')
  emulator.share('everybody', [emulator.serviceAccountKey('second').client_email ?? ''])
  t.match(await read(as('agency')), { code: 'SHEET_FORBIDDEN' })
  await writeFile(join(folder, 'agency.json'), JSON.stringify(emulator.serviceAccountKey('second')))
  await clock.sleep(1000)
  t.equal(await read(as('agency')), 'everybody')
  t.equal((await accounts.open(as('agency'))).account.project, 'sheetsync-demo')
  await rm(join(folder, 'agency.json'))
  await clock.sleep(1000)
  await t.rejects(read(as('agency')), { code: 'CREDENTIAL_UNKNOWN', message: 'There is no credential agency.' })
  t.equal(await health('agency'), undefined)
  t.match(await read(as('default')), { code: /GOOGLE_CREDENTIAL_\w+/ })
})

t.test('clients are bounded in number: those used least lately are made anew', async (t) => {
  const { emulator, accounts, read } = await opened(t)
  emulator.delegate('agency', { domains: ['example.com'] })
  const first = await accounts.open(as('agency', ANN))
  for (let n = 0; n < 150; n++) await accounts.open(as('agency', `p${n}@example.com`))
  t.equal(await accounts.open(as('agency', ANN)), first)
  for (let n = 0; n < 200; n++) await accounts.open({ token: `token-${n}`, identity: 'x' })
  t.not(await accounts.open(as('agency', ANN)), first)
  t.equal(await read(as('agency', ANN)), 'everybody')
})
