import { PeriodicTask } from '../concurrency/periodic-task.ts'
import { AppError } from '../errors.ts'
import { type Problem, toProblem } from '../model/problem.ts'
import type { ActiveSync, Sync, SyncFault } from '../model/sync.ts'
import { type SyncReport, syncReport } from '../model/sync-report.ts'
import type { Clock } from '../ports/clock.ts'
import { JobStop, type Slot, type SyncJob } from '../ports/job-runner.ts'
import { type Log, withFields } from '../ports/log.ts'
import type { SyncStorage } from '../ports/sync-storage.ts'
import { cancelSync, failSync, interruptSync, reportSync, succeedSync, withReport } from '../syncs/sync.ts'
import { traceFields } from '../syncs/trace-context.ts'
import { ExecutionLog } from './execution-log.ts'
import { HEARTBEAT_MS } from './lease-observer.ts'
import type { LeaseStore } from './lease-store.ts'
import { LeasedSync } from './leased-sync.ts'

/** The record is read and written at most four times a second: more than a poller can see, less than a disk can feel. */
const EXCHANGE_INTERVAL_MS = 250

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

type Transition = (sync: Sync) => Sync

/** One claimed sync on its way through its job: heartbeat, progress, deadline, cancellation and the recorded end. */
export class SyncExecution {
  readonly #options: ExecutionOptions
  readonly #leased: LeasedSync
  readonly #claimed: ActiveSync
  readonly #slot: Slot | undefined
  readonly #told: ExecutionLog
  readonly #began: number
  readonly #stop = new AbortController()
  /** Aborted once the service goes down, whatever the job was stopped for. */
  readonly #leaving = new AbortController()
  readonly #heartbeat: PeriodicTask
  readonly #exchange: PeriodicTask
  /** What the job has reported and nobody has written yet. */
  #unwritten: SyncReport | undefined
  /** The latest fault that the job has reported. */
  #latestFault: SyncFault | undefined
  #hasCheckpoint = false
  /** What the job has thrown, unless it was told to stop. */
  #failure: unknown
  /** Whether the record may have changed since it was read; this process is notified of its own writes too. */
  #isStale = false

