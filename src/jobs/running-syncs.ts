import { hostname } from 'node:os'
import { isTerminal, type Sync } from '../model/sync.ts'
import { newSyncId } from '../model/sync-id.ts'
import { JobStop } from '../ports/job-runner.ts'
import { claimSync } from '../syncs/sync.ts'
import { traceFields } from '../syncs/trace-context.ts'
import { LeaseObserver } from './lease-observer.ts'
import { type ExecutionOptions, SyncExecution } from './sync-execution.ts'

interface Run {
  settled: Promise<void>
  execution?: SyncExecution
}

/**
 * The syncs that this process runs. Several processes may share one storage: the claim is a compare-and-set, so each sync
 * has one owner, and a job that is delivered twice or late changes nothing.
 */
export class RunningSyncs {
  readonly #options: ExecutionOptions
  readonly #owner = `${hostname()}:${process.pid}:${newSyncId().slice(-12)}`
  readonly #observer: LeaseObserver
  readonly #running = new Map<string, Run>()
  #closing: JobStop | undefined

  constructor(options: ExecutionOptions) {
    this.#options = options
    this.#observer = new LeaseObserver(options.leases, options.clock)
  }

  get size(): number {
    return this.#running.size
  }

  has(syncId: string): boolean {
    return this.#running.has(syncId)
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

  /** Whether nobody runs the sync: nobody ever did, it was given back, or its owner is dead. */
  async isOrphaned(sync: Sync): Promise<boolean> {
    if (sync.lease.owner === null || sync.lease.owner === this.#owner) return true
    return this.#observer.isOwnerDead(sync.id, sync.lease.epoch)
  }

  /** Forgets what was observed of the owners of other syncs than these. */
  retainObservations(syncIds: ReadonlySet<string>): void {
    this.#observer.retainOnly(syncIds)
  }

  /** Begins no more; has every job save its checkpoint, and resolves when all are recorded as `interrupted`. Idempotent. */
  async close(): Promise<void> {
    this.#closing ??= new JobStop('interrupted')
    for (const { execution } of this.#running.values()) execution?.stop(this.#closing)
    await Promise.all([...this.#running.values()].map(({ settled }) => settled))
  }

  async #claimAndExecute(syncId: string, run: Run): Promise<void> {
    const { storage, clock, log } = this.#options
    try {
      const sync = await storage.get(syncId)
      if (sync === undefined || isTerminal(sync) || !(await this.isOrphaned(sync))) return
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
