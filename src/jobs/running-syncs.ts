import { hostname } from 'node:os'
import { PeriodicTask } from '../concurrency/periodic-task.ts'
import { ACTIVE_STATES, isTerminal, type Sync } from '../model/sync.ts'
import { newSyncId } from '../model/sync-id.ts'
import { JobStop } from '../ports/job-runner.ts'
import { paginate } from '../ports/sync-storage.ts'
import { claimSync, isLastAttempt } from '../syncs/sync.ts'
import { traceFields } from '../syncs/trace-context.ts'
import { LeaseObserver } from './lease-observer.ts'
import { type ExecutionOptions, SyncExecution } from './sync-execution.ts'
import { type SyncSlot, SyncSlots } from './sync-slots.ts'

/** Milliseconds from one scan for orphaned syncs to the next. */
const SCAN_INTERVAL_MS = 2000

interface RunningSyncsOptions extends ExecutionOptions {
  /** How many syncs run at once in this process. */
  readonly concurrency: number
}

interface Run {
  settled: Promise<void>
  execution?: SyncExecution
}

/**
 * The syncs that this process runs. Several processes may share one storage: the claim is a compare-and-set, so each sync
 * has one owner, and a job that is delivered twice or late changes nothing. A scan of the active syncs every two seconds
 * finds the orphans: those that were never enqueued, or whose owner died.
 */
export class RunningSyncs {
  readonly #options: RunningSyncsOptions
  readonly #slots: SyncSlots
  readonly #owner = `${hostname()}:${process.pid}:${newSyncId().slice(-12)}`
  readonly #observer: LeaseObserver
  readonly #scan: PeriodicTask
  readonly #running = new Map<string, Run>()
  /** What may be the one that kills its process: tried one at a time, so that none dies of another's fault again. */
  #suspect: Run | undefined
  #scanned = false
  readonly #closing = new AbortController()

  /** `onOrphans` is given what each scan found, what was created first coming first, and enqueues it. */
  constructor(options: RunningSyncsOptions, onOrphans: (orphans: readonly Sync[]) => Promise<void>) {
    this.#options = options
    this.#slots = new SyncSlots(options.concurrency)
    this.#observer = new LeaseObserver(options.leases, options.clock)
    this.#scan = new PeriodicTask({
      clock: options.clock,
      intervalMs: SCAN_INTERVAL_MS,
      run: async (signal) => {
        const orphans = await this.#findOrphans(signal)
        if (!signal.aborted) await onOrphans(orphans)
        this.#scanned = true
      },
      onError: (error) => options.log.error({ err: error }, 'the scan for orphaned syncs failed; it is repeated'),
    })
  }

  /** Whether one scan has been completed. */
  get scanned(): boolean {
    return this.#scanned
  }

  get size(): number {
    return this.#running.size
  }

  has(syncId: string): boolean {
    return this.#running.has(syncId)
  }

  /** The first scan begins at once. */
  startScan(): void {
    this.#scan.start()
  }

  /**
   * Claims the sync and executes it, as soon as a slot is free. Resolves when its end is recorded, or earlier when it has
   * released its slot; at once when it is here already, has a live owner, or has ended, and when the signal is aborted
   * before there was a slot. Never rejects.
   */
  async execute(syncId: string, signal = this.#closing.signal): Promise<void> {
    if (this.#running.has(syncId) || this.#closing.signal.aborted) return
    const run: Run = { settled: Promise.resolve() }
    this.#running.set(syncId, run)
    const released = Promise.withResolvers<void>()
    run.settled = this.#executeInSlot(syncId, run, AbortSignal.any([signal, this.#closing.signal]), released.resolve)
    await Promise.race([run.settled, released.promise])
  }

  /** Stops the job of a sync whose cancel was recorded, if it runs here. */
  cancel(syncId: string): void {
    this.#running.get(syncId)?.execution?.stop(new JobStop('cancelled'))
  }

  /**
   * Begins no more, scans included; has every job save its checkpoint, and resolves when all are recorded as
   * `interrupted`. Idempotent.
   */
  async close(): Promise<void> {
    const stop = new JobStop('interrupted')
    this.#closing.abort(stop)
    for (const { execution } of this.#running.values()) execution?.stop(stop)
    await Promise.all([this.#scan.stop(), ...[...this.#running.values()].map(({ settled }) => settled)])
  }

  /** Whether nobody runs the sync: nobody ever did, it was given back, or its owner is dead. */
  async #isOrphaned({ id, lease }: Sync): Promise<boolean> {
    if (lease.owner === null || lease.owner === this.#owner) return true
    return this.#observer.isOwnerDead(id, lease.epoch)
  }

  /** Resolves to what was created first first. */
  async #findOrphans(signal: AbortSignal): Promise<readonly Sync[]> {
    const seen = new Set<string>()
    const orphans: Sync[] = []
    for await (const sync of paginate(this.#options.storage, { states: ACTIVE_STATES, signal })) {
      seen.add(sync.id)
      if (!this.#running.has(sync.id) && (await this.#isOrphaned(sync))) orphans.push(sync)
    }
    this.#observer.retainOnly(seen)
    // Pages come newest first.
    return orphans.reverse()
  }

  async #executeInSlot(syncId: string, run: Run, signal: AbortSignal, onRelease: () => void): Promise<void> {
    let slot: SyncSlot | undefined
    try {
      slot = await this.#slots.take(signal, onRelease)
      await this.#claimAndExecute(syncId, run, slot)
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      slot?.end()
      this.#running.delete(syncId)
      if (this.#suspect === run) this.#suspect = undefined
    }
  }

  async #claimAndExecute(syncId: string, run: Run, slot: SyncSlot): Promise<void> {
    const { storage, clock, log } = this.#options
    try {
      const sync = await storage.get(syncId)
      if (sync === undefined || isTerminal(sync) || !(await this.#isOrphaned(sync))) return
      const claimed = claimSync(sync, this.#owner, clock.now())
      if (isLastAttempt(claimed)) {
        if (this.#suspect !== undefined && this.#suspect.execution?.hasCheckpoint !== true) return
        this.#suspect = run
      }
      // Another process was faster, or the sync has changed: the next scan finds it again if it is still orphaned.
      if (!(await storage.replace(claimed, sync.revision))) return
      log.info({ syncId, epoch: claimed.lease.epoch, attempt: claimed.attempt, ...traceFields(claimed) }, 'sync begun')
      run.execution = new SyncExecution(this.#options, claimed, slot)
      if (this.#closing.signal.aborted) run.execution.stop(new JobStop('interrupted'))
      await run.execution.execute()
    } catch (error) {
      // The outermost boundary of a background task: whatever one sync met must not end the service and all the others.
      log.error({ err: error, syncId }, 'a sync could not be begun; it is retried after the next scan')
    }
  }
}
