import { join } from 'node:path'
import { google } from 'googleapis'
import t from 'tap'
import { date, tabFromRows } from '../../emulator/workbook.ts'
import { testFolder } from '../support/test-folder.ts'
import { SCOPES, serviceAccount, start } from './support.ts'

const workbook = {
  id: 'book',
  title: 'Book',
  tabs: [
    tabFromRows(0, "It's 1", [
      ['a', 1],
      ['b', date('2024-01-31')],
    ]),
  ],
}

t.test('Google’s own client signs in with a service account and reads everything', async (t) => {
  const emulator = await start(t, { workbooks: [workbook], requireAuth: true, gzip: true })
  const auth = serviceAccount(emulator.serviceAccountKey())
  const sheets = google.sheets({ version: 'v4', auth, rootUrl: emulator.rootUrl })
  const drive = google.drive({ version: 'v3', auth, rootUrl: emulator.rootUrl })
  const spreadsheetId = 'book'
  const { data } = await sheets.spreadsheets.get({ spreadsheetId, fields: 'properties.title,sheets.properties' })
  t.match(data, { properties: { title: 'Book' }, sheets: [{ properties: { title: "It's 1" } }] })
  const one = await sheets.spreadsheets.values.get({
    spreadsheetId,
    range: "'It''s 1'!A1:B2",
    valueRenderOption: 'UNFORMATTED_VALUE',
  })
  t.same(one.data.values, [
    ['a', 1],
    ['b', 45_322],
  ])
  const batch = await sheets.spreadsheets.values.batchGet({ spreadsheetId, ranges: ["'It''s 1'!A:A", "'It''s 1'!B:B"] })
  t.same(
    batch.data.valueRanges?.map(({ values }) => values),
    [
      [['a'], ['b']],
      [['1'], ['2024-01-31']],
    ],
  )
  const file = await drive.files.get({ fileId: spreadsheetId, fields: 'version', supportsAllDrives: true })
  t.equal(file.data.version, '1')
  t.equal(emulator.count('token'), 1, 'one token serves all calls')
  t.ok(emulator.calls.slice(1).every(({ authorization, status }) => authorization && status === 200))
})

t.test('Google’s own client signs in with the user credentials as a file, unaided', async (t) => {
  const emulator = await start(t, { workbooks: [workbook], requireAuth: true })
  const folder = testFolder(t, { 'credentials.json': JSON.stringify(emulator.userCredentials()) })
  const auth = new google.auth.GoogleAuth({ keyFile: join(folder, 'credentials.json'), scopes: SCOPES })
  const sheets = google.sheets({ version: 'v4', auth, rootUrl: emulator.rootUrl })
  const { data } = await sheets.spreadsheets.values.get({ spreadsheetId: 'book', range: "'It''s 1'" })
  t.same(data.values, [
    ['a', '1'],
    ['b', '2024-01-31'],
  ])
  t.equal(emulator.count('token'), 1)
})

t.test('without a credential the API asks for one; any key will do', async (t) => {
  const emulator = await start(t, { workbooks: [workbook], requireAuth: true })
  const bare = google.sheets({ version: 'v4', rootUrl: emulator.rootUrl, retry: false })
  await t.rejects(bare.spreadsheets.get({ spreadsheetId: 'book' }), { status: 403, message: /unregistered callers/ })
  const keyed = google.sheets({ version: 'v4', auth: 'any-key', rootUrl: emulator.rootUrl })
  t.equal((await keyed.spreadsheets.get({ spreadsheetId: 'book' })).status, 200)
  const headers = { authorization: 'Bearer stranger' }
  t.equal((await fetch(`${emulator.rootUrl}v4/spreadsheets/book`, { headers })).status, 401)
})

t.test('a key of another service account gets no token', async (t) => {
  const emulator = await start(t, { workbooks: [workbook] })
  const key = { ...emulator.serviceAccountKey() }
  const forged = serviceAccount({ ...key, private_key: emulator.serviceAccountKey('another').private_key ?? '' })
  await t.rejects(forged.getAccessToken(), /invalid_grant: Invalid JWT Signature/)
  const stranger = serviceAccount({ ...key, client_email: 'x@y.iam.gserviceaccount.com' })
  await t.rejects(stranger.getAccessToken(), /invalid_grant: Invalid grant: account not found/)
  const form = (fields: Record<string, string>) =>
    fetch(emulator.tokenUrl, { method: 'POST', body: new URLSearchParams(fields) })
  t.equal((await form({ grant_type: 'password' })).status, 400)
  t.equal((await form({ grant_type: 'refresh_token' })).status, 400)
  t.equal((await form({ grant_type: 'refresh_token', refresh_token: 'any' })).status, 200)
})

t.test('a token runs out', async (t) => {
  let now = 0
  const emulator = await start(t, { workbooks: [workbook], requireAuth: true, now: () => now })
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'any' })
  const granted = (await (await fetch(emulator.tokenUrl, { method: 'POST', body })).json()) as { access_token: string }
  const read = () =>
    fetch(`${emulator.rootUrl}v4/spreadsheets/book`, { headers: { authorization: `Bearer ${granted.access_token}` } })
  t.equal((await read()).status, 200)
  now += 3_600_000
  t.equal((await read()).status, 401)
})
