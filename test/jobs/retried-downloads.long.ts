import t, { type Test } from 'tap'
import { syntheticWorkbook } from '../../emulator/workbook.ts'
import { AppError, type ErrorCode } from '../../src/errors.ts'
import { Sweeper } from '../../src/jobs/sweeper.ts'
import { SyncExecution } from '../../src/jobs/sync-execution.ts'
import type { ActiveSync, Sync } from '../../src/model/sync.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { SyncJob } from '../../src/ports/job-runner.ts'
import { silentLog } from '../../src/ports/log.ts'
import { ANYONE } from '../../src/syncs/caller.ts'
import { hasRoomForDraft } from '../../src/syncs/draft-adoption.ts'
import { eraseRows } from '../../src/syncs/row-erasure.ts'
import { claimSync } from '../../src/syncs/sync.ts'
import { SyncService } from '../../src/syncs/sync-service.ts'
import { systemClock } from '../../src/system-clock.ts'
import { MemoryLeases } from '../support/memory-leases.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { aDownloader, callsOf } from './downloads.ts'

const workbook = syntheticWorkbook({ id: 'book', rows: 600, columns: 10 })
const TTL_MS = 300_000
/** The read at which the token ends: some checkpoints are saved by then. */
const NTH = 8

/** The service, one owner of syncs, and a download that fails with a code at its NTH read. */
async function aWorld(t: Test, mayKeepDraft?: () => Promise<boolean>) {
  let ahead = 0
  const clock: Clock = {
    ...systemClock,
    now: () => new Date(Date.now() + ahead),
    monotonic: () => performance.now() + ahead,
  }
  const pass = (ms: number) => {
    ahead += ms
  }
  const storage = new MemoryStorage()
  let [failure, left]: [ErrorCode | undefined, number] = [undefined, 0]
  const downloader = await aDownloader(t, {
    workbooks: [workbook],
    tuning: { ...callsOf(500), callsInFlight: 1 },
    mayKeepDraft,
    around: (api) => ({
      describe: api.describe.bind(api),
      version: api.version.bind(api),
      readValues: (...args) => {
        left -= 1
        if (failure === undefined || left > 0) return api.readValues(...args)
        throw new AppError(failure, 'The token has ended.')
      },
    }),
  })
  const { snapshots } = downloader
  const runner = { start: async () => {}, enqueue: async () => {}, notifyCancel: () => {}, close: async () => {} }
  const service = new SyncService({ storage, runner, snapshots, clock, statusTtlMs: TTL_MS })
  const sweeper = new Sweeper({ storage, snapshots, clock, log: silentLog, intervalMs: 1000 })
  const job: SyncJob = (sync, { signal, report }) =>
    downloader.run({}, { sync, signal, onReport: (news) => report(news) })
  /** Runs a sync to its end, as an owner of its own does. */
  const execute = async (id: string): Promise<Sync> => {
    const queued = (await storage.get(id)) as Sync
    const claimed = claimSync(queued, 'a test', clock.now())
    await storage.replace(claimed, queued.revision)
    const options = { storage, leases: new MemoryLeases(), job, clock, log: silentLog }
    await new SyncExecution({ ...options, statusTtlMs: TTL_MS, deadlineMs: 3_600_000 }, claimed).execute()
    return (await storage.get(id)) as Sync
  }
  /** The same, whose NTH read fails, or another one. */
  const executeFailing = async (id: string, code: ErrorCode, nth = NTH): Promise<Sync> => {
    ;[failure, left] = [code, nth]
    const failed = await execute(id)
    failure = undefined
    downloader.emulator.resetCalls()
    return failed
  }
  const runFailing = async (code: ErrorCode, run: Partial<ActiveSync> = {}): Promise<Sync> => {
    const sync = { ...aQueuedSync({ spreadsheet: 'book' }, clock.now()), ...run }
    await storage.create(sync)
    return executeFailing(sync.id, code)
  }
  const readings = () => downloader.emulator.count('values.batchGet')
  /** The rows of a sync that has succeeded, as it published them. */
  const textOf = async (sync: Sync) =>
    downloader.text(
      { outcome: 'downloaded', consistent: true, snapshotId: sync.id, report: { tabs: sync.tabs } },
      'json',
    )
  const whole = await (async () => {
    const sync = aQueuedSync({ spreadsheet: 'book' }, clock.now())
    await storage.create(sync)
    const done = await execute(sync.id)
    return { text: await textOf(done), reads: readings() }
  })()
  const world = { pass, clock, storage, service, sweeper, execute, executeFailing, runFailing, readings, textOf, whole }
  return { ...downloader, ...world }
}

