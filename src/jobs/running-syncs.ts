import { hostname } from 'node:os'
import { PeriodicTask } from '../concurrency/periodic-task.ts'
import { ACTIVE_STATES, isTerminal, type Sync } from '../model/sync.ts'
import { newSyncId } from '../model/sync-id.ts'
import { JobStop } from '../ports/job-runner.ts'
import { paginate } from '../ports/sync-storage.ts'
import { claimSync } from '../syncs/sync.ts'
import { traceFields } from '../syncs/trace-context.ts'
import { LeaseObserver } from './lease-observer.ts'
import { type ExecutionOptions, SyncExecution } from './sync-execution.ts'

/** Milliseconds from one scan for orphaned syncs to the next. */
const SCAN_INTERVAL_MS = 2000

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
  readonly #options: ExecutionOptions
  readonly #owner = `${hostname()}:${process.pid}:${newSyncId().slice(-12)}`
  readonly #observer: LeaseObserver
  readonly #scan: PeriodicTask
  readonly #running = new Map<string, Run>()
  #scanned = false
  #closing: JobStop | undefined

  /** `onOrphans` is given what each scan found, what was created first coming first, and enqueues it. */
  constructor(options: ExecutionOptions, onOrphans: (orphans: readonly Sync[]) => Promise<void>) {
    this.#options = options
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
   * Claims the sync and executes it. Resolves when its end is recorded; at once when it runs here already, has a live
   * owner, or has ended. Never rejects.
   */
  async execute(syncId: string): Promise<void> {
    if (this.#running.has(syncId) || this.#closing !== undefined) return
    const run: Run = { settled: Promise.resolve() }
    this.#running.set(syncId, run)
    run.settled = this.#claimAndExecute(syncId, run).finally(() => this.#running.delete(syncId))
    await run.settled
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
    this.#closing ??= new JobStop('interrupted')
    for (const { execution } of this.#running.values()) execution?.stop(this.#closing)
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

  async #claimAndExecute(syncId: string, run: Run): Promise<void> {
    const { storage, clock, log } = this.#options
    try {
      const sync = await storage.get(syncId)
      if (sync === undefined || isTerminal(sync) || !(await this.#isOrphaned(sync))) return
      const claimed = claimSync(sync, this.#owner, clock.now())
      // Another process was faster, or the sync has changed: the next scan finds it again if it is still orphaned.
      if (!(await storage.replace(claimed, sync.revision))) return
      log.info({ syncId, epoch: claimed.lease.epoch, attempt: claimed.attempt, ...traceFields(claimed) }, 'sync begun')
      run.execution = new SyncExecution(this.#options, claimed)
      if (this.#closing !== undefined) run.execution.stop(this.#closing)
      await run.execution.execute()
    } catch (error) {
      // The outermost boundary of a background task: whatever one sync met must not end the service and all the others.
      log.error({ err: error, syncId }, 'a sync could not be begun; it is retried after the next scan')
    }
  }
}
