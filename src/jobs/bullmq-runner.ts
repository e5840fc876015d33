import { TimeoutError, withTimeout } from '../concurrency/timeout.ts'
import type { Sync } from '../model/sync.ts'
import { ACTIVE_STATES, type SyncState } from '../model/sync.ts'
import type { JobRunner } from '../ports/job-runner.ts'
import { type QueueEntry, SyncQueue } from './bullmq/sync-queue.ts'
import { OrphanScan } from './orphan-scan.ts'
import { RunningSyncs } from './running-syncs.ts'
import type { ExecutionOptions } from './sync-execution.ts'

/** While so many entries wait in the queue, no worker is idle, and the many queued syncs are scanned less often. */
const BACKLOG = 1000

/** Scans of which one reads every queued sync, backlog or not: at two seconds each, within 10 s. */
const SCANS_PER_FULL_SCAN = 5

/**
 * Scans in a row at which the queue did not answer, or had entries that this idle process was not given, before it is
 * opened anew: 16 s or more. A server that hangs or restarts for less is waited for.
 */
const STUCK_SCANS = 8

/**
 * Milliseconds after which a sync that stays free, though it was enqueued and nothing else waits, is enqueued under a new
 * job id: whoever took the first entry is neither dead nor doing anything about it.
 */
const IGNORED_MS = 20_000

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
  readonly #scan: OrphanScan
  readonly #queue: SyncQueue
  #scans = 0
  #waiting = 0
  #stuckScans = 0
  /** Syncs that the last scan found free, and since when they have been, under which epoch. */
  #free = new Map<string, { readonly epoch: number; readonly since: number }>()
  #closed: Promise<void> | undefined

  constructor(options: BullMqRunnerOptions) {
    const { url, namespace = 'sheetsync_queue', clock, log, concurrency } = options
    this.#options = options
    this.#running = new RunningSyncs(options)
    this.#scan = new OrphanScan({
      ...options,
      running: this.#running,
      states: () => this.#statesToScan(),
      onFound: (syncs) => this.#enqueueFree(syncs),
    })
    const worker = { execute: (syncId: string) => this.#running.execute(syncId), concurrency }
    this.#queue = new SyncQueue({ url, namespace, clock, log, ...(this.#isWorker && { worker }) })
  }

  /** Whether the syncs that nobody runs were scanned for once, where that is this process's task. */
  get recovered(): boolean {
    return this.#scan.done || !this.#isWorker
  }

  get #isWorker(): boolean {
    return this.#options.concurrency > 0
  }

  /** Resolves without waiting for the server of the queue. */
  async start(): Promise<void> {
    await this.#options.leases.start()
    this.#queue.start()
    if (this.#isWorker) this.#scan.start()
  }

  /** Resolves within two seconds, also when the queue does not answer: the sync is recorded, and the scan finds it. */
  async enqueue(syncId: string): Promise<void> {
    if (this.#closed !== undefined) return
    await this.#enqueue([{ syncId, epoch: 0 }])
  }

  notifyCancel(syncId: string): void {
    this.#running.cancel(syncId)
  }

  /** As the port says, within ten seconds, whether the servers answer or not. */
  close(): Promise<void> {
    this.#closed ??= this.#drain()
    return this.#closed
  }

  async #drain(): Promise<void> {
    const { clock, log } = this.#options
    this.#queue.pause()
    try {
      await withTimeout(
        Promise.all([this.#running.close(), this.#scan.close()]),
        INTERRUPT_MS,
        'to record what was interrupted',
        clock,
      )
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error
      log.error({ err: error }, 'the storage does not answer; the next scan finds what ran here by its dead lease')
    }
    await this.#queue.close()
  }

  /** Thousands of queued syncs need not be read every two seconds while their entries are in the queue. */
  async #statesToScan(): Promise<readonly SyncState[]> {
    this.#scans += 1
    let isStuck: boolean
    try {
      this.#waiting = await this.#queue.waitingCount()
      isStuck = this.#waiting > 0 && this.#running.size === 0
    } catch (error) {
      this.#options.log.debug({ err: error }, 'the length of the queue is not known')
      this.#waiting = 0
      isStuck = true
    }
    this.#stuckScans = isStuck ? this.#stuckScans + 1 : 0
    if (this.#stuckScans >= STUCK_SCANS) {
      this.#stuckScans = 0
      this.#options.log.warn({ waiting: this.#waiting }, 'the queue delivers nothing; it is opened anew')
      this.#queue.reopen()
    }
    const isFull = this.#scans % SCANS_PER_FULL_SCAN === 1 || this.#waiting < BACKLOG
    return isFull ? ACTIVE_STATES : ACTIVE_STATES.filter((state) => state !== 'queued')
  }

  /** Entries of the queued ones are there if the queue is as long as they are many; those that ran before are always enqueued. */
  async #enqueueFree(syncs: readonly Sync[]): Promise<void> {
    const now = this.#options.clock.monotonic()
    const before = this.#free
    this.#free = new Map()
    const isLost = syncs.length > this.#waiting
    const entries: QueueEntry[] = []
    for (const { id: syncId, lease } of syncs) {
      const known = before.get(syncId)
      // While others wait in the queue there is nothing to wonder at.
      const since = known?.epoch === lease.epoch && this.#waiting === 0 ? known.since : now
      this.#free.set(syncId, { epoch: lease.epoch, since })
      const repeat = Math.floor((now - since) / IGNORED_MS)
      if (isLost || lease.epoch > 0) entries.push({ syncId, epoch: lease.epoch, repeat })
    }
    for (let at = 0; at < entries.length; at += BACKLOG) await this.#enqueue(entries.slice(at, at + BACKLOG))
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
