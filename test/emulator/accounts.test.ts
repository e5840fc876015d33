import { drive as driveClient } from 'googleapis/build/src/apis/drive/index.js'
import { sheets as sheetsClient } from 'googleapis/build/src/apis/sheets/index.js'
import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { bearer, control, get, SCOPES, serviceAccount, start, values } from './support.ts'

const workbooks = [{ id: 'book', title: 'Book', tabs: [tabFromRows(0, 'One', [['a']])] }]
const AGENCY = 'agency@agency-project.iam.gserviceaccount.com'
const UNAUTHORIZED = {
  status: 401,
  error: 'unauthorized_client',
  error_description:
    'Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the ' +
    'scopes requested.',
}
const NOBODY = { status: 400, error: 'invalid_grant', error_description: 'Invalid email or User ID' }

/** How a sign-in is refused: the status and the body of the token endpoint. */
async function refusal(auth: ReturnType<typeof serviceAccount>): Promise<object> {
  const error = await auth.getAccessToken().then(
    () => undefined,
    (reason: { response: { status: number; data: object } }) => reason,
  )
  return error === undefined ? {} : { status: error.response.status, ...error.response.data }
}

t.test('each service account has a key, an e-mail and a project of its own, the same at every call', async (t) => {
  const emulator = await start(t)
  const demo = emulator.serviceAccountKey()
  const agency = emulator.serviceAccountKey('agency', 'agency-project')
  t.match(demo, { client_email: 'demo@sheetsync-demo.iam.gserviceaccount.com', project_id: 'sheetsync-demo' })
  t.match(agency, { client_email: AGENCY, project_id: 'agency-project', client_id: /^\d{21}$/ })
  for (const member of ['private_key', 'client_id', 'private_key_id']) t.not(demo[member], agency[member], member)
  t.strictSame(emulator.serviceAccountKey('agency', 'agency-project'), agency)
  t.strictSame(
    (await get(emulator, 'emulator/service-account', { name: 'agency', project: 'agency-project' })).body,
    agency,
  )
  t.equal(emulator.serviceAccountKey('other').project_id, 'sheetsync-demo')
  t.throws(() => emulator.serviceAccountKey('Agency of mine'), RangeError)
})

t.test('calls tell which account made them, and for which project', async (t) => {
  const emulator = await start(t, { workbooks, requireAuth: true })
  for (const key of [emulator.serviceAccountKey(), emulator.serviceAccountKey('agency', 'agency-project')]) {
    const sheets = sheetsClient({ version: 'v4', auth: serviceAccount(key), rootUrl: emulator.rootUrl })
    await sheets.spreadsheets.get({ spreadsheetId: 'book' })
  }
  await get(emulator, 'v4/spreadsheets/book', { key: 'any' })
  const { body } = await get(emulator, 'emulator/calls')
  t.same(
    (body as { kind: string; account: string; project: string }[]).map(({ kind, account }) => [kind, account]),
    [
      ['token', 'demo@sheetsync-demo.iam.gserviceaccount.com'],
      ['spreadsheets.get', 'demo@sheetsync-demo.iam.gserviceaccount.com'],
      ['token', AGENCY],
      ['spreadsheets.get', AGENCY],
      ['spreadsheets.get', null],
    ],
  )
  t.same(
    emulator.calls.map(({ project }) => project),
    [null, 'sheetsync-demo', null, 'agency-project', null],
  )
})

t.test('an account’s name with the key of another is refused', async (t) => {
  const emulator = await start(t)
  const agency = emulator.serviceAccountKey('agency', 'agency-project')
  const forged = serviceAccount({ ...emulator.serviceAccountKey(), client_email: agency.client_email ?? '' })
  await t.rejects(forged.getAccessToken(), /invalid_grant: Invalid JWT Signature/)
})

t.test('an account acts as a user only where the domain and each of the scopes were granted', async (t) => {
  const emulator = await start(t, { workbooks, requireAuth: true })
  const key = emulator.serviceAccountKey('agency', 'agency-project')
  const asAnn = (scopes?: readonly string[]) => serviceAccount(key, 'Ann@Example.com', scopes)
  t.strictSame(await refusal(asAnn()), UNAUTHORIZED, 'nothing was granted')

  emulator.delegate('agency', { domains: ['example.com'], scopes: SCOPES })
  const drive = driveClient({ version: 'v3', auth: asAnn(), rootUrl: emulator.rootUrl })
  t.match((await drive.about.get({ fields: 'user(emailAddress)' })).data, { user: { emailAddress: 'ann@example.com' } })
  t.match(emulator.calls.at(-1), { account: 'ann@example.com', project: 'agency-project' })

  t.strictSame(await refusal(serviceAccount(key, 'ann@elsewhere.com')), UNAUTHORIZED, 'another domain')
  t.strictSame(await refusal(serviceAccount(key, 'ann@sub.example.com')), UNAUTHORIZED, 'a domain below it')
  t.strictSame(await refusal(asAnn([...SCOPES, 'https://www.googleapis.com/auth/drive'])), UNAUTHORIZED)
  const demo = serviceAccount(emulator.serviceAccountKey(), 'ann@example.com')
  t.strictSame(await refusal(demo), UNAUTHORIZED, 'another account')

  emulator.delegate(AGENCY, { domains: [] })
  t.strictSame(await refusal(asAnn()), UNAUTHORIZED, 'taken back')
  t.ok((await serviceAccount(key).getAccessToken()).token, 'as itself it needs no grant')
})

t.test('a user who is not there is refused in Google’s words', async (t) => {
  const emulator = await start(t)
  const key = emulator.serviceAccountKey('agency', 'agency-project')
  emulator.delegate(key.client_id ?? '', { domains: ['example.com'], users: ['ann@example.com'] })
  t.strictSame(await refusal(serviceAccount(key, 'bob@example.com')), NOBODY)
  t.strictSame(await refusal(serviceAccount(key, 'nobody')), NOBODY)
  t.ok((await serviceAccount(key, 'ann@example.com').getAccessToken()).token)
})

t.test('another process can grant delegation', async (t) => {
  const emulator = await start(t)
  const key = emulator.serviceAccountKey('agency', 'agency-project')
  t.equal((await control(emulator, 'delegation', { account: AGENCY, domains: ['example.com'] })).status, 200)
  t.ok((await serviceAccount(key, 'ann@example.com').getAccessToken()).token)
  t.equal((await control(emulator, 'delegation', { account: 'nobody', domains: [] })).status, 400)
  t.equal((await control(emulator, 'delegation', { account: AGENCY })).status, 400)
})

t.test('credentials of a user name that user', async (t) => {
  const emulator = await start(t, { workbooks })
  const { body: named } = await get(emulator, 'emulator/user-credentials', { email: 'ann@example.com' })
  for (const [credentials, email] of [
    [named as Record<string, string>, 'ann@example.com'],
    [emulator.userCredentials(), 'demo-user@example.com'],
  ] as const) {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: credentials.refresh_token ?? '',
    })
    const answer = await fetch(emulator.tokenUrl, { method: 'POST', body: form })
    const { access_token } = (await answer.json()) as { access_token: string }
    await get(emulator, 'v4/spreadsheets/book', {}, bearer(access_token))
    t.equal(emulator.calls.at(-1)?.account, email)
  }
  t.equal((await values(emulator, 'book', 'One')).status, 200)
})
