import { readdirSync } from 'node:fs'
import t from 'tap'
import { date, syntheticWorkbook, tabFromRows } from '../../emulator/workbook.ts'
import { AppError } from '../../src/errors.ts'
import type { SyncReport } from '../../src/model/sync-report.ts'
import { JobStop } from '../../src/ports/job-runner.ts'
import type { DraftKey } from '../../src/ports/snapshot-store.ts'
import { claimSync } from '../../src/syncs/sync.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { aDownloader, callsOf, LeapingClock } from './downloads.ts'

const workbook = syntheticWorkbook({ id: 'book', rows: 600, columns: 10 })
const formats: ('json' | 'ndjson' | 'csv')[] = ['json', 'ndjson', 'csv']
const CELLS = 500
/** Blocks and calls for dates that are under way at a time, and how far a call for dates may go beyond its cells. */
const _IN_FLIGHT = 8
const _SLACK = 1.1

function aClaimedSync(body = {}) {
  return claimSync(aQueuedSync({ spreadsheet: 'book', formats, ...body }), 'a test', new Date())
}

t.test('after an edit nothing of the checkpoint is used', async (t) => {
  const downloader = await aDownloader(t, { workbooks: [workbook], clock: new LeapingClock(), tuning: callsOf(CELLS) })
  const { emulator } = downloader
  const sync = aClaimedSync()
  const stop = new AbortController()
  emulator.onCall((call) => {
    if (call.n === 12) stop.abort(new JobStop('interrupted'))
  })
  await t.rejects(downloader.run({}, { sync, signal: stop.signal }), { message: /stopped: interrupted/ })
  emulator.setCell('book', 0, 1, 1, 'edited')
  const result = await downloader.run({}, { sync: downloader.claimedAgain(sync) })
  t.equal(JSON.parse(await downloader.text(result, 'json'))[0].text_2, 'edited')
  t.equal(result.consistent, true)
})

t.test('interrupted when it is about to publish, a download leaves that to its next owner', async (t) => {
  const stop = new AbortController()
  const downloader = await aDownloader(t, {
    workbooks: [workbook],
    tuning: callsOf(CELLS),
    aroundSnapshots: (snapshots) =>
      Object.assign(Object.create(snapshots), {
        openDraft: async (key: DraftKey, signal?: AbortSignal) => {
          const draft = await snapshots.openDraft(key, signal)
          const publish = draft.publish.bind(draft)
          draft.publish = (manifest) => {
            stop.abort(new JobStop('interrupted'))
            return publish(manifest)
          }
          return draft
        },
        list: snapshots.list.bind(snapshots),
        find: snapshots.find.bind(snapshots),
        prune: snapshots.prune.bind(snapshots),
      }),
  })
  const sync = aClaimedSync()
  await t.rejects(downloader.run({}, { sync, signal: stop.signal }), { message: /stopped: interrupted/ })
  t.same(await downloader.snapshots.list('book'), [])
  downloader.emulator.resetCalls()
  const result = await downloader.run({}, { sync: downloader.claimedAgain(sync) })
  t.match(result, { outcome: 'downloaded', snapshotId: sync.id })
  t.equal(downloader.emulator.count('values.batchGet'), 0, 'nothing is read again')
  t.equal((await downloader.snapshots.list('book')).length, 1)
})

t.test('where too much is kept already no download begins, and what has begun is finished', async (t) => {
  let isFull = false
  const requireRoom = () => {
    if (isFull) throw new AppError('SNAPSHOTS_FULL', 'no room')
  }
  const downloader = await aDownloader(t, { workbooks: [workbook], tuning: callsOf(CELLS), requireRoom })
  await downloader.run({ formats })
  const sync = aClaimedSync()
  const stop = new AbortController()
  const onReport = ({ tabs }: SyncReport) => {
    if ((tabs?.[0]?.rows ?? 0) > 0) stop.abort(new JobStop('interrupted'))
  }
  await t.rejects(downloader.run({}, { sync, onReport, signal: stop.signal }), { message: /stopped: interrupted/ })
  isFull = true
  t.match(await downloader.run({}, { sync: downloader.claimedAgain(sync) }), { outcome: 'downloaded' })
  t.match(await downloader.run({ formats, ifUnchanged: 'skip' }), { outcome: 'unchanged' }, 'this takes no room')
  downloader.emulator.resetCalls()
  await t.rejects(downloader.run({ formats }), { code: 'SNAPSHOTS_FULL' })
  t.equal(downloader.emulator.count('values.batchGet'), 0, 'nothing was read')
})

