import { PendingWork } from '../concurrency/pending-work.ts'
import { AppError } from '../errors.ts'
import { isTerminal, type Sync } from '../model/sync.ts'
import { newSyncId } from '../model/sync-id.ts'
import { syncRequestBody } from '../model/sync-request.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Metrics } from '../ports/metrics.ts'
import type { SyncStorage } from '../ports/sync-storage.ts'
import type { Caller } from '../syncs/caller.ts'
import type { SyncService } from '../syncs/sync-service.ts'
import { pauseSchedule, type Schedule } from './schedule.ts'
import type { ScheduleStore, StoredSchedule } from './schedule-store.ts'
import {
  type ClaimedSchedule,
  claimRun,
  dropRun,
  type EndRules,
  failRun,
  isClaimed,
  noteSyncEnd,
  postponeCheck,
  reckonAnew,
  refuseRun,
  releaseRun,
  settleRun,
} from './schedule-ticks.ts'

/** The longest from the claim of a run to the record of its sync, and the share of STATUS_TTL that it may be at the most. */
const START_LIMIT = { ms: 60_000, ofStatusTtl: 0.5 }

/** What of a refusal says that whoever made the schedule may not do this any more. */
const FORBIDDEN: readonly string[] = [
  'SPREADSHEET_NOT_ALLOWED',
  'CREDENTIAL_NOT_ALLOWED',
  'ACT_AS_NOT_ALLOWED',
  'API_KEY_INVALID',
  'API_KEY_SCOPE',
]

export interface TickRunsOptions {
  readonly store: ScheduleStore
  readonly service: Pick<SyncService, 'start'>
  readonly storage: Pick<SyncStorage, 'get'>
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Pick<Metrics, 'tickClaimed' | 'tickEnded'>
  /** Who this name stands for by now, with the right to start syncs; throws an AppError that says why it has none. */
  readonly authorize: (createdBy: string | null) => Caller
  readonly ends: EndRules
  /** From 0 up to 1, for jitter. Default: Math.random. */
  readonly random?: () => number
}

/**
 * Works off what is due of a schedule: claims the run by a compare-and-swap that names its sync, starts that, and settles
 * the run. So each tick has one sync, whatever dies or sleeps in between: who takes up what another has claimed starts the
 * very same sync, which can be recorded once.
 */
export class TickRuns {
  readonly #options: TickRunsOptions
  readonly #ends = new PendingWork()

  constructor(options: TickRunsOptions) {
    this.#options = options
  }

  /**
   * Does what is due of this schedule now, if anything is. Resolves when its run is settled, or left to be tried again;
   * to whether its webhook is to be told that it has paused itself.
   */
  async work(id: string): Promise<{ readonly noticeIsDue: boolean }> {
    const { store } = this.#options
    let found = await store.find(id)
    if (found !== undefined && (await this.#checkLatest(found.schedule, found.now))) found = await store.find(id)
    if (found === undefined) return { noticeIsDue: false }
    await this.#runIfDue(found)
    const { notice } = found.schedule
    return { noticeIsDue: notice !== null && Date.parse(notice.nextAttemptAt) <= found.now.getTime() }
  }

  async #runIfDue(found: StoredSchedule): Promise<void> {
    const { store } = this.#options
    const claimed = claimRun(found.schedule, newSyncId(), found.now)
    if (claimed === undefined || !(await store.replace(claimed, found.version))) return
    const { run } = claimed
    if (run.trigger === 'time' && run.tries === 0) {
      this.#options.metrics.tickClaimed((found.now.getTime() - Date.parse(run.tick)) / 1000)
    }
    await this.#start(claimed, found.now)
  }

  /** Notes how a run has ended, soon. What is not noted now is looked at later, and before the sync is forgotten. */
  notify(sync: Sync): void {
    if (sync.scheduleId === null || !isTerminal(sync)) return
    const noting = this.#ends.run(() => this.noteEnd(sync))
    noting.catch((error: unknown) => {
      this.#options.log.warn(
        { err: error, syncId: sync.id },
        'the end of a run could not be noted; it is looked at later',
      )
    })
  }

  /** Notes on the schedule of a sync how that has ended. */
  async noteEnd(sync: Sync): Promise<void> {
    if (sync.scheduleId === null) return
    await this.#change(sync.scheduleId, (schedule, now) => noteSyncEnd(schedule, sync, now, this.#options.ends))
  }

  /** Reckons when each schedule runs next by the clock as it is now: it was set back, or may have been. */
  async reckonAnew(signal: AbortSignal): Promise<void> {
    const { store, log } = this.#options
    for (const id of await store.ids()) {
      if (signal.aborted) return
      await store
        .change(id, reckonAnew)
        .catch((error: unknown) => log.warn({ err: error, scheduleId: id }, 'a schedule could not be read'))
    }
  }

  /** Waits until the ends are noted that are known. */
  close(): Promise<void> {
    return this.#ends.settled()
  }

