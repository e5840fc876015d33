import { hostname } from 'node:os'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import type { LeaseStore } from '../storage/lease-store.ts'
import type { SyncStorage } from '../storage/sync-storage.ts'
import { claimSync, isTerminal, type Sync } from '../syncs/sync.ts'
import { newSyncId } from '../syncs/sync-id.ts'
import { ACTIVE_STATES } from '../syncs/sync-schema.ts'
import { traceFields } from '../syncs/trace-context.ts'
import { type JobRunner, JobStop, type SyncJob } from './job-runner.ts'
import { LeaseWatch } from './lease-watch.ts'
import { SyncExecution } from './sync-execution.ts'

/** Milliseconds between two looks for syncs that nobody runs. */
export const SCAN_INTERVAL_MS = 2000

export interface InProcessRunnerOptions {
  readonly storage: SyncStorage
  readonly leases: LeaseStore
  readonly job: SyncJob
  readonly clock: Clock
  readonly log: Log
  /** How many syncs run at once in this process. */
  readonly concurrency: number
  /** Milliseconds a finished sync is remembered. */
  readonly statusTtlMs: number
  /** Milliseconds a sync may take from its first start on. */
  readonly deadlineMs: number
}

/**
 * Runs syncs in this process. Several processes may share one storage: the claim is a compare-and-set, so each sync has
 * one owner, and what a dead process leaves is found by a look through the active syncs every two seconds.
 */
export class InProcessRunner implements JobRunner {
  readonly #options: InProcessRunnerOptions
  readonly #owner = `${hostname()}:${process.pid}:${newSyncId().slice(-12)}`
  readonly #watch: LeaseWatch
  /** Waiting here, oldest first. */
  readonly #queue = new Set<string>()
  readonly #running = new Map<string, { readonly settled: Promise<void>; execution?: SyncExecution }>()
  readonly #closing = new AbortController()
  #scanning: Promise<void> | undefined
  #closed: Promise<void> | undefined
  #recovered = false

  constructor(options: InProcessRunnerOptions) {
    this.#options = options
    this.#watch = new LeaseWatch(options.leases, options.clock)
  }

  /** Whether the syncs that an earlier process left were looked through once. */
  get recovered(): boolean {
    return this.#recovered
  }

  async start(): Promise<void> {
    await this.#options.leases.start()
    this.#scanning ??= this.#scanRegularly()
  }

  async enqueue(syncId: string): Promise<void> {
    if (this.#closing.signal.aborted || this.#running.has(syncId)) return
    this.#queue.add(syncId)
    this.#fill()
  }

  hintCancel(syncId: string): void {
    this.#queue.delete(syncId)
    this.#running.get(syncId)?.execution?.stop(new JobStop('cancelled'))
  }

  close(): Promise<void> {
    this.#closed ??= this.#drain()
    return this.#closed
  }

  async #drain(): Promise<void> {
    const stop = new JobStop('interrupted')
    this.#closing.abort(stop)
    this.#queue.clear()
    for (const { execution } of this.#running.values()) execution?.stop(stop)
    await Promise.all([...this.#running.values()].map(({ settled }) => settled))
    await this.#scanning
    await this.#options.leases.close()
  }

  #fill(): void {
    for (const syncId of this.#queue) {
      if (this.#running.size >= this.#options.concurrency) return
      this.#queue.delete(syncId)
      const run: { settled: Promise<void>; execution?: SyncExecution } = { settled: Promise.resolve() }
      this.#running.set(syncId, run)
      run.settled = this.#run(syncId, (execution) => {
        run.execution = execution
      }).finally(() => {
        this.#running.delete(syncId)
        if (!this.#closing.signal.aborted) this.#fill()
      })
    }
  }

  async #run(syncId: string, started: (execution: SyncExecution) => void): Promise<void> {
    const { storage, clock, log } = this.#options
    try {
      const sync = await storage.get(syncId)
      if (sync === undefined || isTerminal(sync) || !(await this.#isFree(sync))) return
      const claimed = claimSync(sync, this.#owner, clock.now())
      // Somebody else was faster, or the sync has changed: the next look finds it again if it is still free.
      if (!(await storage.replace(claimed, sync.revision))) return
      log.info({ syncId, epoch: claimed.lease.epoch, attempt: claimed.attempt, ...traceFields(claimed) }, 'sync begun')
      const execution = new SyncExecution(this.#options, claimed)
      started(execution)
      if (this.#closing.signal.aborted) execution.stop(new JobStop('interrupted'))
      await execution.run()
    } catch (error) {
      // The outermost boundary of a background task: whatever one sync met must not end the service and all the others.
      log.error({ err: error, syncId }, 'a sync could not be begun; it is tried again with the next look')
    }
  }

  /** Whether nobody runs the sync: nobody ever did, it was given back, or its owner is dead. */
  async #isFree(sync: Sync): Promise<boolean> {
    if (sync.lease.owner === null || sync.lease.owner === this.#owner) return true
    return this.#watch.ownerIsDead(sync.id, sync.lease.epoch)
  }

  async #scanRegularly(): Promise<void> {
    const { clock, log } = this.#options
    while (!this.#closing.signal.aborted) {
      try {
        await this.#scan()
        this.#recovered = true
      } catch (error) {
        // As above: the next look must come, whatever this one met.
        log.error({ err: error }, 'the look for orphaned syncs failed; it is repeated')
      }
      try {
        await clock.sleep(SCAN_INTERVAL_MS, this.#closing.signal)
      } catch (reason) {
        if (!(reason instanceof JobStop)) throw reason
      }
    }
  }

  async #scan(): Promise<void> {
    const seen = new Set<string>()
    const free: string[] = []
    let pageToken: string | undefined
    do {
      const page = await this.#options.storage.list({
        states: ACTIVE_STATES,
        pageSize: 1000,
        ...(pageToken === undefined ? {} : { pageToken }),
      })
      for (const sync of page.syncs) {
        seen.add(sync.id)
        if (!this.#running.has(sync.id) && (await this.#isFree(sync))) free.push(sync.id)
      }
      pageToken = page.nextPageToken
    } while (pageToken !== undefined)
    this.#watch.keepOnly(seen)
    // Pages come newest first; what was asked for first is run first.
    for (const syncId of free.reverse()) await this.enqueue(syncId)
  }
}
