import { PeriodicTask } from '../concurrency/periodic-task.ts'
import { TimeoutError, withTimeout } from '../concurrency/timeout.ts'
import type { JobRunner } from '../ports/job-runner.ts'
import { SyncQueue } from './bullmq/sync-queue.ts'
import { RunningSyncs } from './running-syncs.ts'
import type { ExecutionOptions } from './sync-execution.ts'

/** Milliseconds between two checks of the queue. */
const CHECK_INTERVAL_MS = 2000

/**
 * Checks in a row at which the queue did not answer, or had entries that this idle process was not given, before it is
 * opened anew: 16 s or more. A server that hangs or restarts for less is waited for.
 */
const STUCK_CHECKS = 8

/** Milliseconds that an entry may be held here while its sync waits for its turn; it goes on to wait without it. */
const TURN_MS = 5000

/** Milliseconds that running syncs have to save their checkpoint and be recorded. */
const INTERRUPT_MS = 6000

export interface BullMqRunnerOptions extends ExecutionOptions {
  /** Server of the queue: `redis://…`, `rediss://…`, `postgres://…` or `postgresql://…`. */
  readonly url: string
  /** Prefix of the keys on Redis, schema on PostgreSQL: letters, digits and underscores. Default: sheetsync_queue. */
  readonly namespace?: string
  /** How many syncs run at once in this process; 0: it enqueues for others and runs none. */
  readonly concurrency: number
}

/**
 * Has syncs run by many processes, which BullMQ on Redis or PostgreSQL wakes up. The queue is a doorbell: it may lose,
 * repeat or delay an entry, and which sync is claimed next is decided by whose turn it is, not by the entry that came. Who
 * runs it is decided by the claim, and what was not heard of is found by the scan of every process.
 */
export class BullMqRunner implements JobRunner {
  readonly #options: BullMqRunnerOptions
  readonly #running: RunningSyncs
  readonly #queue: SyncQueue
  readonly #checks: PeriodicTask
  #stuckChecks = 0
  #isClosing = false

  constructor(options: BullMqRunnerOptions) {
    const { url, namespace = 'sheetsync_queue', clock, log, concurrency } = options
    this.#options = options
    this.#running = new RunningSyncs(options)
    const execute = (syncId: string) => this.#running.execute(syncId, AbortSignal.timeout(TURN_MS))
    const worker = { execute, concurrency }
    this.#queue = new SyncQueue({ url, namespace, clock, log, ...(this.#isWorker && { worker }) })
    this.#checks = new PeriodicTask({
      clock,
      intervalMs: CHECK_INTERVAL_MS,
      run: () => this.#checkQueue(),
      onError: (error) => log.error({ err: error }, 'the queue could not be checked; that is repeated'),
    })
  }

  /** Whether the syncs that nobody runs were scanned for once, where that is this process's task. */
  get recovered(): boolean {
    return this.#running.scanned || !this.#isWorker
  }

  get #isWorker(): boolean {
    return this.#options.concurrency > 0
  }

  /** Resolves without waiting for the server of the queue. */
  async start(): Promise<void> {
    await this.#options.leases.start()
    this.#queue.start()
    if (!this.#isWorker) return
    this.#running.startScan()
    this.#checks.start()
  }

  /** Resolves within two seconds, also when the queue does not answer: the sync is recorded, and the scan finds it. */
  async enqueue(syncId: string, { background = false }: { readonly background?: boolean } = {}): Promise<void> {
    if (this.#isClosing) return
    if (background) {
      // An entry that waits for its turn would hold up those behind it.
      if (this.#isWorker) void this.#running.execute(syncId)
      return
    }
    // While every slot is taken nobody here hears the doorbell, and one that is on offer may be this sync's at once.
    if (this.#isWorker && this.#running.isFull) void this.#running.execute(syncId)
    try {
      await this.#queue.enqueue(syncId)
    } catch (error) {
      // What is recorded is not lost: the next scan finds it.
      this.#queue.logFault(error, 'a sync could not be put into the queue in time; the next scan finds it')
    }
  }

  notifyCancel(syncId: string): void {
    this.#running.cancel(syncId)
  }

  /** As the port says, within ten seconds, whether the servers answer or not. */
  async close(): Promise<void> {
    const { clock, log } = this.#options
    this.#isClosing = true
    this.#queue.pause()
    const checked = this.#checks.stop()
    try {
      await withTimeout(this.#running.close(), INTERRUPT_MS, 'to record what was interrupted', clock)
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error
      log.error({ err: error }, 'the storage does not answer; the next scan finds what ran here by its dead lease')
    }
    await checked
    await this.#queue.close()
  }

  /** Opens the queue anew when it is stuck. */
  async #checkQueue(): Promise<void> {
    const { log } = this.#options
    let waiting: number | undefined
    try {
      waiting = await this.#queue.waitingCount()
    } catch (error) {
      log.debug({ err: error }, 'the length of the queue is not known')
    }
    const isStuck = waiting === undefined || (waiting > 0 && this.#running.size === 0)
    this.#stuckChecks = isStuck ? this.#stuckChecks + 1 : 0
    if (this.#stuckChecks < STUCK_CHECKS) return
    this.#stuckChecks = 0
    log.warn({ waiting }, 'the queue delivers nothing; it is opened anew')
    this.#queue.reopen()
  }
}
