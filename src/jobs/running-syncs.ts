import { hostname } from 'node:os'
import { PendingWork } from '../concurrency/pending-work.ts'
import { PeriodicTask } from '../concurrency/periodic-task.ts'
import { ACTIVE_STATES, isTerminal, type Sync } from '../model/sync.ts'
import { newSyncId } from '../model/sync-id.ts'
import { JobStop } from '../ports/job-runner.ts'
import { paginate } from '../ports/sync-storage.ts'
import { isLastAttempt } from '../syncs/poisoned-sync.ts'
import { claimSync } from '../syncs/sync.ts'
import { traceFields } from '../syncs/trace-context.ts'
import { LeaseObserver } from './lease-observer.ts'
import { type ExecutionOptions, SyncExecution } from './sync-execution.ts'
import { type SyncSlot, SyncSlots } from './sync-slots.ts'

/** Milliseconds from one scan for orphaned syncs to the next. */
const SCAN_INTERVAL_MS = 2000

/** The same while every slot is taken: whose turn is next is decided among the syncs that are known here. */
const BUSY_SCAN_INTERVAL_MS = 1000

/** Slots for syncs that nobody waits for, beside all others and for each of them. */
const BACKGROUND_SHARE = 0.5

interface RunningSyncsOptions extends ExecutionOptions {
  /** How many syncs that somebody waits for run at once in this process; half as many more run that nobody waits for. */
  readonly concurrency: number
}

interface Run {
  /** Whether it waits for a slot of those for which nobody waits. */
  readonly background: boolean
  /** Until it has a slot. */
  isWaiting: boolean
  /** Makes it wait no longer for a slot. */
  readonly leave: AbortController
  /** Resolves when another sync may run in its place, at its end at the latest. */
  readonly released: Promise<void>
  settled: Promise<void>
  execution?: SyncExecution
}

/**
 * The syncs that this process runs. Several processes may share one storage: the claim is a compare-and-set, so each sync
 * has one owner, and one that is named twice or late changes nothing. A scan of the active syncs every one or two seconds
 * finds the orphans: those that nobody was notified of, or whose owner died. All that are known wait here, and which of
 * them is claimed next is decided by whose turn it is among those who asked for them (`createdBy`), in each process.
 */
export class RunningSyncs {
  readonly #options: RunningSyncsOptions
  readonly #slots: SyncSlots
  /** For syncs that nobody waits for: none of them ever has a slot of the others. */
  readonly #backgroundSlots: SyncSlots
  readonly #owner = `${hostname()}:${process.pid}:${newSyncId().slice(-12)}`
  readonly #observer: LeaseObserver
  readonly #scan: PeriodicTask
  readonly #running = new Map<string, Run>()
  readonly #reads = new PendingWork()
  /** What may be the one that kills its process: tried one at a time, so that none dies of another's fault again. */
  #suspect: Run | undefined
  #scanned = false
  readonly #closing = new AbortController()