  /** `slot`: what the job may release while it can do nothing. */
  constructor(options: ExecutionOptions, claimed: ActiveSync, slot?: Slot) {
    const log = withFields(options.log, traceFields(claimed))
    this.#options = { ...options, log }
    this.#claimed = claimed
    this.#slot = slot
    this.#began = options.clock.monotonic()
    this.#leased = new LeasedSync(options.storage, claimed)
    this.#told = new ExecutionLog(log, claimed.id)
    const { id: syncId, lease } = claimed
    const onErrorOf = (task: string) => (error: unknown) => {
      if (error instanceof JobStop) this.stop(error)
      else log.warn({ err: error, syncId }, `${task} failed; it is repeated`)
    }
    this.#heartbeat = new PeriodicTask({
      clock: options.clock,
      intervalMs: HEARTBEAT_MS,
      run: () => options.leases.renew(syncId, lease.epoch).finally(() => this.#poll()),
      onError: onErrorOf('a heartbeat'),
    })
    this.#exchange = new PeriodicTask({
      clock: options.clock,
      intervalMs: EXCHANGE_INTERVAL_MS,
      run: () => this.#exchangeWithRecord(),
      // A full disk must not end a download that still can succeed; the next report holds the progress too.
      onError: onErrorOf('writing the progress of a sync'),
    })
  }

  /** Whether the job has reported that a checkpoint of this attempt is durable. */
  get hasCheckpoint(): boolean {
    return this.#hasCheckpoint
  }

  /** Makes the job stop for this reason; the first reason counts. */
  stop(reason: JobStop): void {
    if (reason.why === 'interrupted') this.#leaving.abort(reason)
    if (!this.#stop.signal.aborted) this.#stop.abort(reason)
  }

  /** Executes the job and records its outcome; resolves when that is stored, or another owner has the sync. Never rejects. */
  async execute(): Promise<void> {
    const { leases, log } = this.#options
    const { id, lease } = this.#claimed
    if (this.#claimed.state === 'cancelling') this.stop(new JobStop('cancelled'))
    this.#heartbeat.start()
    this.#exchange.start()
    const jobEnded = new AbortController()
    const deadline = this.#enforceDeadline(jobEnded.signal)
    const unwatch = this.#options.storage.watch(id, () => {
      this.#isStale = true
    })
    const transition = await this.#executeJob()
    jobEnded.abort()
    unwatch()
    await Promise.all([this.#exchange.stop(), deadline])
    const unwritten = this.#unwritten
    if (transition !== undefined) {
      await this.#record((sync) => transition(unwritten === undefined ? sync : withReport(sync, unwritten)))
    }
    await this.#heartbeat.stop()
    try {
      await leases.release(id, lease.epoch)
    } catch (error) {
      log.warn({ err: error, syncId: id }, 'a lease could not be released; the sweeper will remove it')
    }
  }

  /** Resolves to the transition that ends (or interrupts) the sync; to nothing when another owner has it. */
  async #executeJob(): Promise<Transition | undefined> {
    const { job, clock, statusTtlMs } = this.#options
    try {
      this.#stop.signal.throwIfAborted()
      const result = await job(this.#claimed, {
        signal: this.#stop.signal,
        report: (report) => this.#report(report),
        slot: this.#slot,
      })
      requireWhole(result.report)
      return (sync) => succeedSync(sync, result, clock.now(), statusTtlMs)
    } catch (error) {
      // Whatever a job throws once its signal is aborted, it stopped for the signal's reason.
      return this.#transitionAfter(this.#stop.signal.aborted ? this.#stop.signal.reason : error)
    }
  }

  #report(report: SyncReport): void {
    requireWhole(report)
    const before = this.#unwritten
    this.#unwritten = { ...before, ...report, progress: { ...before?.progress, ...report.progress } }
    this.#latestFault = report.progress?.fault ?? this.#latestFault
    this.#hasCheckpoint ||= report.checkpointed === true
  }

  #transitionAfter(error: unknown): Transition | undefined {
    const { clock, log, statusTtlMs, deadlineMs } = this.#options
    const syncId = this.#claimed.id
    const cancel: Transition = (sync) => cancelSync(sync, clock.now(), statusTtlMs)
    const failWith = (problem: Problem): Transition => {
      return (sync) => failSync(sync, problem, clock.now(), statusTtlMs)
    }
    if (!(error instanceof JobStop)) {
      this.#failure = error
      const fail = failWith(toProblem(error))
      return (sync) => (sync.state === 'cancelling' ? cancel(sync) : fail(sync))
    }
    switch (error.why) {
      case 'superseded':
        log.warn({ syncId }, 'another owner has taken the sync over; this one publishes nothing')
        return undefined
      case 'cancelled':
        return cancel
      case 'interrupted':
        return (sync) => interruptSync(sync, clock.now(), this.#ranMs)
      case 'deadline': {
        const fault = this.#latestFault && ` The last fault: ${this.#latestFault.detail} (${this.#latestFault.code})`
        const detail = `The sync was not done after it had run for ${deadlineMs / 1000} s.${fault ?? ''}`
        return failWith(toProblem(new AppError('SYNC_DEADLINE_EXCEEDED', detail)))
      }
    }
  }

  /** Stores the end. While the storage refuses, retries until it accepts, or until the process goes down. */
  async #record(transition: Transition): Promise<void> {
    const { clock, log } = this.#options
    for (;;) {
      try {
        const sync = await this.#leased.change(transition, { durable: true })
        this.#told.ended(sync, this.#failure)
        return
      } catch (error) {
        if (error instanceof JobStop) return
        log.error({ err: error, syncId: this.#claimed.id }, 'the end of a sync could not be recorded; trying again')
        // When the process goes down the record stays as it is: the next owner finds the sync by its dead lease.
        if (this.#leaving.signal.aborted) return
        await clock.sleep(RECORD_RETRY_MS, this.#leaving.signal)
      }
    }
  }

  /** Polls if the storage has notified of a change, which may be a cancel or a takeover; writes the latest progress. */
  async #exchangeWithRecord(): Promise<void> {
    if (this.#isStale) await this.#poll()
    const report = this.#unwritten
    if (report === undefined) return
    this.#unwritten = undefined
    if (report.progress?.fault !== undefined) this.#told.hindered(report.progress.fault)
    const { clock } = this.#options
    await this.#leased.change((sync) => reportSync(sync, { ...report, ranMs: this.#ranMs }, clock.now()), {
      durable: false,
    })
  }

  /** Milliseconds for which the sync was run, by all its owners. */
  get #ranMs(): number {
    return Math.round(this.#claimed.ranMs + this.#options.clock.monotonic() - this.#began)
  }

  /** Reads whether another process has cancelled the sync. Rejects with a JobStop if one has taken it over. */
  async #poll(): Promise<void> {
    this.#isStale = false
    const sync = await this.#leased.reload()
    if (sync.state === 'cancelling') this.stop(new JobStop('cancelled'))
  }

  async #enforceDeadline(jobEnded: AbortSignal): Promise<void> {
    const { clock, deadlineMs } = this.#options
    if (await clock.sleep(deadlineMs - this.#claimed.ranMs, jobEnded)) this.stop(new JobStop('deadline'))
  }
}

/** Throws for a report that would make a record which nobody could read. */
function requireWhole(report: SyncReport): void {
  const { error } = syncReport.safeParse(report)
  if (error !== undefined) throw new TypeError('a job reported what no sync may hold', { cause: error })
}
