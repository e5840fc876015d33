import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import t from 'tap'
import { tabFromRows, type Workbook } from '../emulator/workbook.ts'
import type { SyncView } from '../src/model/sync-view.ts'
import { aDirectory, anEmulator, aService, finished, pollUntil, startSync } from './support/service.ts'
import { testFolder } from './support/test-folder.ts'

const ID = '1Failures-0123456789_abcdefghijklmnopqrstuvw'
const workbook: Workbook = { id: ID, title: 'Failing', tabs: [tabFromRows(0, 'Orders', [['A'], [1]])] }

/** A sync that is to fail: the same code and hint must stand on the wire and in the file. */
async function failing(
  t: Parameters<typeof aService>[0],
  environment: Record<string, string>,
  body: object = {},
): Promise<SyncView> {
  const { url, directory } = await aService(t, environment)
  const { id } = await startSync(url, { spreadsheet: ID, ...body })
  const sync = await pollUntil(url, id, finished)
  const stored = JSON.parse(await readFile(`${directory}/sync-status/${id}.json`, 'utf8')) as SyncView
  t.equal(sync.state, 'failed')
  t.same(stored.error, sync.error, 'the file says what the wire says')
  t.equal((await fetch(`${url}/syncs/${id}/files`)).status, 409, 'nothing is published')
  return sync
}

t.test('a spreadsheet that is not shared fails at once and names the account to share it with', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [workbook], requireAuth: true })
  emulator.setAccess(ID, 'forbidden')
  const key = emulator.serviceAccountKey()
  const path = `${await aDirectory(t)}/key.json`
  await writeFile(path, JSON.stringify(key))
  const { error } = await failing(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, GOOGLE_APPLICATION_CREDENTIALS: path })
  t.match(error, { code: 'SHEET_FORBIDDEN', status: 403 })
  t.match(error?.hint, new RegExp(`${key.client_email}.*Viewer`))
  t.notMatch(JSON.stringify(error), /PRIVATE KEY/)
})

t.test('without an account a spreadsheet that is not public fails with what to do', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [workbook] })
  emulator.setAccess(ID, 'forbidden')
  const { error, progress } = await failing(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, GOOGLE_API_KEY: 'canary-key' })
  t.match(error, { code: 'SHEET_FORBIDDEN', status: 403, hint: /anyone with the link/i })
  t.notMatch(JSON.stringify(error), /canary-key/)
  t.ok(progress.apiCalls <= 2, 'it is not tried again')
})

t.test("a restricted key fails with Google's reason and a hint about the key, and nothing about sharing", async (t) => {
  const emulator = await anEmulator(t, { workbooks: [workbook] })
  const details = [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'API_KEY_HTTP_REFERRER_BLOCKED',
      domain: 'googleapis.com',
    },
  ]
  const message = 'Requests from referer <empty> are blocked.'
  const body = JSON.stringify({ error: { code: 403, status: 'PERMISSION_DENIED', message, details } })
  emulator.fail({ on: { kind: 'spreadsheets.get' }, do: { status: 403, body } })
  const { error } = await failing(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, GOOGLE_API_KEY: 'canary-key' })
  t.match(error, { code: 'GOOGLE_CREDENTIAL_RESTRICTED', status: 403, retryable: false, hint: /API key.*credentials/ })
  t.match(error?.detail, /API_KEY_HTTP_REFERRER_BLOCKED.*Requests from referer <empty> are blocked/)
  t.notMatch(JSON.stringify(error), /shar(?:e|ing)|canary-key/i)
})

t.test('a refused grant fails with what the token endpoint says, and a hint about the clock', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [workbook], requireAuth: true })
  const path = `${await aDirectory(t)}/key.json`
  await writeFile(path, JSON.stringify(emulator.serviceAccountKey()))
  const error_description = 'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.'
  const body = JSON.stringify({ error: 'invalid_grant', error_description })
  emulator.fail({ on: { kind: 'token', times: 'always' }, do: { status: 400, body } })
  const { error } = await failing(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, GOOGLE_APPLICATION_CREDENTIALS: path })
  t.match(error, { code: 'GOOGLE_CREDENTIAL_INVALID', hint: /clock/ })
  t.ok(error?.detail.includes(error_description))
})

