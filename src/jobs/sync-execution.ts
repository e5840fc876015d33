import { AppError, toProblem } from '../errors.ts'
import type { ActiveSync, Sync } from '../model/sync.ts'
import type { Clock } from '../ports/clock.ts'
import { JobStop, type SyncJob } from '../ports/job-runner.ts'
import type { LeaseStore } from '../ports/lease-store.ts'
import { type Log, withFields } from '../ports/log.ts'
import type { SyncStorage } from '../ports/sync-storage.ts'
import { cancelSync, failSync, interruptSync, reportSync, succeedSync } from '../syncs/sync.ts'
import { traceFields } from '../syncs/trace-context.ts'
import { HEARTBEAT_MS } from './lease-observer.ts'
import { OwnedSync } from './owned-sync.ts'
import { ProgressWriter } from './progress-writer.ts'

/** Milliseconds that news of the record wait for more: what this process writes itself is news too. */
const NEWS_MS = 250

/** Milliseconds between two tries to record how a sync ended, while the storage refuses. */
const RECORD_RETRY_MS = 1000

export interface ExecutionOptions {
  readonly storage: SyncStorage
  readonly leases: LeaseStore
  readonly job: SyncJob
  readonly clock: Clock
  readonly log: Log
  readonly statusTtlMs: number
  readonly deadlineMs: number
}

/** One claimed sync on its way through its job: heartbeat, progress, deadline, cancellation and the recorded end. */
export class SyncExecution {
  readonly #options: ExecutionOptions
  readonly #owned: OwnedSync
  readonly #claimed: ActiveSync
  readonly #stop = new AbortController()
  /** Aborted once the service goes down, whatever the job was stopped for. */
  readonly #leaving = new AbortController()
  /** Ends the heartbeat and the deadline once the end is recorded. */
  readonly #done = new AbortController()
  readonly #progress: ProgressWriter

