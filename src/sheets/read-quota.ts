import type { ReadAccount } from '../model/reader.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { type BudgetAnswer, DEFAULT_ACCOUNT, type ReadBudget, type ReadEnd } from '../ports/read-budget.ts'
import { ABANDONED_MS, WINDOW_MS } from './read-limit-rule.ts'

/** Milliseconds before a budget that could not be reached is tried again. */
const RETRY_MS = 1000

export interface ReadQuotaOptions {
  /** Whose reads these are. Default: those of a service that has a single credential. */
  readonly account?: ReadAccount
  readonly budget: ReadBudget
  readonly clock: Clock
  readonly log: Log
  /** Called before each wait for a read. */
  readonly onTake?: () => void
}

/** One read that may be made now. */
export interface Read {
  /**
   * Tells how the read ended, by default with an answer: from now on it counts for one window more. If Google has refused
   * it, it counts no more, and all whom the limit holds pause. Call it once.
   */
  done(end?: ReadEnd): void
}

export interface ReadRequest {
  /** Who reads; reads are shared out evenly between keys. */
  readonly key: string
  /** Whether nobody waits for what is read: then others go first, and a part of the reads is left to them. Default: false. */
  readonly background?: boolean
  readonly signal: AbortSignal
  /** Called with the time at which the wait will end, as far as is known, and with `undefined` once it has. Not called for a read that is free. */
  onWait?(until: Date | undefined): void
}

interface Waiter extends ReadRequest {
  readonly resolve: (read: Read) => void
  isNotified: boolean
}

/**
 * The reads a minute of one account, as every sync of this process takes them. In no 60 seconds do more than the
 * allowed number of calls reach Google, whatever the network delays: a read counts from its start until a minute after its
 * end. Which of those who wait goes first is decided here: the one that has read least; whether it may is for the budget
 * to say, from which one read at a time is taken. While the budget cannot be reached everybody waits, as nobody knows what
 * other instances read; it is tried again each second.
 */
export class ReadQuota {
  readonly account: ReadAccount
  readonly #options: ReadQuotaOptions
  readonly #waiting: Waiter[] = []
  /** Reads of this process under way (`until` infinite) or done less than a window ago. */
  #taken: { readonly key: string; until: number }[] = []
  /** Refusals that the budget does not know of yet; until it does, nobody of this process reads. */
  #untoldRefusals = 0
  /** Aborted when somebody has come or gone, or a read has ended, since the budget answered: its answer may be another. */
  #changed = new AbortController()
  #loop: Promise<void> | undefined
  readonly #reports = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  #isReachable = true
  #waitingUntil: Date | undefined

  constructor(options: ReadQuotaOptions) {
    this.account = options.account ?? DEFAULT_ACCOUNT
    this.#options = options
  }

  /** Whether the budget has answered the latest time that it was asked. */
  get isReachable(): boolean {
    return this.#isReachable
  }

  /** How many wait for a read. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** When the next read is tried, as far as is known, while anybody waits. */
  get waitingUntil(): Date | undefined {
    return this.#waiting.length > 0 ? this.#waitingUntil : undefined
  }

  /** Whether nobody waits, nothing is under way, and none of its reads counts any more. */
  get isIdle(): boolean {
    this.#forgetFreed()
    return this.#loop === undefined && this.#taken.length === 0 && this.#reports.size === 0
  }

  /** Resolves when one read may be made; rejects with the signal's reason once that is aborted. */
  async take(request: ReadRequest): Promise<Read> {
    const { signal } = request
    signal.throwIfAborted()
    this.#options.onTake?.()
    const { promise, resolve, reject } = Promise.withResolvers<Read>()
    const waiter: Waiter = { ...request, isNotified: false, resolve }
    const leave = () => {
      const at = this.#waiting.indexOf(waiter)
      if (at >= 0) this.#waiting.splice(at, 1)
      reject(signal.reason)
      this.#wake()
    }
    signal.addEventListener('abort', leave, { once: true })
    this.#waiting.push(waiter)
    this.#wake()
    return promise.finally(() => signal.removeEventListener('abort', leave))
  }

