import type { Clock } from '../ports/clock.ts'
import type { BudgetAnswer, ReadBudget, ReadEnd } from '../ports/read-budget.ts'
import { endRead, takeRead, UNUSED } from './read-budget-rule.ts'

export interface LocalReadBudgetOptions {
  /** Reads a minute that the credential has. */
  readonly readsPerMinute: number
  readonly clock: Clock
}

/** The reads a minute of one credential that only this process uses, by its own clock. */
export class LocalReadBudget implements ReadBudget {
  readonly #options: LocalReadBudgetOptions
  #state = UNUSED
  #reads = 0

  constructor(options: LocalReadBudgetOptions) {
    this.#options = options
  }

  async take(key: string): Promise<BudgetAnswer> {
    const { readsPerMinute: limit, clock } = this.#options
    const read = String(this.#reads)
    const taken = takeRead(this.#state, { limit, key, read }, clock.monotonic())
    if ('waitMs' in taken) return taken
    this.#reads += 1
    this.#state = taken.state
    return { read }
  }

  async done(read: string, end: ReadEnd = { kind: 'answered' }): Promise<void> {
    this.#state = endRead(this.#state, read, end, this.#options.clock.monotonic()) ?? this.#state
  }
}
