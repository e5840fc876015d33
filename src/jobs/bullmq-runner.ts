import { TimeoutError, withTimeout } from '../concurrency/timeout.ts'
import type { Sync } from '../model/sync.ts'
import type { JobRunner } from '../ports/job-runner.ts'
import { type QueueEntry, SyncQueue } from './bullmq/sync-queue.ts'
import { RunningSyncs } from './running-syncs.ts'
import type { ExecutionOptions } from './sync-execution.ts'

/** Queued syncs that each scan enqueues again, the oldest: whatever waits behind them need not be in the queue yet. */
const REPEATED_ENTRIES = 200

/**
 * Scans in a row at which the queue did not answer, or had entries that this idle process was not given, before it is
 * opened anew: 16 s or more. A server that hangs or restarts for less is waited for.
 */
const STUCK_SCANS = 8

/**
 * Milliseconds after which a sync that stays orphaned, though it was enqueued and nothing else waits, is enqueued under a
 * new job id: whoever took the first entry is neither dead nor doing anything about it.
 */
const IGNORED_MS = 20_000

/** Milliseconds after which another entry follows: the same worker may have taken the one before, too. */
const REPEAT_MS = 2000

/**
 * Milliseconds that an entry waits here for a slot, which a sync that came back for its own may have taken. After that
 * the next scan enqueues it again, for other processes too.
 */
const SLOT_MS = 5000

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
 * Has syncs run by one of many processes, to which BullMQ on Redis or PostgreSQL delivers them. The queue is a doorbell:
 * it may lose, repeat or delay an entry. Who runs a sync is decided by the claim, and what was lost is found by the scan.
 */
export class BullMqRunner implements JobRunner {
  readonly #options: BullMqRunnerOptions
  readonly #running: RunningSyncs
  readonly #queue: SyncQueue
  #stuckScans = 0
  #isClosing = false

  constructor(options: BullMqRunnerOptions) {
    const { url, namespace = 'sheetsync_queue', clock, log, concurrency } = options
    this.#options = options
    this.#running = new RunningSyncs(options, (orphans) => this.#enqueueOrphans(orphans))
    const execute = (syncId: string) => this.#running.execute(syncId, AbortSignal.timeout(SLOT_MS))
    const worker = { execute, concurrency }
    this.#queue = new SyncQueue({ url, namespace, clock, log, ...(this.#isWorker && { worker }) })
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
    if (this.#isWorker) this.#running.startScan()
  }

  /** Resolves within two seconds, also when the queue does not answer: the sync is recorded, and the scan finds it. */
  async enqueue(syncId: string): Promise<void> {
    if (this.#isClosing) return
    await this.#enqueue([{ syncId, epoch: 0 }])
  }

  notifyCancel(syncId: string): void {
    this.#running.cancel(syncId)
  }

  /** As the port says, within ten seconds, whether the servers answer or not. */
  async close(): Promise<void> {
    const { clock, log } = this.#options
    this.#isClosing = true
    this.#queue.pause()
    try {
      await withTimeout(this.#running.close(), INTERRUPT_MS, 'to record what was interrupted', clock)
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error
      log.error({ err: error }, 'the storage does not answer; the next scan finds what ran here by its dead lease')
    }
    await this.#queue.close()
  }

  /** BullMQ drops the entries that it holds already, so nothing needs to be known of what was lost. */
  async #enqueueOrphans(orphans: readonly Sync[]): Promise<void> {
    const waiting = await this.#checkQueue()
    const now = this.#options.clock.now().getTime()
    const entries = orphans
      .filter(({ lease }, index) => lease.epoch > 0 || index < REPEATED_ENTRIES)
      .map(({ id: syncId, lease, updatedAt }) => {
        // While others wait in the queue, it is no wonder that this one does.
        const ignoredMs = waiting === 0 ? now - Date.parse(updatedAt) : 0
        const repeat = Math.max(0, Math.ceil((ignoredMs - IGNORED_MS) / REPEAT_MS))
        return { syncId, epoch: lease.epoch, repeat }
      })
    if (entries.length > 0) await this.#enqueue(entries)
  }

  /** Resolves to how many entries wait, if that is known. Opens the queue anew when it is stuck. */
  async #checkQueue(): Promise<number | undefined> {
    const { log } = this.#options
    let waiting: number | undefined
    try {
      waiting = await this.#queue.waitingCount()
    } catch (error) {
      log.debug({ err: error }, 'the length of the queue is not known')
    }
    const isStuck = waiting === undefined || (waiting > 0 && this.#running.size === 0)
    this.#stuckScans = isStuck ? this.#stuckScans + 1 : 0
    if (this.#stuckScans >= STUCK_SCANS) {
      this.#stuckScans = 0
      log.warn({ waiting }, 'the queue delivers nothing; it is opened anew')
      this.#queue.reopen()
    }
    return waiting
  }

  async #enqueue(entries: readonly QueueEntry[]): Promise<void> {
    try {
      await this.#queue.enqueue(entries)
    } catch (error) {
      // What is recorded is not lost: the next scan enqueues it again.
      this.#queue.logFault(error, 'syncs could not be put into the queue in time; the next scan finds them')
    }
  }
}
