import t from 'tap'
import { newSyncId } from '../../src/model/sync-id.ts'
import { SAMPLE_SPREADSHEET_ID } from '../../src/model/sync-request.ts'
import { anEmulator, aService, finished, pollUntil, ROOT, startSync } from '../support/service.ts'
import { aSyncedService, scrape } from './scraped-samples.ts'

t.test('answers are counted by route and status, polls and errors too, and never by what a caller wrote', async (t) => {
  const { url, sync } = await aSyncedService(t)
  const count = async (method: string, route: string, status: number) =>
    (await scrape(url)).get(
      `sheetsync_http_request_seconds_count{method="${method}",route="${route}",status="${status}"}`,
    ) ?? 0
  t.equal(await count('POST', '/syncs', 202), 1)
  const before = await count('GET', '/syncs/:id', 200)
  const { headers } = await fetch(`${url}/syncs/${sync.id}`)
  t.equal(await count('GET', '/syncs/:id', 200), before + 1)
  await fetch(`${url}/syncs/${sync.id}`, { headers: { 'if-none-match': headers.get('etag') ?? '' } })
  t.equal(await count('GET', '/syncs/:id', 304), 1)
  await fetch(`${url}/syncs/${newSyncId()}`)
  t.equal(await count('GET', '/syncs/:id', 404), 1, 'what the handler throws')
  await fetch(`${url}/syncs/nonsense`)
  t.equal(await count('GET', '/syncs/:id', 400), 1, 'what never reaches the handler')
  await fetch(`${url}/spreadsheets/none`)
  t.equal(await count('GET', '/spreadsheets/:spreadsheetId', 404), 1)
  await fetch(`${url}/secret-in-a-path?key=canary`)
  t.equal(await count('any', 'unmatched', 404), 1)
  t.notMatch(await (await fetch(`${url}/metrics`)).text(), /canary|secret-in-a-path|nonsense/)
})

t.test('failed calls are told by their fault, failed syncs by their code', async (t) => {
  const emulator = await anEmulator(t, { folder: `${ROOT}emulator/workbooks` })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl })
  const { id } = await startSync(url, { spreadsheet: 'there-is-none' })
  await pollUntil(url, id, finished)
  const ended = 'sheetsync_syncs_ended_total{outcome="failed",code="SHEET_NOT_FOUND"}'
  let samples = await scrape(url)
  // A reader sees the end a moment before its write has returned and is counted.
  while (!samples.has(ended)) samples = await scrape(url)
  t.equal(samples.get(ended), 1)
  t.equal(samples.get('sheetsync_google_calls_total{kind="describe",result="SHEET_NOT_FOUND"}'), 1)
})

t.test('active syncs are counted by state, and histograms are cumulative', async (t) => {
  const emulator = await anEmulator(t, { folder: `${ROOT}emulator/workbooks` })
  const { url } = await aService(t, { GOOGLE_API_ROOT_URL: emulator.rootUrl, SYNC_CONCURRENCY: '1' })
  emulator.setLatency({ baseMs: 60_000 })
  const started = []
  for (let at = 0; at < 3; at++)
    started.push(await startSync(url, { spreadsheet: SAMPLE_SPREADSHEET_ID, ifActive: 'start' }))
  await pollUntil(url, started[0]?.id ?? '', ({ state }) => state === 'running')
  const samples = await scrape(url)
  t.equal(samples.get('sheetsync_syncs{state="running"}'), 1)
  t.equal(samples.get('sheetsync_syncs{state="queued"}'), 2)
  const buckets = [...samples].filter(([name]) =>
    name.startsWith('sheetsync_storage_operation_seconds_bucket{operation="create"'),
  )
  t.equal(buckets.at(-1)?.[1], 3)
  t.match(buckets.at(-1)?.[0], /le="\+Inf"/)
  t.same(
    buckets.map(([, value]) => value),
    buckets.map(([, value]) => value).sort((one, other) => one - other),
  )
})