  /** Lets nobody wait any longer for the budget. What waits is left to its own signals. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#changed.abort()
    await this.#loop
    await Promise.all(this.#reports)
  }

  /** Starts the loop, or wakes it: there is one at a time, so reads are taken from the budget in turn. */
  #wake(): void {
    this.#changed.abort()
    this.#loop ??= this.#grantReads().finally(() => {
      this.#loop = undefined
      // One may have come after the loop had found nobody.
      if (this.#waiting.length > 0 && !this.#closing.signal.aborted) this.#wake()
    })
  }

  async #grantReads(): Promise<void> {
    for (let waiter = this.#next(); waiter !== undefined; waiter = this.#next()) {
      if (this.#closing.signal.aborted) return
      this.#changed = new AbortController()
      const { signal } = this.#changed
      const answer = this.#untoldRefusals > 0 ? { waitMs: RETRY_MS } : await this.#takeFromBudget(waiter)
      if ('read' in answer) {
        this.#grant(answer.read)
      } else {
        this.#notifyAll(answer.waitMs)
        await this.#options.clock.sleep(Math.ceil(answer.waitMs), signal)
      }
    }
  }

  async #takeFromBudget({ key, background = false }: Waiter): Promise<BudgetAnswer> {
    const { budget, log } = this.#options
    try {
      const answer = await budget.take(key, { background })
      if (!this.#isReachable) log.info({}, 'the shared read budget can be reached again')
      this.#isReachable = true
      return answer
    } catch (error) {
      // Whatever ails the budget, without its word nobody may read.
      if (this.#isReachable) log.warn({ err: error }, 'the shared read budget cannot be reached; reads wait for it')
      this.#isReachable = false
      return { waitMs: RETRY_MS }
    }
  }

  /**
   * Of those who wait, the one that read least in this window, the first to come among equals; one in the background only
   * when all are.
   */
  #next(): Waiter | undefined {
    this.#forgetFreed()
    const used = Map.groupBy(this.#taken, ({ key }) => key)
    const readsOf = ({ key }: Waiter) => used.get(key)?.length ?? 0
    const awaited = this.#waiting.filter(({ background }) => background !== true)
    return (awaited.length > 0 ? awaited : this.#waiting).reduce<Waiter | undefined>(
      (best, waiter) => (best === undefined || readsOf(waiter) < readsOf(best) ? waiter : best),
      undefined,
    )
  }

  #forgetFreed(): void {
    const now = this.#options.clock.monotonic()
    this.#taken = this.#taken.filter(({ until }) => until > now)
  }

  /** Hands the read to who is next by now: whoever it was taken for may have left. */
  #grant(name: string): void {
    const { clock } = this.#options
    const waiter = this.#next()
    if (waiter === undefined) {
      this.#report(name, { kind: 'unanswered' })
      return
    }
    this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
    const taken = { key: waiter.key, until: Number.POSITIVE_INFINITY }
    this.#taken.push(taken)
    if (waiter.isNotified) waiter.onWait?.(undefined)
    const done = (end: ReadEnd = { kind: 'answered' }) => {
      taken.until = clock.monotonic() + (end.kind === 'refused' ? 0 : WINDOW_MS)
      this.#report(name, end)
    }
    waiter.resolve({ done })
  }

  /** Notifies all who wait for how many milliseconds they will, as far as is known. */
  #notifyAll(ms: number): void {
    const until = new Date(this.#options.clock.now().getTime() + ms)
    this.#waitingUntil = until
    for (const waiter of [...this.#waiting]) {
      waiter.isNotified = true
      waiter.onWait?.(until)
    }
  }

  #report(name: string, end: ReadEnd): void {
    const refusals = end.kind === 'refused' ? 1 : 0
    this.#untoldRefusals += refusals
    const report = this.#tellBudget(name, end).finally(() => {
      this.#reports.delete(report)
      this.#untoldRefusals -= refusals
      this.#changed.abort()
    })
    this.#reports.add(report)
  }

  /** Tells the budget how a read ended, again and again until it has heard or the read is abandoned. */
  async #tellBudget(name: string, end: ReadEnd): Promise<void> {
    const { budget, clock, log } = this.#options
    const { signal } = this.#closing
    const until = clock.monotonic() + ABANDONED_MS
    for (;;) {
      try {
        await budget.done(name, end)
        return
      } catch (error) {
        if (signal.aborted || clock.monotonic() >= until) return
        log.debug({ err: error }, 'the shared read budget could not be updated')
      }
      await clock.sleep(RETRY_MS, signal)
    }
  }
}