t.test('cancelled, a download leaves nothing behind; out of time, what a retry goes on with', async (t) => {
  for (const [why, drafts] of [
    ['cancelled', 0],
    ['deadline', 1],
  ] as const) {
    const downloader = await aDownloader(t, { workbooks: [workbook], tuning: callsOf(CELLS) })
    const sync = aClaimedSync()
    const stop = new AbortController()
    downloader.emulator.onCall((call) => {
      if (call.n === 9) stop.abort(new JobStop(why))
    })
    await t.rejects(downloader.run({}, { sync, signal: stop.signal }), { message: `the job was stopped: ${why}` })
    const calls = downloader.emulator.count()
    t.equal(await downloader.snapshots.sweepDrafts(async () => false), drafts, `drafts of what was ${why}`)
    t.equal(downloader.claimedAgain(sync).keepsDraft, false, 'for whoever claims it again it is none of a failed sync')
    t.equal((await downloader.snapshots.list('book')).length, 0)
    t.equal(downloader.emulator.count(), calls, 'and no call is made any more')
  }
})

t.test('a download that hangs in a call stops at once', async (t) => {
  const downloader = await aDownloader(t, { workbooks: [workbook] })
  const stop = new AbortController()
  downloader.emulator.fail({ on: { kind: 'values.batchGet' }, do: { kind: 'hang' } })
  downloader.emulator.onCall((call) => {
    if (call.kind === 'values.batchGet') setTimeout(() => stop.abort(new JobStop('cancelled')), 20)
  })
  const started = performance.now()
  await t.rejects(downloader.run({}, { signal: stop.signal }), { message: /stopped: cancelled/ })
  t.ok(performance.now() - started < 2000)
})

t.test('a download that another owner has taken over publishes nothing', async (t) => {
  const downloader = await aDownloader(t, { workbooks: [workbook], tuning: callsOf(CELLS) })
  const sync = aClaimedSync()
  let taken: Promise<unknown> | undefined
  downloader.emulator.onCall(async (call) => {
    if (call.n !== 12) return
    const next = { spreadsheetId: 'book', syncId: sync.id, epoch: sync.lease.epoch + 1 }
    taken = downloader.snapshots.openDraft(next)
    await taken
  })
  await t.rejects(downloader.run({}, { sync }), { message: /stopped: superseded/ })
  t.ok(taken)
  await taken
  t.equal(await downloader.snapshots.find('book', sync.id), undefined)
})

t.test('a sync whose snapshot an earlier owner had published only tells so', async (t) => {
  const downloader = await aDownloader(t, { workbooks: [workbook] })
  const sync = aClaimedSync()
  const first = await downloader.run({}, { sync })
  downloader.emulator.resetCalls()
  const second = await downloader.run({}, { sync: downloader.claimedAgain(sync) })
  t.equal(downloader.emulator.count(), 0)
  t.match(second, { outcome: 'downloaded', consistent: true, snapshotId: sync.id })
  t.strictSame(second.report.tabs, first.report.tabs)
})

t.test('an edit while cells are read has everything read again', async (t) => {
  const downloader = await aDownloader(t, { workbooks: [workbook], clock: new LeapingClock(), tuning: callsOf(CELLS) })
  const { emulator } = downloader
  await downloader.run({})
  const calls = emulator.count()
  // An edit after the last cell is read changes nothing that was.
  for (let nth = 2; nth < calls - 2; nth += 4) {
    emulator.resetCalls()
    emulator.fail({ on: { nth }, do: { kind: 'edit', gid: 0, row: 1, column: 1, value: `edit ${nth}` } })
    emulator.fail({ on: { nth }, do: { kind: 'edit', gid: 0, row: 599, column: 1, value: `edit ${nth}` } })
    const result = await downloader.run({})
    const rows = JSON.parse(await downloader.text(result, 'json'))
    t.equal(result.consistent, true)
    t.equal(rows[0].text_2, `edit ${nth}`, `an edit at call ${nth} is seen`)
    emulator.clearFaults()
    await downloader.snapshots.prune('book')
  }
})

