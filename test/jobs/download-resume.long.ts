import t from 'tap'
import type { EmulatorCall } from '../../emulator/emulator.ts'
import { syntheticWorkbook } from '../../emulator/workbook.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { JobStop } from '../../src/ports/job-runner.ts'
import { claimSync } from '../../src/syncs/sync.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { aDownloader, callsOf, LeapingClock } from './downloads.ts'

const workbook = syntheticWorkbook({ id: 'book', rows: 600, columns: 10 })
const formats: ('json' | 'ndjson' | 'csv')[] = ['json', 'ndjson', 'csv']
const CELLS = 500
/** Blocks and calls for dates that are under way at a time, and how far a call for dates may go beyond its cells. */
const IN_FLIGHT = 8
const SLACK = 1.1

function cellsRead(calls: readonly EmulatorCall[]): number {
  return calls.reduce((sum, call) => sum + call.cells, 0)
}

function aClaimedSync(body = {}) {
  return claimSync(aQueuedSync({ spreadsheet: 'book', formats, ...body }), 'a test', new Date())
}

t.test('interrupted after any call, a download goes on where it was', async (t) => {
  const downloader = await aDownloader(t, { workbooks: [workbook], clock: new LeapingClock(), tuning: callsOf(CELLS) })
  const { emulator } = downloader
  const whole = await downloader.run({ formats })
  const wanted = await Promise.all(formats.map((format) => downloader.text(whole, format)))
  const tabs = (await downloader.snapshots.find('book', whole.snapshotId))?.tabs
  t.match(tabs?.[0]?.tallies?.[0]?.values, { integer: 599 })
  const calls = emulator.count()
  const cells = cellsRead(emulator.calls)
  t.ok(calls > 15, `${calls} calls`)
  for (let nth = 1; nth <= calls; nth += 3) {
    emulator.resetCalls()
    const sync = aClaimedSync()
    const stop = new AbortController()
    const ignore = emulator.onCall((call) => {
      if (call.n === nth) stop.abort(new JobStop('interrupted'))
    })
    await t.rejects(
      downloader.run({}, { sync, signal: stop.signal }),
      { message: /stopped: interrupted/ },
      `at call ${nth}`,
    )
    ignore()
    const resumed = downloader.claimedAgain(sync)
    t.ok(resumed.lease.epoch > sync.lease.epoch)
    const result = await downloader.run({}, { sync: resumed })
    t.strictSame(await Promise.all(formats.map((format) => downloader.text(result, format))), wanted)
    t.strictSame((await downloader.snapshots.find('book', result.snapshotId))?.tabs, tabs, 'each cell is counted once')
    const more = cellsRead(emulator.calls) - cells
    t.ok(more <= IN_FLIGHT * CELLS * SLACK, `${more} cells are read again`)
    t.equal(result.report.progress?.apiCalls, emulator.count(), 'calls of both owners are counted')
    await downloader.snapshots.prune('book')
  }
})

const MINUTE_MS = 60_000

t.test('where the version is unknown, only a checkpoint of the last minutes is used', async (t) => {
  for (const [access, laterMs, isResumed] of [
    ['drive-forbidden', MINUTE_MS, true],
    ['drive-forbidden', 9 * MINUTE_MS, true],
    ['drive-forbidden', 11 * MINUTE_MS, false],
    ['drive-forbidden', 24 * 60 * MINUTE_MS, false],
    ['drive-forbidden', -MINUTE_MS, false],
    ['ok', 24 * 60 * MINUTE_MS, true],
    ['ok', -MINUTE_MS, true],
  ] as const) {
    let wall = Date.now()
    const clock: Clock = { ...systemClock, now: () => new Date(wall) }
    const downloader = await aDownloader(t, { workbooks: [workbook], clock, tuning: callsOf(CELLS) })
    const { emulator } = downloader
    emulator.setAccess('book', access)
    await downloader.run({})
    const cells = cellsRead(emulator.calls)
    emulator.resetCalls()
    const sync = aClaimedSync({ formats: ['json'] })
    const stop = new AbortController()
    emulator.onCall((call) => {
      if (call.n === 12) stop.abort(new JobStop('interrupted'))
    })
    await t.rejects(downloader.run({}, { sync, signal: stop.signal }), { message: /stopped: interrupted/ })
    emulator.resetCalls()
    // Without a version nobody can tell.
    if (access !== 'ok') emulator.setCell('book', 0, 1, 1, 'edited')
    wall += laterMs
    const result = await downloader.run({}, { sync: downloader.claimedAgain(sync) })
    const what = `Drive ${access}, ${laterMs / MINUTE_MS} minutes later`
    t.equal(cellsRead(emulator.calls) < cells, isResumed, what)
    const [first] = JSON.parse(await downloader.text(result, 'json'))
    if (!isResumed) t.equal(first.text_2, 'edited', what)
  }
})
