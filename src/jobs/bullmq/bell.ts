import type { Log } from '../../log.ts'
import { JobStop } from '../job-runner.ts'
import { type Hearing, type OpenQueue, openQueue, type QueueServerOptions, RETRY_MS } from './queue-server.ts'
import { within } from './within.ts'

/** Milliseconds that a request may wait for the queue. */
const RING_MS = 2000

/** Milliseconds between two lines in the log about the same trouble: a server that is down fails many times a second. */
const TROUBLE_MS = 10_000

export interface BellOptions extends Omit<QueueServerOptions, 'onTrouble'> {
  readonly log: Log
  /** What is done about a ring; absent where rings are only sent. */
  readonly hearing?: Hearing
}

/** A sync that waits for an owner, under the epoch of its last one. */
export interface Ring {
  readonly syncId: string
  readonly epoch: number
}

/**
 * Tells one of several processes that a sync waits to be run. It carries ids and owns no truth: what it loses is told
 * again by who looks, and what it tells twice is decided by the claim.
 */
export class Bell {
  readonly #options: BellOptions
  readonly #closing = new AbortController()
  #opened: Promise<OpenQueue> | undefined
  #closed: Promise<void> | undefined
  #lastTrouble: { readonly message: string; readonly at: number } | undefined

  constructor(options: BellOptions) {
    this.#options = options
  }

  /** Begins to connect, for as long as it takes, and to hear. */
  start(): void {
    this.#opened ??= this.#open()
    // Who waits for it is told; nobody may be waiting when it is closed.
    this.#opened.catch(() => undefined)
  }

  /**
   * Rings for syncs, of which one that is ringing already under this epoch is left out. What ran before goes first: its
   * user has waited longest. Rejects when the server has not taken it within two seconds; it may still take it then.
   */
  async ring(rings: readonly Ring[]): Promise<void> {
    const jobs = rings.map(({ syncId, epoch }) => ({
      name: 'sync',
      data: { syncId },
      // A job that is done blocks its id for as long as it is kept.
      opts: { jobId: `${syncId}.${epoch}`, lifo: epoch > 0, removeOnComplete: true, removeOnFail: true },
    }))
    await this.#ask('the queue', ({ queue }) => queue.addBulk(jobs))
  }

  /** How many rings nobody has heard yet. Rejects as `ring` does. */
  waiting(): Promise<number> {
    return this.#ask('the queue', ({ queue }) => queue.getWaitingCount())
  }

  /**
   * Lets go of the connections and makes new ones; the namespace too, if somebody removed it. For a bell that stays mute
   * while its server is well. Syncs that were heard go on.
   */
  reopen(): void {
    if (this.#closing.signal.aborted || this.#opened === undefined) return
    const former = this.#opened
    this.#opened = former.then((opened) => opened.close()).then(() => this.#open())
    this.#opened.catch(() => undefined)
  }

  /** Hears no more, and lets go of the server within four seconds, whether it answers or not. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#closing.abort(new JobStop('interrupted'))
    const opened = await this.#opened?.catch(() => undefined)
    await opened?.close()
  }

  async #ask<T>(what: string, question: (opened: OpenQueue) => Promise<T>): Promise<T> {
    if (this.#opened === undefined) throw new Error('the bell was not started')
    return within(this.#opened.then(question), RING_MS, what, this.#options.clock)
  }

  /** BullMQ never recovers from a first connection that failed, so that one is made anew. */
  async #open(): Promise<OpenQueue> {
    const { clock, hearing } = this.#options
    const server = { ...this.#options, onTrouble: (error: Error) => this.#tell(error) }
    for (;;) {
      this.#closing.signal.throwIfAborted()
      try {
        return await openQueue(server, hearing)
      } catch (error) {
        this.#tell(error)
        await clock.sleep(RETRY_MS, this.#closing.signal)
      }
    }
  }

  #tell(error: unknown): void {
    if (this.#closing.signal.aborted) return
    const { clock, log } = this.#options
    const message = error instanceof Error ? error.message : String(error)
    const now = clock.monotonic()
    if (this.#lastTrouble?.message === message && now - this.#lastTrouble.at < TROUBLE_MS) return
    this.#lastTrouble = { message, at: now }
    log.warn({ err: error }, 'trouble with the queue; it is tried again')
  }
}
