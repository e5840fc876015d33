import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { BudgetAnswer, ReadBudget } from '../ports/read-budget.ts'
import { ABANDONED_MS } from './read-budget-rule.ts'
import { ReadQueue } from './read-queue.ts'
import type { Read, ReadQuota, ReadRequest } from './read-quota.ts'

/** Milliseconds before a budget that could not be reached is tried again. */
const RETRY_MS = 1000

export interface SharedReadQuotaOptions {
  readonly budget: ReadBudget
  readonly clock: Clock
  readonly log: Log
}

/**
 * The reads of one credential that several instances share. Which of those who wait in this process goes first is decided
 * here: the one that has read least; whether it may is for the budget to say, from which one read at a time is taken.
 * While the budget cannot be reached everybody waits, as nobody knows what the others read; it is tried again each
 * second.
 */
export class SharedReadQuota implements ReadQuota {
  readonly #budget: ReadBudget
  readonly #clock: Clock
  readonly #log: Log
  readonly #queue: ReadQueue
  #pausedUntil = Number.NEGATIVE_INFINITY
  /** Aborted when somebody has come or gone since the budget answered: a newcomer may read where another one may not. */
  #changed = new AbortController()
  #loop: Promise<void> | undefined
  readonly #reports = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  #isReachable = true

  constructor({ budget, clock, log }: SharedReadQuotaOptions) {
    this.#budget = budget
    this.#clock = clock
    this.#log = log
    this.#queue = new ReadQueue(clock, () => this.#wake())
  }

  take(request: ReadRequest): Promise<Read> {
    return this.#queue.wait(request)
  }

  /** Holds this process back at once, and the others as soon as the budget is paused. */
  pause(ms: number): void {
    const until = this.#clock.monotonic() + ms
    this.#pausedUntil = Math.max(this.#pausedUntil, until)
    this.#report(until, () => this.#budget.pause(Math.max(0, until - this.#clock.monotonic())))
  }

  /** Lets nobody wait any longer for the budget, and closes it. What waits is left to its own signals. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#changed.abort()
    await this.#loop
    await Promise.all(this.#reports)
    await this.#budget.close()
  }

  /** Starts the loop, or wakes it: there is one at a time, so reads are taken from the budget in turn. */
  #wake(): void {
    this.#changed.abort()
    this.#loop ??= this.#grantReads().finally(() => {
      this.#loop = undefined
      // One may have come after the loop had found nobody.
      if (!this.#queue.isEmpty && !this.#closing.signal.aborted) this.#wake()
    })
  }

  async #grantReads(): Promise<void> {
    for (let waiter = this.#queue.next(); waiter !== undefined; waiter = this.#queue.next()) {
      if (this.#closing.signal.aborted) return
      this.#changed = new AbortController()
      const { signal } = this.#changed
      const pausedMs = this.#pausedUntil - this.#clock.monotonic()
      const answer = pausedMs > 0 ? { waitMs: pausedMs } : await this.#takeFromBudget(waiter.key)
      if ('read' in answer) {
        this.#grant(answer.read)
      } else {
        this.#queue.notifyAll(answer.waitMs)
        await this.#clock.sleep(Math.ceil(answer.waitMs), signal)
      }
    }
  }

  async #takeFromBudget(key: string): Promise<BudgetAnswer> {
    try {
      const answer = await this.#budget.take(key)
      if (!this.#isReachable) this.#log.info({}, 'the shared read budget can be reached again')
      this.#isReachable = true
      return answer
    } catch (error) {
      // Whatever ails the budget, without its word nobody may read.
      if (this.#isReachable)
        this.#log.warn({ err: error }, 'the shared read budget cannot be reached; reads wait for it')
      this.#isReachable = false
      return { waitMs: RETRY_MS }
    }
  }

  /** Hands the read to who is next by now: whoever it was taken for may have left. */
  #grant(name: string): void {
    const waiter = this.#queue.next()
    if (waiter === undefined) this.#reportDone(name)
    else this.#queue.grant(waiter, () => this.#reportDone(name))
  }

  #reportDone(name: string): void {
    this.#report(this.#clock.monotonic() + ABANDONED_MS, () => this.#budget.done(name))
  }

  /** Sends the budget a message, again and again until it has arrived or its time is over. */
  #report(until: number, send: () => Promise<void>): void {
    const report = this.#repeat(until, send).finally(() => this.#reports.delete(report))
    this.#reports.add(report)
  }

  async #repeat(until: number, send: () => Promise<void>): Promise<void> {
    const { signal } = this.#closing
    for (;;) {
      try {
        await send()
        return
      } catch (error) {
        if (signal.aborted || this.#clock.monotonic() >= until) return
        this.#log.debug({ err: error }, 'the shared read budget could not be updated')
      }
      await this.#clock.sleep(RETRY_MS, signal)
    }
  }
}
