import t from 'tap'
import { createClient, type Sync } from '../../client/src/index.ts'
import { SAMPLE_SPREADSHEET_ID } from '../../src/model/sync-request.ts'
import { anEmulator, aService, ROOT } from '../support/service.ts'

const WORKBOOKS = { folder: `${ROOT}emulator/workbooks` }

t.test('a sync is started, followed and read in each format', async (t) => {
  const emulator = await anEmulator(t, { ...WORKBOOKS, latency: { baseMs: 50 } })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const paths: string[] = []
  const client = createClient({
    baseUrl: `${url}/`,
    fetch: (input, init) => {
      paths.push(new URL(input instanceof Request ? input.url : String(input)).pathname)
      return fetch(input, init)
    },
  })
  const { id } = await client.startSync({ spreadsheet: SAMPLE_SPREADSHEET_ID, formats: ['json', 'ndjson', 'csv'] })
  const seen: Sync[] = []
  const sync = await client.waitForSync(id, { onProgress: (progress) => seen.push(progress) })
  t.equal(sync.state, 'succeeded')
  t.same(seen.at(-1), sync)
  t.same(
    seen.map(({ revision }) => revision),
    seen.map(({ revision }) => revision).sort((one, other) => one - other),
  )
  t.equal(paths.filter((path) => path === `/syncs/${id}`).length, 1, 'the stream told the rest')
  t.ok(paths.includes(`/syncs/${id}/events`))

  const { title, gid } = sync.tabs[0] ?? { title: '', gid: -1 }
  const rows = await client.readTab<Record<string, string>>(SAMPLE_SPREADSHEET_ID, `gid:${gid}`)
  t.ok(rows.length > 0)
  const lines: Record<string, string>[] = []
  const streamed = await client.readTab<Record<string, string>>(SAMPLE_SPREADSHEET_ID, title, { format: 'ndjson' })
  for await (const row of streamed) lines.push(row)
  t.same(lines, rows, 'NDJSON holds the same rows')
  const csv = await client.readTab(SAMPLE_SPREADSHEET_ID, title, { format: 'csv' })
  t.ok(csv.startsWith(Object.keys(rows[0] ?? {})[0] ?? '?'))

  const files = await client.listFiles(id)
  t.same(files.map(({ name }) => name).sort(), sync.tabs.flatMap((tab) => tab.files.map(({ name }) => name)).sort())
  const file = await client.openFile(id, files[0]?.name ?? '')
  t.equal((await file.arrayBuffer()).byteLength, files[0]?.bytes)
  t.equal((await client.getSpreadsheet(SAMPLE_SPREADSHEET_ID)).syncId, id)
  t.same((await client.listSyncs({ state: 'succeeded' })).syncs, [sync])
  await client.eraseSpreadsheet(SAMPLE_SPREADSHEET_ID)
  await t.rejects(client.getSpreadsheet(SAMPLE_SPREADSHEET_ID), { code: 'SNAPSHOT_NOT_FOUND', status: 404 })
  await client.deleteSync(id)
  await t.rejects(client.getSync(id), { code: 'SYNC_NOT_FOUND', status: 404 })
})

t.test('errors carry what the service says, and how to mend it', async (t) => {
  const emulator = await anEmulator(t, WORKBOOKS)
  const { url, close } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const client = createClient({ baseUrl: url })
  await t.rejects(client.startSync({ spreadsheet: SAMPLE_SPREADSHEET_ID, tabs: [], headerRow: -1 }), {
    name: 'SheetsyncError',
    code: 'VALIDATION_FAILED',
    status: 400,
    retryable: false,
    errors: [{ field: 'tabs' }, { field: 'headerRow' }],
    requestId: /^req-/,
  })
  await t.rejects(client.readTab('nothing-was-synced', 'Orders'), { code: 'SNAPSHOT_NOT_FOUND', hint: /POST \/syncs/ })
  await t.rejects(createClient({ baseUrl: `${url}/nowhere` }).listSyncs(), { code: 'ROUTE_NOT_FOUND' })
  const reason = new Error('left')
  await t.rejects(client.listSyncs({}, { signal: AbortSignal.abort(reason) }), reason)
  await close()
  await t.rejects(client.listSyncs(), { code: 'NETWORK_ERROR', status: 0, retryable: true })
})

t.test('a failed sync is cancelled or retried from here', async (t) => {
  const emulator = await anEmulator(t, { ...WORKBOOKS, latency: { baseMs: 30_000 } })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const client = createClient({ baseUrl: url })
  const { id } = await client.startSync({ spreadsheet: SAMPLE_SPREADSHEET_ID })
  await client.cancel(id)
  t.equal((await client.waitForSync(id)).state, 'cancelled')
  emulator.setLatency({})
  const again = await client.retry(id)
  t.equal(again.retryOf, id)
  t.equal((await client.waitForSync(again.id)).state, 'succeeded')
})

t.test('a user’s own token goes with every request but those of schedules, and is asked for each time', async (t) => {
  const sent: [path: string, token: string | null][] = []
  let tokens = 0
  const client = createClient({
    baseUrl: 'http://sheetsync.test/base',
    googleAccessToken: async () => `token-${++tokens}`,
    fetch: async (input, init) => {
      const request = new Request(input, init)
      sent.push([new URL(request.url).pathname, request.headers.get('x-google-access-token')])
      return Response.json({ schedules: [], rows: [], nextPageToken: null })
    },
  })
  await client.getSync('sync-1')
  await client.listSchedules()
  await client.readTab('book', 'schedules')
  await client.rows('book', 'Orders')
  t.same(sent, [
    ['/base/syncs/sync-1', 'token-1'],
    ['/base/schedules', null],
    ['/base/spreadsheets/book/tabs/schedules', 'token-2'],
    ['/base/spreadsheets/book/tabs/Orders/rows', 'token-3'],
  ])
})
