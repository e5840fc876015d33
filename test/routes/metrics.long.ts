import t from 'tap'
import { aSyncedService, scrape } from './scraped-samples.ts'

t.test('a sync shows in every count it touches', async (t) => {
  const { url, sync } = await aSyncedService(t)
  const ended = 'sheetsync_syncs_ended_total{outcome="downloaded",code=""}'
  let samples = await scrape(url)
  // A reader sees the end a moment before its write has returned and is counted.
  while (!samples.has(ended)) samples = await scrape(url)
  t.equal(samples.get(ended), 1)
  const calls = [...samples].filter(([name]) => /^sheetsync_google_calls_total\{.*result="ok"/.test(name))
  t.equal(
    calls.reduce((sum, [, count]) => sum + count, 0),
    sync.progress.apiCalls,
    'as many calls as the sync counted',
  )
  const reads = calls.filter(([name]) => /kind="(?:describe|values)"/.test(name))
  t.equal(
    samples.get('sheetsync_google_reads{credential="default"}'),
    reads.reduce((sum, [, count]) => sum + count, 0),
    'those of Sheets count for its limit',
  )
  t.equal(samples.get('sheetsync_google_reads_waiting{credential="default"}'), 0)
  const bytes = sync.tabs.flatMap(({ files }) => files).filter(({ format }) => format === 'csv')
  t.equal(
    samples.get('sheetsync_snapshot_written_bytes_total{format="csv"}'),
    bytes.reduce((sum, file) => sum + file.bytes, 0),
  )
  t.equal(samples.get('sheetsync_storage_operation_seconds_count{operation="create"}'), 1)
  t.ok((samples.get('sheetsync_storage_operation_seconds_count{operation="replace"}') ?? 0) >= 2)
  for (const state of ['queued', 'running', 'cancelling', 'interrupted'])
    t.equal(samples.get(`sheetsync_syncs{state="${state}"}`), 0, state)
  t.ok(samples.has('nodejs_eventloop_lag_p99_seconds'))
  t.ok((samples.get('process_resident_memory_bytes') ?? 0) > 1e7)
})
