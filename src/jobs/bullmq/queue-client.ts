import { withTimeout } from '../../concurrency/timeout.ts'
import { JobStop } from '../../ports/job-runner.ts'
import type { Log } from '../../ports/log.ts'
import { type Hearing, type OpenQueue, openQueue, type QueueServerOptions, RETRY_MS } from './queue-server.ts'

/** Milliseconds that a request may wait for the queue. */
const RING_MS = 2000

/** Milliseconds between two lines in the log about the same trouble: a server that is down fails many times a second. */
const TROUBLE_MS = 10_000

export interface BellOptions extends Omit<QueueServerOptions, 'onTrouble' | 'signal'> {
  readonly log: Log
  /** What is done about a ring; absent where rings are only sent. */
  readonly hearing?: Hearing
}

/** A sync that waits for an owner, under the epoch of its last one. */
export interface Ring {
  readonly syncId: string
  readonly epoch: number
  /** Tells this ring from earlier ones that somebody heard and did nothing about; default 0. */
  readonly again?: number
}

/**
 * Tells one of several processes that a sync waits to be run. It carries ids and owns no truth: what it loses is told
 * again by who looks, and what it tells twice is decided by the claim.
 */
export class Bell {
  readonly #options: BellOptions
  readonly #closing = new AbortController()
  #opened: Promise<OpenQueue> | undefined
  /** Rings for the next call, that call, and the one before it, which never rejects. */
  readonly #pending: Ring[] = []
  #batch: Promise<void> | undefined
  #adding: Promise<unknown> = Promise.resolve()
  #closed: Promise<void> | undefined
  readonly #told = new Map<string, number>()

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
    this.#pending.push(...rings)
    this.#batch ??= this.#addAfter(this.#adding)
    await this.#bounded(this.#batch)
  }

  /** How many rings nobody has heard yet. Rejects as `ring` does. */
  waiting(): Promise<number> {
    return this.#bounded(this.#ask(({ queue }) => queue.getWaitingCount()))
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

  /** Leaves what rings from now on to others, while this process ends what it runs. */
  rest(): void {
    this.#opened?.then((opened) => opened.rest()).catch((error: unknown) => this.tell(error))
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

  #bounded<T>(answer: Promise<T>): Promise<T> {
    return withTimeout(answer, RING_MS, 'the queue', this.#options.clock)
  }

  async #ask<T>(question: (opened: OpenQueue) => Promise<T>): Promise<T> {
    if (this.#opened === undefined) throw new Error('the bell was not started')
    return question(await this.#opened)
  }

  /** One call at a time takes all that has gathered during the one before: a thousand requests at once cost a few calls. */
  async #addAfter(before: Promise<unknown>): Promise<void> {
    await before
    const jobs = this.#pending.splice(0).map(({ syncId, epoch, again = 0 }) => ({
      name: 'sync',
      data: { syncId },
      // A job that is done blocks its id for as long as it is kept.
      opts: { jobId: `${syncId}.${epoch}.${again}`, lifo: epoch > 0, removeOnComplete: true, removeOnFail: true },
    }))
    this.#batch = undefined
    const adding = this.#ask(({ queue }) => queue.addBulk(jobs))
    this.#adding = adding.catch(() => undefined)
    await adding
  }

  /** BullMQ never recovers from a first connection that failed, so that one is made anew. */
  async #open(): Promise<OpenQueue> {
    const { clock, hearing } = this.#options
    const server = { ...this.#options, signal: this.#closing.signal, onTrouble: (error: Error) => this.tell(error) }
    for (;;) {
      this.#closing.signal.throwIfAborted()
      try {
        return await openQueue(server, hearing)
      } catch (error) {
        this.tell(error)
        await clock.sleep(RETRY_MS, this.#closing.signal)
      }
    }
  }

  /** Logs a trouble, once in a while for each kind of it. */
  tell(error: unknown, message = 'trouble with the queue; it is tried again'): void {
    if (this.#closing.signal.aborted) return
    const { clock, log } = this.#options
    const kind = `${message}: ${error instanceof Error ? error.message : String(error)}`
    const now = clock.monotonic()
    if (now - (this.#told.get(kind) ?? Number.NEGATIVE_INFINITY) < TROUBLE_MS) return
    for (const [known, at] of this.#told) if (now - at >= TROUBLE_MS) this.#told.delete(known)
    this.#told.set(kind, now)
    log.warn({ err: error }, message)
  }
}
