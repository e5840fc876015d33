import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'
import { withTimeout } from '../../concurrency/timeout.ts'
import { reasonOf } from '../../failure-reason.ts'
import type { Log } from '../../ports/log.ts'
import { type OpenQueue, type OpenQueueOptions, openQueue, RETRY_MS } from './open-queue.ts'

/** Milliseconds that a request may wait for the queue. */
const ANSWER_MS = 2000

/** Milliseconds between two lines in the log about the same fault: a server that is down fails many times a second. */
const LOG_INTERVAL_MS = 60_000

export interface SyncQueueOptions extends Omit<OpenQueueOptions, 'onFault' | 'signal'> {
  readonly log: Log
}

/**
 * The queue by which one of several processes gets to know that a sync waits to be run. It carries ids and owns no truth:
 * what it loses is found by the scan of every process, and what it delivers twice is decided by the claim.
 */
export class SyncQueue {
  readonly #options: SyncQueueOptions
  readonly #closing = new AbortController()
  readonly #logged: LRUCache<string, true>
  #opened: Promise<OpenQueue> | undefined
  /** Syncs of the next batch, and that batch. */
  readonly #pending: string[] = []
  #nextBatch: Promise<unknown> | undefined
  readonly #oneAtATime = pLimit(1)

  constructor(options: SyncQueueOptions) {
    this.#options = options
    const perf = { now: () => options.clock.monotonic() }
    this.#logged = new LRUCache({ max: 100, ttl: LOG_INTERVAL_MS, perf })
  }

  /** Begins to connect, for as long as it takes, and to execute. */
  start(): void {
    if (this.#opened === undefined) this.#openAfter(Promise.resolve())
  }

  /**
   * Adds the sync, unless it is in the queue already. Rejects when the server has not confirmed within two seconds; it may
   * still take it then.
   */
  async enqueue(syncId: string): Promise<void> {
    this.#pending.push(syncId)
    this.#nextBatch ??= this.#oneAtATime(() => this.#addBatch())
    await this.#bounded(this.#nextBatch)
  }

  /** How many entries no worker has taken yet. Rejects as `enqueue` does. */
  waitingCount(): Promise<number> {
    return this.#bounded(this.#whenOpen().then(({ queue }) => queue.getWaitingCount()))
  }

  /**
   * Closes the connections and makes new ones; the namespace too, if somebody removed it. For a queue that delivers
   * nothing while its server is well. Syncs that were taken go on.
   */
  reopen(): void {
    if (this.#closing.signal.aborted || this.#opened === undefined) return
    this.#openAfter(this.#opened.then((opened) => opened.close()))
  }

  /** Leaves what is enqueued from now on to others, while this process ends what it runs. */
  pause(): void {
    this.#opened?.then((opened) => opened.pause()).catch((error: unknown) => this.logFault(error))
  }

  /** Takes no more entries, and closes the connections within four seconds, whether the server answers or not. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    const opened = await this.#opened?.catch(() => undefined)
    await opened?.close()
  }

  /** Logs a fault, once in a while for each kind of it. */
  logFault(error: unknown, message = 'the queue has a fault; it is tried again'): void {
    const reason = reasonOf(error)
    const kind = `${message}: ${reason}`
    if (this.#closing.signal.aborted || this.#logged.has(kind)) return
    this.#logged.set(kind, true)
    // Most of BullMQ's errors have no code, and none is a fault of this program, save for these.
    this.#options.log.warn(error instanceof TypeError ? { err: error } : { reason }, message)
  }

  #bounded<T>(answer: Promise<T>): Promise<T> {
    return withTimeout(answer, ANSWER_MS, 'the queue', this.#options.clock)
  }

  async #whenOpen(): Promise<OpenQueue> {
    if (this.#opened === undefined) throw new Error('the queue was not started')
    return this.#opened
  }

  /**
   * Adds all that was enqueued during the batch before: on PostgreSQL a thousand posts at once take a tenth of a second
   * so, and longer than their timeout one by one.
   */
  async #addBatch(): Promise<unknown> {
    const jobs = this.#pending.splice(0).map((syncId) => ({
      name: 'sync',
      data: { syncId },
      // A job that is done blocks its id for as long as it is kept.
      opts: { jobId: syncId, removeOnComplete: true, removeOnFail: true },
    }))
    this.#nextBatch = undefined
    const { queue } = await this.#whenOpen()
    return queue.addBulk(jobs)
  }

  #openAfter(closed: Promise<void>): void {
    this.#opened = closed.then(() => this.#open())
    // Whoever waits for it gets the error; nobody may be waiting when the queue is closed.
    this.#opened.catch(() => undefined)
  }

  /** BullMQ never recovers from a first connection that failed, so that one is made anew. */
  async #open(): Promise<OpenQueue> {
    const { signal } = this.#closing
    for (;;) {
      signal.throwIfAborted()
      try {
        return await openQueue({ ...this.#options, signal, onFault: (error) => this.logFault(error) })
      } catch (error) {
        this.logFault(error)
        await this.#options.clock.sleep(RETRY_MS, signal)
      }
    }
  }
}
