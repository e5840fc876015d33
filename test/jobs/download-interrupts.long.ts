import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { date, syntheticTab, tabFromRows } from '../../emulator/workbook.ts'
import { JobStop } from '../../src/ports/job-runner.ts'
import { anInterruptibleDownload, type Interruption } from './download/interruptions.ts'
import { aDownloader, callsOf } from './downloads.ts'

/** Two small tabs, one with a cell that never loads, and a large one with dates, and with numbers in a column that had none before. */
const workbook = {
  id: 'book',
  title: 'Book',
  tabs: [
    tabFromRows(1, 'Small', [
      ['when', 'what'],
      [date('2024-01-31'), 'one'],
      [null, 'Loading...'],
    ]),
    syntheticTab({ gid: 2, title: 'Large', rows: 24, columns: 5, kind: 'mixed' }),
    tabFromRows(3, 'Late', [
      ['a', 'b', 'c'],
      ...Array.from({ length: 20 }, () => ['x', 'y', 'z']),
      [date('2024-01-31'), 1, 'z'],
      ['a', 'b', 'c', 'd'],
    ]),
  ],
}

/** Milliseconds of real time within which a download must have settled, on a busy machine too; what hangs does so for ever. */
const SOON_MS = 5000

t.test('a cancel between the rows of one call and those of another ends the download', async (t) => {
  // The first call's rows wait for their dates, which are read once the second call has told its columns; that one is
  // cut short by the cancel, and so was the wait for it: the first rows were waited for by nobody, for ever.
  const rows = [['a', 'b', 'c', 'n'], ...Array.from({ length: 9 }, () => ['x', 'y', 'z', 1])]
  const tabs = [1, 2].map((gid) => tabFromRows(gid, `Tab ${gid}`, rows))
  const stop = new AbortController()
  const both = Promise.withResolvers<void>()
  let calls = 0
  const downloader = await aDownloader(t, {
    workbooks: [{ id: 'book', title: 'Book', tabs }],
    tuning: callsOf(45),
    around: (api) => ({
      describe: (id, call) => api.describe(id, call),
      version: (id, call) => api.version(id, call),
      readValues: async (id, ranges, render, call) => {
        calls += 1
        if (calls === 2) {
          both.resolve()
          await delay(SOON_MS * 10, undefined, { signal: call.signal }).catch(() => call.signal.throwIfAborted())
        }
        const body = await api.readValues(id, ranges, render, call)
        await both.promise
        stop.abort(new JobStop('cancelled'))
        return body
      },
    }),
  })
  const started = performance.now()
  await t.rejects(downloader.run({}, { signal: stop.signal }), { message: /stopped: cancelled/ })
  t.ok(performance.now() - started < SOON_MS)
})

const interruptions: readonly Interruption[] = [
  { kind: 'abort', why: 'cancelled', when: 'before' },
  { kind: 'abort', why: 'cancelled', when: 'after' },
  { kind: 'abort', why: 'interrupted', when: 'after' },
  { kind: 'error' },
  { kind: 'fault', fault: 'network' },
  { kind: 'fault', fault: 'too-large' },
  { kind: 'fault', fault: 'quota' },
]

for (const interruption of interruptions) {
  const name = Object.values(interruption).join(' ')
  t.test(`${name} at each await of a download in turn: it settles at once, and nothing is left running`, async (t) => {
    const run = await anInterruptibleDownload(t, workbook)
    const whole = await run({ at: Number.POSITIVE_INFINITY, interruption })
    t.equal(whole.outcome, 'downloaded')
    t.ok(whole.awaits > 60, `${whole.awaits} awaits`)
    for (let at = 1; ; at += 1) {
      // Only calls can fail so; which of the awaits they are hardly differs from run to run.
      if (interruption.kind === 'fault' && whole.places[at]?.startsWith('api.') === false) continue
      const result = await run({ at, interruption, timeoutMs: SOON_MS })
      const where = `${at}: ${result.place}`
      if (result.awaits < at) break
      if (result.isHanging) return t.fail(`${where} hangs; under way: ${result.underWay.join(', ')}`)
      if (result.underWay.length > 0) t.fail(`${where} leaves ${result.underWay.join(', ')}`)
      const isStopped = /stopped: (?:cancelled|interrupted)/.test(result.error ?? '')
      // What is aborted with the last await has nothing to stop any more.
      if (interruption.kind === 'abort' && !isStopped && result.outcome === undefined)
        t.fail(`${where}: ${result.error}`)
      if (interruption.kind === 'error' && result.error === undefined && !result.isHarmless)
        t.fail(`${where}: no error`)
      // What has no rows and no columns cannot be asked for in parts.
      const isEnd =
        result.place === 'api.describe' && interruption.kind === 'fault' && interruption.fault === 'too-large'
      if (isEnd) t.match(result.error, /api\.describe fails/, where)
      else if (interruption.kind === 'fault' && result.outcome === undefined) t.fail(`${where}: ${result.error}`)
    }
  })
}