t.test('a retry goes on where a token had ended: the rows are whole, and most are not read again', async (t) => {
  const { service, storage, sweeper, snapshots, execute, runFailing, readings, textOf, whole } = await aWorld(t)
  const failed = await runFailing('GOOGLE_TOKEN_EXPIRED')
  t.match(failed, { state: 'failed', keepsDraft: true, error: { code: 'GOOGLE_TOKEN_EXPIRED', retryable: true } })
  await sweeper.sweep()
  const retry = await service.retry(failed.id, ANYONE)
  t.match(await storage.get(failed.id), { keepsDraft: false, state: 'failed', error: failed.error })
  await sweeper.sweep()
  const done = await execute(retry.id)
  t.match(done, { state: 'succeeded', retryOf: failed.id, snapshotId: retry.id, keepsDraft: false })
  t.equal(await textOf(done), whole.text)
  t.ok(readings() <= whole.reads - NTH + 2, `${readings()} reads instead of ${whole.reads}`)
  t.equal(await snapshots.find('book', failed.id), undefined)
  await sweeper.sweep()
  t.equal(await snapshots.sweepDrafts(async () => false), 0, 'nothing staged is left')
})

t.test('a retry that fails leaves what both had to the next one; one that is cancelled leaves nothing', async (t) => {
  const { service, snapshots, sweeper, execute, executeFailing, runFailing, readings, textOf, whole } = await aWorld(t)
  const failed = await runFailing('GOOGLE_UNAVAILABLE', {})
  const first = await service.retry(failed.id, ANYONE)
  t.match(await executeFailing(first.id, 'GOOGLE_QUOTA_EXCEEDED', 3), { state: 'failed', keepsDraft: true })
  await sweeper.sweep()
  const done = await execute((await service.retry(first.id, ANYONE)).id)
  t.equal(await textOf(done), whole.text)
  t.ok(readings() <= whole.reads - NTH, `${readings()} reads instead of ${whole.reads}`)

  const third = await service.retry((await runFailing('GOOGLE_UNAVAILABLE')).id, ANYONE)
  await service.cancel(third.id, ANYONE)
  await sweeper.sweep()
  t.equal(await snapshots.sweepDrafts(async () => false), 0)
})

t.test('of two retries at once one goes on with the draft, and both have all rows', async (t) => {
  const { service, execute, runFailing, readings, emulator, textOf, whole } = await aWorld(t)
  const failed = await runFailing('GOOGLE_TOKEN_EXPIRED')
  const retries = await Promise.all([service.retry(failed.id, ANYONE), service.retry(failed.id, ANYONE)])
  const counts: number[] = []
  for (const { id } of retries) {
    emulator.resetCalls()
    t.equal(await textOf(await execute(id)), whole.text)
    counts.push(readings())
  }
  t.equal(Math.max(...counts), whole.reads)
  t.ok(Math.min(...counts) < whole.reads, `${counts} reads`)
})

t.test('after an edit a retry uses nothing of the draft', async (t) => {
  const { service, execute, runFailing, readings, emulator, textOf, whole } = await aWorld(t)
  const failed = await runFailing('GOOGLE_TOKEN_EXPIRED')
  emulator.setCell('book', 0, 1, 1, 'edited')
  const done = await execute((await service.retry(failed.id, ANYONE)).id)
  t.match(done, { state: 'succeeded', consistent: true })
  t.equal(JSON.parse(await textOf(done))[0].text_2, 'edited')
  t.equal(readings(), whole.reads)
})

