import t from 'tap'
import { syntheticWorkbook } from '../../emulator/workbook.ts'
import { aDownloader, callsOf, ScaledClock } from './downloads.ts'

t.test('where Google grants a third of what is set, all syncs finish, and few reads are refused', async (t) => {
  const clock = new ScaledClock(100)
  const downloader = await aDownloader(t, {
    workbooks: [syntheticWorkbook({ id: 'book', rows: 250, columns: 5 })],
    clock,
    now: () => clock.now().getTime(),
    quota: { readsPerMinute: 20 },
    readsPerMinute: 60,
    tuning: { ...callsOf(50), callsInFlight: 2 },
  })
  const waits: (string | null)[] = []
  const runs = Array.from({ length: 4 }, () =>
    downloader.run({ dates: 'serial' }, { onReport: (_, sync) => waits.push(sync.progress.waitingUntil) }),
  )
  for (const { report } of await Promise.all(runs)) t.equal(report.progress?.waitingUntil, null)
  t.ok(
    waits.some((until) => until !== null),
    'the wait was told',
  )
  const reads = downloader.emulator.calls.filter(({ kind }) => kind !== 'files.get')
  const refused = reads.filter(({ status }) => status === 429)
  t.ok(reads.length - refused.length > 90, `${reads.length - refused.length} reads were answered`)
  // Up to two of each sync that are under way; then six steps fill a minute, and there are three or four pauses.
  t.ok(refused.length > 0 && refused.length <= 24, `${refused.length} were refused`)
})
