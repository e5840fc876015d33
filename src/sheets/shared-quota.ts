import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Quota } from './quota.ts'
import { ABANDONED_MS } from './read-budget-rule.ts'
import type { BudgetAnswer, SharedReadBudget } from './shared-read-budget.ts'
import { type Read, type ReadWait, WaitingReads } from './waiting-reads.ts'

/** Milliseconds before a budget that could not be reached is asked again. */
const RETRY_MS = 1000

interface SharedQuotaOptions {
  readonly budget: SharedReadBudget
  readonly clock: Clock
  readonly log: Log
}

/**
 * The reads of one credential that several instances share. Which of those who wait in this process goes first is decided
 * here: the one that has read least; whether it may is for the budget to say, which is asked for one read at a time.
 * While the budget cannot be reached everybody waits, as nobody knows what the others read; it is asked again each
 * second.
 */
export class SharedQuota implements Quota {
  readonly #options: SharedQuotaOptions
  readonly #waiting: WaitingReads
  #pausedUntil = Number.NEGATIVE_INFINITY
  /** Ends the present pause of the serving; a newcomer may be let through where the one before it is not. */
  #nap: AbortController | undefined
  #serving: Promise<void> | undefined
  readonly #telling = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  #isReachable = true
  /** Somebody has come or gone since the budget was asked, so its answer may be old. */
  #isWoken = false

  constructor(options: SharedQuotaOptions) {
    this.#options = options
    this.#waiting = new WaitingReads(options.clock, () => this.#serveSoon())
  }

  take(wait: ReadWait): Promise<Read> {
    return this.#waiting.wait(wait)
  }

  /** Holds this process back at once, and the others as soon as the budget hears of it. */
  pause(ms: number): void {
    const until = this.#options.clock.monotonic() + ms
    this.#pausedUntil = Math.max(this.#pausedUntil, until)
    this.#tell(until, () => this.#options.budget.pause(Math.max(0, until - this.#options.clock.monotonic())))
  }

  /** Lets nobody wait any longer for the budget. What waits is left to its own signals. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#nap?.abort()
    await this.#serving
    await Promise.all(this.#telling)
  }

  /** Starts the serving, or wakes it: there is one loop at a time, so the budget is asked in turn. */
  #serveSoon(): void {
    this.#isWoken = true
    this.#nap?.abort()
    this.#serving ??= this.#serve().finally(() => {
      this.#serving = undefined
      // One may have come after the loop had found nobody.
      if (!this.#waiting.isEmpty && !this.#closing.signal.aborted) this.#serveSoon()
    })
  }

  async #serve(): Promise<void> {
    for (let waiter = this.#waiting.next(); waiter !== undefined; waiter = this.#waiting.next()) {
      if (this.#closing.signal.aborted) return
      this.#isWoken = false
      const pausedMs = this.#pausedUntil - this.#options.clock.monotonic()
      const answer = pausedMs > 0 ? { waitMs: pausedMs } : await this.#ask(waiter.key)
      if ('read' in answer) this.#grant(answer.read)
      else await this.#rest(answer.waitMs)
    }
  }

  async #ask(key: string): Promise<BudgetAnswer> {
    try {
      const answer = await this.#options.budget.take(key)
      if (!this.#isReachable) this.#options.log.info({}, 'the shared read budget can be reached again')
      this.#isReachable = true
      return answer
    } catch (error) {
      // Whatever ails the budget, without its word nobody may read.
      if (this.#isReachable)
        this.#options.log.warn({ err: error }, 'the shared read budget cannot be reached; reads wait for it')
      this.#isReachable = false
      return { waitMs: RETRY_MS }
    }
  }

  async #rest(ms: number): Promise<void> {
    this.#waiting.tellAll(ms)
    if (this.#isWoken) return
    const nap = new AbortController()
    this.#nap = nap
    await this.#options.clock.sleep(Math.ceil(ms), nap.signal)
    this.#nap = undefined
  }

  /** Hands the read to who is next by now: whoever it was asked for may have left. */
  #grant(name: string): void {
    const waiter = this.#waiting.next()
    if (waiter === undefined) this.#tellDone(name)
    else this.#waiting.grant(waiter, () => this.#tellDone(name))
  }

  #tellDone(name: string): void {
    // By then the budget has found out by itself.
    this.#tell(this.#options.clock.monotonic() + ABANDONED_MS, () => this.#options.budget.done(name))
  }

  /** Tells the budget something, again and again until it has heard or the time is over. */
  #tell(until: number, say: () => Promise<void>): void {
    const telling = this.#insist(until, say).finally(() => this.#telling.delete(telling))
    this.#telling.add(telling)
  }

  async #insist(until: number, say: () => Promise<void>): Promise<void> {
    const { signal } = this.#closing
    for (;;) {
      try {
        await say()
        return
      } catch (error) {
        if (signal.aborted || this.#options.clock.monotonic() >= until) return
        this.#options.log.debug({ err: error }, 'the shared read budget was not told')
      }
      await this.#options.clock.sleep(RETRY_MS, signal)
    }
  }
}
