import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { createApiKey } from '../../src/api-keys.ts'
import type { SyncView } from '../../src/model/sync-view.ts'
import { ApiClient } from '../support/callers.ts'
import { aDirectory, anEmulator, aService, environmentFor } from '../support/service.ts'

const [A, B, C] = ['A', 'B', 'C'].map((letter) => `1${letter}-0123456789_abcdefghijklmnopqrstuvwxyzABCD`) as [
  string,
  string,
  string,
]

const SELECT = { sql: 'SELECT * FROM T' }

t.test('a key with a list of spreadsheets has these downloaded and sees nothing of any other', async (t) => {
  const workbooks = [A, B, C].map((id) => ({ id, title: id, tabs: [tabFromRows(0, 'T', [['H'], [1]])] }))
  const emulator = await anEmulator(t, { workbooks })
  const shared = { ...environmentFor(await aDirectory(t)), GOOGLE_API_ROOT_URL: emulator.rootUrl, STATUS_TTL: '1h' }
  const everything = createApiKey('team', ['read', 'write'])
  const first = await aService(t, { ...shared, API_KEYS: everything.entry })
  const unlimited = new ApiClient(first.url, everything.key)
  const syncs: Record<string, SyncView> = {}
  for (const id of [A, B, C]) syncs[id] = await unlimited.sync({ spreadsheet: id })
  const key = { 'idempotency-key': 'nightly' }
  t.equal((await unlimited.send('POST', '/syncs', { spreadsheet: C }, key)).status, 202)
  await first.close()

  // The same owner from now on, for whom two of the three are left; and an administrator of one.
  const some = createApiKey('team', ['read', 'write'], [A, B])
  const boss = createApiKey('boss', ['admin'], [C])
  const { url } = await aService(t, { ...shared, API_KEYS: `${some.entry},${boss.entry}` })
  const expectations = [
    { client: new ApiClient(url, some.key), good: [A, B], bad: [C] },
    { client: new ApiClient(url, boss.key), good: [C], bad: [A, B] },
  ]
  for (const { client, good, bad } of expectations) {
    for (const spreadsheet of bad) {
      const id = syncs[spreadsheet]?.id
      const name = syncs[spreadsheet]?.tabs[0]?.files[0]?.name
      for (const path of ['', '/events', '/files', `/files/${name}`])
        t.equal(await client.status('GET', `/syncs/${id}${path}`), 404, path)
      for (const action of ['cancel', 'retry', 'webhook/redeliver'])
        t.equal(await client.status('POST', `/syncs/${id}/${action}`), 404, action)
      t.equal(await client.status('DELETE', `/syncs/${id}`), 404)
      for (const method of ['GET', 'DELETE'])
        t.equal(await client.status(method, `/spreadsheets/${spreadsheet}`), 404, method)
      for (const path of ['T', 'T/schema', 'T/rows'])
        t.equal(await client.status('GET', `/spreadsheets/${spreadsheet}/tabs/${path}`), 404, path)
      t.equal(await client.status('POST', `/spreadsheets/${spreadsheet}/query`, SELECT), 404)
      t.match(await client.json(`/syncs?spreadsheet=${spreadsheet}`), { syncs: [], nextPageToken: null })
      for (const headers of [{}, key]) {
        const refused = await client.send('POST', '/syncs', { spreadsheet }, headers)
        t.equal(refused.status, 403)
        t.match(await refused.json(), { code: 'SPREADSHEET_NOT_ALLOWED', hint: /API_KEYS/ })
      }
      const asUrl = `https://docs.google.com/spreadsheets/d/${spreadsheet}/edit`
      t.equal(await client.status('POST', '/syncs', { spreadsheet: asUrl }), 403)
    }
    for (const spreadsheet of good) {
      const id = syncs[spreadsheet]?.id
      t.equal(await client.status('GET', `/syncs/${id}`), 200)
      t.equal(await client.status('GET', `/syncs/${id}/files`), 200)
      for (const path of ['T', 'T/schema', 'T/rows'])
        t.equal(await client.status('GET', `/spreadsheets/${spreadsheet}/tabs/${path}`), 200, path)
      t.equal(await client.status('POST', `/spreadsheets/${spreadsheet}/query`, SELECT), 200)
      const page = await client.json<{ syncs: SyncView[] }>(`/syncs?spreadsheet=${spreadsheet}`)
      t.ok(page.syncs.some((sync) => sync.id === id))
    }
    const listed = new Set<string>()
    let token = ''
    do {
      const page = await client.json<{ syncs: SyncView[]; nextPageToken: string | null }>(`/syncs?pageSize=1${token}`)
      for (const { spreadsheet } of page.syncs) listed.add(spreadsheet.id)
      token = page.nextPageToken === null ? '' : `&pageToken=${page.nextPageToken}`
    } while (token !== '')
    t.same([...listed].sort(), good, 'a list shows the same, page by page')
    // The newest sync is of another spreadsheet.
    const { syncs: newest } = await client.json<{ syncs: SyncView[] }>('/syncs?pageSize=1')
    t.equal(newest.length, 1, 'a page is filled with what is shown')
    for (const spreadsheet of bad) {
      t.same(await client.json(`/syncs?pageSize=1&q=${spreadsheet}`), { syncs: [], nextPageToken: null })
    }
    t.match(await client.sync({ spreadsheet: good[0] as string }), { state: 'succeeded' })
  }
})