t.test('a draft is kept for as long as the status is, and goes with it', async (t) => {
  for (const end of ['expired', 'deleted', 'erased'] as const) {
    const { service, storage, snapshots, sweeper, pass, execute, runFailing, textOf, whole } = await aWorld(t)
    const failed = await runFailing('GOOGLE_TOKEN_EXPIRED')
    await sweeper.sweep()
    const isThere = async () => (await snapshots.sweepDrafts(async (id) => service.isLive(id))) === 0
    t.ok(await isThere())
    // As a storage that keeps a history goes on finding it.
    const { get } = storage
    if (end === 'expired') {
      pass(TTL_MS)
      storage.get = async (id) => (id === failed.id ? failed : get.call(storage, id))
      t.notOk(await isThere(), end)
      storage.get = get
    } else if (end === 'deleted') {
      await service.remove(failed.id, ANYONE)
      // Until then a sync without a record may be one that is about to get it.
      pass(60_000)
      t.notOk(await isThere(), end)
    } else {
      await eraseRows({ service, snapshots }, 'book', ANYONE)
      t.equal(await snapshots.sweepDrafts(async () => false), 0, end)
      const done = await execute((await service.retry(failed.id, ANYONE)).id)
      t.equal(await textOf(done), whole.text, 'a retry begins anew')
    }
  }
})

t.test('what is queued for an hour keeps its draft, when the status of the failed sync is long gone', async (t) => {
  const { service, storage, sweeper, pass, execute, runFailing, readings, textOf, whole } = await aWorld(t)
  const failed = await runFailing('GOOGLE_TOKEN_EXPIRED')
  const retry = await service.retry(failed.id, ANYONE)
  // The wall clock and the other one move alike here, so nothing is skipped.
  pass(3_600_000)
  await sweeper.sweep()
  await sweeper.sweep()
  t.equal(await storage.get(failed.id), undefined)
  t.equal(await textOf(await execute(retry.id)), whole.text)
  t.ok(readings() < whole.reads)
})

t.test('a retry whose draft cannot be moved, or is lost on the way, downloads all', async (t) => {
  for (const fault of ['fails', 'hangs', 'swept'] as const) {
    const { service, snapshots, execute, runFailing, readings, textOf, whole } = await aWorld(t)
    const failed = await runFailing('GOOGLE_TOKEN_EXPIRED')
    const { moveDraft } = snapshots
    if (fault === 'fails') snapshots.moveDraft = async () => Promise.reject(new AppError('STORAGE_UNAVAILABLE', 'away'))
    if (fault === 'hangs') snapshots.moveDraft = () => new Promise(() => undefined)
    // As if the process was killed between the two writes.
    if (fault === 'swept') await snapshots.sweepDrafts(async () => false)
    const retry = await service.retry(failed.id, ANYONE)
    snapshots.moveDraft = moveDraft
    t.equal(await textOf(await execute(retry.id)), whole.text, fault)
    t.equal(readings(), whole.reads)
  }
})

t.test('no draft is kept of what cannot go on, of a run of a schedule, and where many are kept', async (t) => {
  let hasRoom = true
  const { snapshots, runFailing } = await aWorld(t, async () => hasRoom)
  const kept = async (code: ErrorCode, run = {}) => {
    const { keepsDraft } = await runFailing(code, run)
    t.equal((await snapshots.sweepDrafts(async () => false)) > 0, keepsDraft, 'the record says what is there')
    return keepsDraft
  }
  for (const code of ['GOOGLE_TOKEN_EXPIRED', 'GOOGLE_UNREACHABLE', 'SYNC_DEADLINE_EXCEEDED'] as const)
    t.equal(await kept(code), true, code)
  for (const code of ['SHEET_FORBIDDEN', 'STORAGE_FULL', 'GOOGLE_ANSWER_INCOMPLETE'] as const)
    t.equal(await kept(code), false, code)
  t.equal(await kept('GOOGLE_TOKEN_EXPIRED', { scheduleId: 'a-schedule', tick: '2026-01-01T00:00:00Z' }), false)
  hasRoom = false
  t.equal(await kept('GOOGLE_TOKEN_EXPIRED'), false)
})

t.test('of each API key ten drafts are kept at a time', async (t) => {
  const { storage, clock, pass, runFailing } = await aWorld(t)
  const room = (createdBy: string | null) => hasRoomForDraft(storage, createdBy, clock.now())
  for (let n = 0; n < 9; n += 1) await runFailing('GOOGLE_TOKEN_EXPIRED', { createdBy: 'ann' })
  t.equal(await room('ann'), true)
  await runFailing('GOOGLE_TOKEN_EXPIRED', { createdBy: 'ann' })
  t.equal(await room('ann'), false)
  t.equal(await room('bob'), true)
  pass(TTL_MS)
  t.equal(await room('ann'), true, 'what has expired counts no more')
})