t.test('a spreadsheet that is edited all the time is published, and said to be inconsistent', async (t) => {
  const downloader = await aDownloader(t, { workbooks: [workbook], clock: new LeapingClock() })
  let edits = 0
  downloader.emulator.onCall((call) => {
    if (call.kind !== 'values.batchGet') return
    edits += 1
    downloader.emulator.setCell('book', 0, 1, 1, `edit ${edits}`)
  })
  const result = await downloader.run({})
  t.equal(result.consistent, false)
  t.equal(downloader.emulator.count('spreadsheets.get'), 3, 'after three tries')
  t.equal((await downloader.snapshots.list('book'))[0]?.consistent, false)
})

t.test('a tab that is gone when its cells are read is an edit too', async (t) => {
  const downloader = await aDownloader(t, { workbooks: [workbook], clock: new LeapingClock() })
  let isRenamed = false
  downloader.emulator.onCall((call) => {
    if (call.kind !== 'values.batchGet' || isRenamed) return
    isRenamed = true
    downloader.emulator.addWorkbook({
      ...workbook,
      version: 2,
      tabs: workbook.tabs.map((tab) => ({ ...tab, title: 'New' })),
    })
  })
  const result = await downloader.run({})
  t.equal(result.report.tabs?.[0]?.title, 'New')
  t.equal(result.consistent, true)
})

t.test('with ifUnchanged: skip, an unchanged spreadsheet is not read', async (t) => {
  const book = { id: 'book', title: 'Book', tabs: [tabFromRows(0, 'Tab', [['when'], [date('2024-01-31')]])] }
  const downloader = await aDownloader(t, { workbooks: [book] })
  const { emulator } = downloader
  const first = await downloader.run({})
  emulator.resetCalls()
  const sync = aClaimedSync({ formats: ['json'], ifUnchanged: 'skip' })
  const second = await downloader.run({}, { sync })
  t.match(second, { outcome: 'unchanged', snapshotId: first.snapshotId, consistent: true })
  t.same(readdirSync(`${t.testdirName}/.staging`), [], 'nothing waits for the sweep')
  t.match(second.report.progress, { apiCalls: 1, tabsDone: 1 })
  t.equal(second.report.tabs?.[0]?.files[0]?.href, `/syncs/${sync.id}/files/tab-0.json`)
  t.strictSame([emulator.count('files.get'), emulator.count()], [1, 1])
  t.equal((await downloader.run({ ifUnchanged: 'skip', formats: ['csv'] })).outcome, 'downloaded', 'another request is')
  t.equal((await downloader.run({ ifUnchanged: 'skip' })).outcome, 'downloaded', 'only the latest snapshot counts')
  emulator.touch('book')
  t.equal((await downloader.run({ ifUnchanged: 'skip' })).outcome, 'downloaded', 'another version is')
  emulator.setAccess('book', 'drive-forbidden')
  t.equal((await downloader.run({ ifUnchanged: 'skip' })).outcome, 'downloaded', 'an unknown version is')
})

t.test(
  'with ifUnchanged: skip and maxAge, a snapshot that is older is downloaded again, and is young then',
  async (t) => {
    const book = { id: 'book', title: 'Book', tabs: [tabFromRows(0, 'Tab', [['when'], [1]])] }
    const clock = new LeapingClock()
    const downloader = await aDownloader(t, { workbooks: [book], clock })
    const hourly = { ifUnchanged: 'skip', maxAge: '1h' } as const
    await downloader.run({})
    t.equal((await downloader.run(hourly)).outcome, 'unchanged', 'of a snapshot that was asked for without maxAge')
    await clock.sleep(3_601_000)
    t.equal((await downloader.run({ ifUnchanged: 'skip' })).outcome, 'unchanged')
    t.equal((await downloader.run(hourly)).outcome, 'downloaded')
    t.equal((await downloader.run(hourly)).outcome, 'unchanged')
    t.equal((await downloader.run({ ifUnchanged: 'skip', maxAge: '2h' })).outcome, 'unchanged', 'of another maxAge')
  },
)

t.test('with ifUnchanged: skip, a snapshot that the next sweep removes is not gone on with', async (t) => {
  const book = { id: 'book', title: 'Book', tabs: [tabFromRows(0, 'Tab', [['when'], [1]])] }
  const clock = new LeapingClock()
  const downloader = await aDownloader(t, { workbooks: [book], clock, snapshotTtlMs: 86_400_000 })
  await downloader.run({})
  t.equal((await downloader.run({ ifUnchanged: 'skip' })).outcome, 'unchanged')
  await clock.sleep(86_401_000)
  t.equal((await downloader.run({ ifUnchanged: 'skip' })).outcome, 'downloaded')
})