  constructor(options: ExecutionOptions, claimed: ActiveSync) {
    const log = withFields(options.log, traceFields(claimed))
    this.#options = { ...options, log }
    this.#claimed = claimed
    this.#owned = new OwnedSync(options.storage, claimed)
    this.#progress = new ProgressWriter({
      owned: this.#owned,
      clock: options.clock,
      log,
      onSuperseded: (stop) => this.stop(stop),
    })
  }

  /** Makes the job stop for this reason; the first reason counts. */
  stop(reason: JobStop): void {
    if (reason.why === 'interrupted') this.#leaving.abort(reason)
    if (!this.#stop.signal.aborted) this.#stop.abort(reason)
  }

  /** Runs the job and records what comes of it; resolves when that is stored, or another owner has the sync. Never rejects. */
  async run(): Promise<void> {
    const { leases, log } = this.#options
    const { id, lease } = this.#claimed
    if (this.#claimed.state === 'cancelling') this.stop(new JobStop('cancelled'))
    const life = [this.#beat(), this.#watchDeadline()]
    const unwatch = this.#watchRecord()
    const transition = await this.#execute()
    const unwritten = await this.#progress.stop()
    if (transition !== undefined) {
      await this.#record((sync) =>
        transition(unwritten === undefined ? sync : reportSync(sync, unwritten, this.#options.clock.now())),
      )
    }
    unwatch()
    this.#done.abort()
    await Promise.all(life)
    try {
      await leases.drop(id, lease.epoch)
    } catch (error) {
      log.warn({ err: error, syncId: id }, 'a lease could not be removed; the sweeper will')
    }
  }

  /** Resolves to the transition that ends (or interrupts) the sync, or to nothing when it belongs to another owner. */
  async #execute(): Promise<((sync: Sync) => Sync) | undefined> {
    const { job, clock, log, statusTtlMs } = this.#options
    const syncId = this.#claimed.id
    try {
      this.#stop.signal.throwIfAborted()
      const context = {
        signal: this.#stop.signal,
        report: this.#progress.report.bind(this.#progress),
      }
      const result = await job(this.#claimed, context)
      return (sync) => succeedSync(sync, result, clock.now(), statusTtlMs)
    } catch (thrown) {
      // Whatever a job throws once it was told to stop, it stopped for the reason it was given.
      const error: unknown = this.#stop.signal.aborted ? this.#stop.signal.reason : thrown
      if (!(error instanceof JobStop)) {
        if (!(error instanceof AppError)) log.error({ err: error, syncId }, 'a sync failed for a reason without a code')
        else log.warn({ err: error, syncId }, 'a sync failed')
        const problem = toProblem(error)
        return (sync) =>
          sync.state === 'cancelling'
            ? cancelSync(sync, clock.now(), statusTtlMs)
            : failSync(sync, problem, clock.now(), statusTtlMs)
      }
      switch (error.why) {
        case 'superseded':
          log.warn({ syncId }, 'another owner has taken the sync over; this one publishes nothing')
          return undefined
        case 'cancelled':
          return (sync) => cancelSync(sync, clock.now(), statusTtlMs)
        case 'interrupted':
          return (sync) => interruptSync(sync, clock.now())
        case 'deadline': {
          const problem = toProblem(
            new AppError(
              'SYNC_DEADLINE_EXCEEDED',
              `The sync was not done ${this.#options.deadlineMs / 1000} s after its start.`,
            ),
          )
          return (sync) => failSync(sync, problem, clock.now(), statusTtlMs)
        }
      }
    }
  }

  /** Stores the end. A storage that refuses is asked again until it takes it, or until the process is told to go. */
  async #record(transition: (sync: Sync) => Sync): Promise<void> {
    const { clock, log } = this.#options
    for (;;) {
      try {
        const sync = await this.#owned.change(transition, { durable: true })
        log.info({ syncId: sync.id, state: sync.state, revision: sync.revision }, `sync ${sync.state}`)
        return
      } catch (error) {
        if (error instanceof JobStop) return
        log.error({ err: error, syncId: this.#owned.id }, 'the end of a sync could not be recorded; trying again')
        // On the way out the record stays as it is: the next owner finds the sync by its dead lease.
        if (this.#leaving.signal.aborted) return
        await clock.sleep(RECORD_RETRY_MS, this.#leaving.signal)
      }
    }
  }

  async #beat(): Promise<void> {
    const { clock, leases, log } = this.#options
    const { id, lease } = this.#claimed
    while (!this.#done.signal.aborted) {
      try {
        await leases.beat(id, lease.epoch)
      } catch (error) {
        log.warn({ err: error, syncId: id }, 'a heartbeat failed')
      }
      await this.#look()
      await clock.sleep(HEARTBEAT_MS, this.#done.signal)
    }
  }

  /** Has a cancel or a takeover by another process seen as soon as the storage tells of it; the heartbeat sees it anyway. */
  #watchRecord(): () => void {
    let isWaiting = false
    return this.#options.storage.watch(this.#claimed.id, () => {
      if (isWaiting) return
      isWaiting = true
      void this.#options.clock.sleep(NEWS_MS, this.#done.signal).then(() => {
        isWaiting = false
        return this.#look()
      })
    })
  }

  /** Looks whether somebody else has changed what this execution must do. Never rejects. */
  async #look(): Promise<void> {
    if (this.#done.signal.aborted) return
    try {
      const sync = await this.#owned.refresh()
      if (sync.state === 'cancelling') this.stop(new JobStop('cancelled'))
    } catch (error) {
      // Once the end is recorded the record is not ours any more, and rightly so.
      if (this.#done.signal.aborted) return
      if (error instanceof JobStop) this.stop(error)
      else
        this.#options.log.warn({ err: error, syncId: this.#claimed.id }, 'the record of a running sync cannot be read')
    }
  }

  async #watchDeadline(): Promise<void> {
    const { clock, deadlineMs } = this.#options
    const startedAt = Date.parse(this.#claimed.startedAt ?? this.#claimed.createdAt)
    // A wall clock that was set may say anything of the past; the time left is never more than the whole.
    const left = Math.min(deadlineMs, Math.max(0, startedAt + deadlineMs - clock.now().getTime()))
    if (await clock.sleep(left, this.#done.signal)) this.stop(new JobStop('deadline'))
  }
}