  /** Looks how the latest sync has ended, when it is time to, or the next run comes. Resolves to whether something was noted. */
  async #checkLatest({ id, lastSync, checkAt, nextRunAt }: Schedule, now: Date): Promise<boolean> {
    const isDue = [checkAt, nextRunAt].some((at) => at !== null && Date.parse(at) <= now.getTime())
    if (lastSync === null || lastSync.finishedAt !== null || !isDue) return false
    const { storage, ends } = this.#options
    const sync = await storage.get(lastSync.id)
    await this.#change(id, (schedule, at) => {
      if (schedule.lastSync?.id !== lastSync.id) return schedule
      if (sync !== undefined && isTerminal(sync)) return noteSyncEnd(schedule, sync, at, ends)
      return postponeCheck(schedule, at, sync === undefined, ends)
    })
    return true
  }

  async #start(claimed: ClaimedSchedule, now: Date): Promise<void> {
    const { clock, log, ends, metrics } = this.#options
    const { id, run } = claimed
    const fields = { scheduleId: id, syncId: run.syncId, tick: run.tick }
    const limitMs = Math.min(START_LIMIT.ms, ends.statusTtlMs * START_LIMIT.ofStatusTtl)
    const [began, beganAt] = [clock.monotonic(), clock.now().getTime()]
    // A machine that sleeps may stop the one clock, and not the other.
    const isLate = () => Math.max(clock.monotonic() - began, clock.now().getTime() - beganAt) > limitMs
    try {
      const sync = await this.#findOrStart(claimed, isLate)
      if (sync === undefined) {
        await this.#change(id, (schedule, at) => dropRun(schedule, run.syncId, at))
        return
      }
      await this.#change(id, (schedule, at) => settleRun(schedule, run.syncId, sync, at, ends))
      const joined = sync.id !== run.syncId
      metrics.tickEnded(joined ? 'joined' : 'started')
      log.info(
        { ...fields, ...(joined && { syncId: sync.id }) },
        joined ? 'a run has joined a sync' : 'a run has begun',
      )
    } catch (error) {
      await this.#noteRefusal(claimed, error, now)
    }
  }

  /** The sync of the run; `undefined` for one that is not to be started any more. */
  async #findOrStart(
    { id, run, state, request, createdBy }: ClaimedSchedule,
    isLate: () => boolean,
  ): Promise<Sync | undefined> {
    const { storage, service, store, authorize } = this.#options
    const present = await storage.get(run.syncId)
    if (present !== undefined) return present
    if (state === 'paused') return undefined
    const caller = authorize(createdBy)
    const checked = syncRequestBody.safeParse(request)
    if (!checked.success) throw new AppError('VALIDATION_FAILED', 'The request of the schedule is not valid any more.')
    const skip = run.trigger === 'change' ? ({ ifUnchanged: 'skip' } as const) : {}
    const scheduled = {
      scheduleId: id,
      tick: run.tick,
      background: true,
      beforeCreate() {
        // Another process has taken the run up long ago, and its sync may have been forgotten since.
        if (isLate()) throw new TooLate()
      },
      async isStillDue() {
        const latest = await store.find(id)
        return latest !== undefined && isClaimed(latest.schedule, run.syncId)
      },
    }
    try {
      return await service.start({ ...checked.data, ...skip, ifActive: 'join' }, caller, {
        id: run.syncId,
        run: scheduled,
      })
    } catch (error) {
      if (error instanceof AppError && error.code === 'SYNC_EXISTS') return storage.get(run.syncId)
      throw error
    }
  }

  async #noteRefusal({ id, run }: ClaimedSchedule, error: unknown, claimedAt: Date): Promise<void> {
    const { log, metrics, ends, random = Math.random } = this.#options
    const fields = { scheduleId: id, syncId: run.syncId, tick: run.tick }
    if (error instanceof TooLate) {
      log.warn({ ...fields, claimedAt }, 'a run was not begun: this process has slept since it was claimed')
      return
    }
    if (!(error instanceof AppError)) throw error
    const why = { ...fields, code: error.code, reason: error.message }
    if (error.code === 'SHUTTING_DOWN') {
      await this.#change(id, (schedule, now) => releaseRun(schedule, run.syncId, now))
    } else if (FORBIDDEN.includes(error.code)) {
      const pause = { reason: 'forbidden', code: error.code, message: error.message } as const
      await this.#change(id, (schedule, now) => {
        const dropped = dropRun(schedule, run.syncId, now)
        return dropped && pauseSchedule(dropped, pause, now)
      })
      metrics.tickEnded('forbidden')
      log.warn(why, 'a schedule was paused, as whose it is may not have this downloaded any more')
    } else if (error.retryable || error.code === 'SNAPSHOTS_FULL') {
      await this.#change(id, (schedule, now) => refuseRun(schedule, run.syncId, error, now, random()))
      metrics.tickEnded('refused')
      log.info(why, 'there is no room for a run now; it is tried again')
    } else {
      await this.#change(id, (schedule, now) => failRun(schedule, run.syncId, error, now, ends))
      metrics.tickEnded('failed')
      log.warn(why, 'a run could not be begun')
    }
  }

  /** Logs when the schedule has paused itself by that. */
  async #change(id: string, transition: (schedule: Schedule, now: Date) => Schedule | undefined): Promise<void> {
    const { store, log } = this.#options
    let isPausedNow = false
    const latest = await store.change(id, (schedule, now) => {
      const next = transition(schedule, now)
      isPausedNow = schedule.state === 'active' && next?.state === 'paused'
      return next
    })
    if (isPausedNow) log.warn({ scheduleId: id, ...latest?.pause }, 'a schedule has paused itself')
  }
}

/** The claim of a run is too old for its sync to be recorded. */
class TooLate extends Error {
  override readonly name = 'TooLate'
}
