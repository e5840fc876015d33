import t from 'tap'
import { syntheticWorkbook } from '../../emulator/workbook.ts'
import type { SyncReport } from '../../src/model/sync-report.ts'
import { JobStop } from '../../src/ports/job-runner.ts'
import { CallFault } from '../../src/sheets/call-fault.ts'
import { FaultyFileSystem } from '../support/faulty-file-system.ts'
import { aDownloader, callsOf, LeapingClock } from './downloads.ts'

const workbooks = [syntheticWorkbook({ id: 'book', rows: 120, columns: 5 })]

t.test('a download that finds no descriptor free at any of its files waits, says so, and ends as ever', async (t) => {
  const disk = new FaultyFileSystem()
  const options = { workbooks, clock: new LeapingClock(), tuning: callsOf(200), fs: disk.fs }
  const downloader = await aDownloader(t, options)
  const wanted = await downloader.text(await downloader.run({}), 'json')
  for (let nth = 1; ; nth += 4) {
    const faults: SyncReport[] = []
    disk.set({ code: 'EMFILE', nth, forEver: true })
    const result = await downloader.run(
      {},
      {
        onReport(report) {
          if (report.progress?.fault?.code !== 'STORAGE_BUSY') return
          faults.push(report)
          // Some tries later there are descriptors again.
          if (faults.length === 3) disk.set(undefined)
        },
      },
    )
    if (await downloader.text(result, 'json').then((text) => text !== wanted)) t.fail(`other rows after call ${nth}`)
    if (!disk.struck && faults.length === 0) {
      t.ok(nth > 10, `${nth} calls`)
      break
    }
    // What is only tidied up is not waited for.
    if (faults.length > 0) {
      const { fault } = faults.at(-1)?.progress ?? {}
      if (fault?.tries !== faults.length || fault.nextTryAt === null) t.fail(`call ${nth}: ${JSON.stringify(fault)}`)
    }
    disk.set(undefined)
    await downloader.snapshots.prune('book')
  }
})

t.test('calls are counted on, and the stop of a sync ends its wait', async (t) => {
  const disk = new FaultyFileSystem()
  const downloader = await aDownloader(t, { workbooks, clock: new LeapingClock(), tuning: callsOf(200), fs: disk.fs })
  const stop = new AbortController()
  let apiCalls = 0
  downloader.emulator.onCall(({ kind }) => {
    if (kind === 'values.batchGet') disk.set({ code: 'EMFILE', nth: 1, forEver: true })
  })
  await t.rejects(
    downloader.run(
      {},
      {
        signal: stop.signal,
        onReport({ progress }) {
          if ((progress?.apiCalls ?? apiCalls) < apiCalls) t.fail('fewer calls than before')
          apiCalls = progress?.apiCalls ?? apiCalls
          if (progress?.fault?.tries === 4) stop.abort(new JobStop('deadline'))
        },
      },
    ),
    { message: /deadline/ },
  )
  t.equal(apiCalls, downloader.emulator.count())
})

t.test('calls to Google for which no descriptor is free are made again for as long as the sync may run', async (t) => {
  const clock = new LeapingClock()
  const began = clock.monotonic()
  const faults = new Set<string>()
  const isBusy = () => clock.monotonic() - began < 30 * 60_000
  const fail = () => Promise.reject(new CallFault('descriptors', 'too many open files'))
  const downloader = await aDownloader(t, {
    workbooks,
    clock,
    around: (api) => ({
      describe: (...call) => (isBusy() ? fail() : api.describe(...call)),
      version: (...call) => (isBusy() ? fail() : api.version(...call)),
      readValues: (...call) => (isBusy() ? fail() : api.readValues(...call)),
    }),
  })
  const onReport = ({ progress }: SyncReport) => {
    if (progress?.fault) faults.add(progress.fault.code)
  }
  t.match(await downloader.run({}, { onReport }), { outcome: 'downloaded', consistent: true })
  t.strictSame([...faults], ['GOOGLE_UNREACHABLE'])
})