  constructor(options: RunningSyncsOptions) {
    this.#options = options
    this.#slots = new SyncSlots(options.concurrency)
    this.#backgroundSlots = new SyncSlots(Math.max(1, Math.floor(options.concurrency * BACKGROUND_SHARE)))
    this.#observer = new LeaseObserver(options.leases, options.clock)
    this.#scan = new PeriodicTask({
      clock: options.clock,
      intervalMs: () => (this.isFull ? BUSY_SCAN_INTERVAL_MS : SCAN_INTERVAL_MS),
      run: (signal) => this.#scanOrphans(signal),
      onError: (error) => options.log.error({ err: error }, 'the scan for orphaned syncs failed; it is repeated'),
    })
  }

  /** Whether one scan has been completed. */
  get scanned(): boolean {
    return this.#scanned
  }

  /** How many syncs run here, or wait for a slot. */
  get size(): number {
    return this.#running.size
  }

  /** Whether no further sync could run at once. */
  get isFull(): boolean {
    return this.#slots.isFull
  }

  /** The first scan begins at once. */
  startScan(): void {
    this.#scan.start()
  }

  /**
   * Has the sync claimed and executed as soon as it is its turn. Resolves when another sync may run in its place, at its
   * end at the latest; at once when it has a live owner, or has ended; and when the signal is aborted before it had a slot,
   * for which it goes on to wait. Never rejects.
   */
  async execute(syncId: string, signal?: AbortSignal): Promise<void> {
    if (this.#closing.signal.aborted) return
    if (!this.#running.has(syncId)) await this.#reads.run(() => this.#beginIfOrphaned(syncId))
    const run = this.#running.get(syncId)
    if (run === undefined) return
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const leave = () => {
      if (run.isWaiting) resolve()
    }
    signal?.addEventListener('abort', leave, { once: true })
    if (signal?.aborted) leave()
    await Promise.race([run.released, late])
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
    for (const { leave, execution } of this.#running.values()) {
      leave.abort(stop)
      execution?.stop(stop)
    }
    await Promise.all([
      this.#scan.stop(),
      this.#reads.settled(),
      ...[...this.#running.values()].map(({ settled }) => settled),
    ])
  }

  /** Whether nobody runs the sync: nobody ever did, it was given back, or its owner is dead. */
  async #isOrphaned({ id, lease }: Sync): Promise<boolean> {
    if (lease.owner === null || lease.owner === this.#owner) return true
    return this.#observer.isOwnerDead(id, lease.epoch)
  }

  /** Never rejects. */
  async #beginIfOrphaned(syncId: string): Promise<void> {
    try {
      const sync = await this.#options.storage.get(syncId)
      if (sync !== undefined && !isTerminal(sync) && (await this.#isOrphaned(sync))) this.#begin(sync)
    } catch (error) {
      this.#options.log.error({ err: error, syncId }, 'a sync could not be read; the next scan finds it')
    }
  }

  /** Has all orphans wait for a slot here, and what is none any more wait no longer. */
  async #scanOrphans(signal: AbortSignal): Promise<void> {
    const waiting = [...this.#running].filter(([, { isWaiting }]) => isWaiting)
    const orphans = await this.#findOrphans(signal)
    if (signal.aborted) return
    const found = new Map(orphans.map((sync) => [sync.id, sync]))
    for (const [id, { leave, background }] of waiting) {
      // One that somebody has come to wait for is begun anew as such by the next scan.
      if (found.get(id)?.background !== background) leave.abort()
    }
    for (const sync of orphans) this.#begin(sync)
    this.#scanned = true
  }

  /** Resolves to what was created first first. */
  async #findOrphans(signal: AbortSignal): Promise<readonly Sync[]> {
    const seen = new Set<string>()
    const orphans: Sync[] = []
    for await (const sync of paginate(this.#options.storage, { states: ACTIVE_STATES, signal })) {
      seen.add(sync.id)
      const isBegun = this.#running.get(sync.id)?.isWaiting === false
      if (!isBegun && (await this.#isOrphaned(sync))) orphans.push(sync)
    }
    this.#observer.retainOnly(seen)
    // Pages come newest first.
    return orphans.reverse()
  }

  /** Has the sync wait for a slot, unless it is here already. */
  #begin(sync: Sync): void {
    if (this.#running.has(sync.id) || this.#closing.signal.aborted) return
    const { promise: released, resolve } = Promise.withResolvers<void>()
    const { background } = sync
    const run: Run = { background, isWaiting: true, leave: new AbortController(), released, settled: Promise.resolve() }
    this.#running.set(sync.id, run)
    run.settled = this.#executeInSlot(sync, run, resolve)
  }

  async #executeInSlot({ id, createdBy, lease }: Sync, run: Run, onRelease: () => void): Promise<void> {
    const { signal } = run.leave
    let slot: SyncSlot | undefined
    try {
      // What ran before goes first: its user has waited longest.
      const slots = run.background ? this.#backgroundSlots : this.#slots
      slot = await slots.take(createdBy ?? '', { signal, isFirst: lease.epoch > 0, onRelease })
      run.isWaiting = false
      await this.#claimAndExecute(id, run, slot)
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      slot?.end()
      this.#running.delete(id)
      if (this.#suspect === run) this.#suspect = undefined
      onRelease()
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