t.test('a key file with a byte order mark and line breaks written out signs in', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [workbook], requireAuth: true })
  const path = `${await aDirectory(t)}/key.json`
  const key = emulator.serviceAccountKey()
  const file = { ...key, private_key: key.private_key?.replaceAll('\n', '\\n') }
  await writeFile(path, `\uFEFF${JSON.stringify(file)}`)
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, GOOGLE_APPLICATION_CREDENTIALS: path })
  const { id } = await startSync(url, { spreadsheet: ID })
  t.match(await pollUntil(url, id, finished), { state: 'succeeded' })
})

t.test('a spreadsheet that is not there fails at once and says id or sharing', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [] })
  const { error } = await failing(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  t.match(error, { code: 'SHEET_NOT_FOUND', status: 404, hint: /id.*share/i })
})

t.test('an Office file fails at once and says what to do with it', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [workbook] })
  emulator.setAccess(ID, 'xlsx')
  const { error } = await failing(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  t.match(error, { code: 'SHEET_NOT_GOOGLE', hint: /Save as Google Sheets/ })
})

t.test('a tab or a range that is not there fails at once, names the field, and says what there is', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [workbook] })
  const environment = { GOOGLE_API_ROOT_URL: emulator.rootUrl }
  const { error } = await failing(t, environment, { tabs: ['Orders', 'Nope'] })
  t.match(error, { code: 'TAB_NOT_FOUND', status: 404, errors: [{ field: 'tabs[1]', hint: /Orders/ }] })
  const other = await failing(t, environment, { ranges: ['Orders!A1:A2', 'Nope!A1'] })
  t.match(other.error, { code: 'RANGE_NOT_FOUND', errors: [{ field: 'ranges[1]' }] })
})

t.test('a Google that cannot be reached fails the sync with the setting to look at', async (t) => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  const port = typeof address === 'object' ? address?.port : undefined
  // The deadline stands in for the minutes that a network gets to come back.
  const { error } = await failing(t, { GOOGLE_API_ROOT_URL: `http://127.0.0.1:${port}/`, SYNC_DEADLINE: '3s' })
  t.match(error, { code: /GOOGLE_UNREACHABLE|SYNC_DEADLINE_EXCEEDED/, hint: String })
})

t.test(
  'a credential file that is missing or broken fails the sync with the setting to look at, and shows none of it',
  async (t) => {
    const directory = testFolder(t, {
      'broken.json': '{"private_key":"canary-secret',
      'other.json': '{"hello":"canary-secret"}',
    })
    for (const name of ['absent.json', 'broken.json', 'other.json']) {
      const emulator = await anEmulator(t, { workbooks: [workbook], requireAuth: true })
      await t.test(name, async (t) => {
        const { error } = await failing(t, {
          GOOGLE_API_ROOT_URL: emulator.rootUrl,
          GOOGLE_APPLICATION_CREDENTIALS: `${directory}/${name}`,
        })
        t.match(error, { code: 'GOOGLE_CREDENTIAL_INVALID', hint: /GOOGLE_APPLICATION_CREDENTIALS/ })
        t.notMatch(JSON.stringify(error), /canary-secret/)
      })
    }
  },
)

t.test('a credential that Google knows opens the spreadsheet', async (t) => {
  const emulator = await anEmulator(t, { workbooks: [workbook], requireAuth: true })
  const directory = testFolder(t, { 'credential.json': JSON.stringify(emulator.userCredentials()) })
  await t.test('with it', async (t) => {
    const { url } = await aService(t, {
      GOOGLE_API_ROOT_URL: emulator.rootUrl,
      GOOGLE_APPLICATION_CREDENTIALS: `${directory}/credential.json`,
    })
    const { id } = await startSync(url, { spreadsheet: ID })
    t.match(await pollUntil(url, id, finished), { state: 'succeeded' })
  })
  await t.test('without one', async (t) => {
    const { error } = await failing(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
    t.match(error, { code: /GOOGLE_CREDENTIAL_(?:MISSING|INVALID)/, hint: /GOOGLE_/ })
  })
})
