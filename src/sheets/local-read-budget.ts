import type { Clock } from '../ports/clock.ts'
import type { BudgetAnswer, ReadBudget } from '../ports/read-budget.ts'
import { WINDOW_MS, waitMsOf } from './read-budget-rule.ts'

export interface LocalReadBudgetOptions {
  /** Reads a minute that the credential has. */
  readonly readsPerMinute: number
  readonly clock: Clock
}

/** The reads a minute of one credential that only this process uses, by its own clock. */
export class LocalReadBudget implements ReadBudget {
  readonly #options: LocalReadBudgetOptions
  readonly #taken = new Map<string, { readonly key: string; until: number }>()
  #reads = 0
  #lastGrant = Number.NEGATIVE_INFINITY
  #pausedUntil = Number.NEGATIVE_INFINITY

  constructor(options: LocalReadBudgetOptions) {
    this.#options = options
  }

  async take(key: string): Promise<BudgetAnswer> {
    const { readsPerMinute: limit, clock } = this.#options
    const now = clock.monotonic()
    for (const [read, { until }] of this.#taken) if (until <= now) this.#taken.delete(read)
    const [taken, lastGrant, pausedUntil] = [[...this.#taken.values()], this.#lastGrant, this.#pausedUntil]
    const waitMs = waitMsOf({ limit, taken, lastGrant, pausedUntil }, key, now)
    if (waitMs > 0) return { waitMs }
    this.#lastGrant = now
    this.#reads += 1
    const read = String(this.#reads)
    this.#taken.set(read, { key, until: Number.POSITIVE_INFINITY })
    return { read }
  }

  async done(read: string): Promise<void> {
    const taken = this.#taken.get(read)
    if (taken !== undefined) taken.until = this.#options.clock.monotonic() + WINDOW_MS
  }

  async pause(ms: number): Promise<void> {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#options.clock.monotonic() + ms)
  }
}
