import type { Clock } from '../../src/ports/clock.ts'
import type { BudgetAnswer, ReadBudget } from '../../src/ports/read-budget.ts'
import { readableAt, WINDOW_MS } from '../../src/sheets/read-budget-rule.ts'

const FORGOTTEN_MS = 600_000

interface Taken {
  readonly key: string
  /** When it counts as forgotten, until it is done. */
  readonly forgottenAt: number
  until: number
}

/** A budget in memory, on a clock that a test moves; a test may make it unreachable. */
export class MemoryReadBudget implements ReadBudget {
  readonly #limit: number
  readonly #clock: Clock
  readonly #taken = new Map<string, Taken>()
  #count = 0
  #lastGrant = Number.NEGATIVE_INFINITY
  #pausedUntil = Number.NEGATIVE_INFINITY
  /** What every call rejects with, while it is set. */
  fault: Error | undefined

  constructor({ readsPerMinute, clock }: { readonly readsPerMinute: number; readonly clock: Clock }) {
    this.#limit = readsPerMinute
    this.#clock = clock
  }

  async take(key: string): Promise<BudgetAnswer> {
    if (this.fault !== undefined) throw this.fault
    const now = this.#clock.monotonic()
    for (const [read, { until, forgottenAt }] of this.#taken) {
      if (Math.min(until, forgottenAt) <= now) this.#taken.delete(read)
    }
    const state = {
      limit: this.#limit,
      taken: [...this.#taken.values()],
      lastGrant: this.#lastGrant,
      pausedUntil: this.#pausedUntil,
    }
    const at = readableAt(state, key, now)
    if (at > now) return { waitMs: at === Number.POSITIVE_INFINITY ? 1000 : at - now }
    const read = String(++this.#count)
    this.#taken.set(read, { key, until: Number.POSITIVE_INFINITY, forgottenAt: now + FORGOTTEN_MS })
    this.#lastGrant = now
    return { read }
  }

  async done(read: string): Promise<void> {
    if (this.fault !== undefined) throw this.fault
    const taken = this.#taken.get(read)
    if (taken?.until === Number.POSITIVE_INFINITY) taken.until = this.#clock.monotonic() + WINDOW_MS
  }

  async pause(ms: number): Promise<void> {
    if (this.fault !== undefined) throw this.fault
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.monotonic() + ms)
  }

  async close(): Promise<void> {}
}
