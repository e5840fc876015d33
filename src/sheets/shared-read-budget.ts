import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { KeyValueStore } from '../ports/key-value-store.ts'
import type { BudgetAnswer, ReadBudget } from '../ports/read-budget.ts'
import { ABANDONED_MS, WINDOW_MS, waitMsOf } from './read-budget-rule.ts'

/** What is stored of a credential. Times are milliseconds by the clock of the storage. */
const storedBudget = z.object({
  /** Reads under way, or done less than a window ago. Those under way are freed only if nobody ever calls them done. */
  taken: z.array(z.object({ read: z.string(), key: z.string(), isUnderWay: z.boolean(), freedAt: z.number() })),
  lastGrant: z.number(),
  pausedUntil: z.number(),
})
type StoredBudget = z.output<typeof storedBudget>

/**
 * The reads a minute of one credential, counted where every instance sees them, by the clock of the storage.
 * {@link ReadQuota} keeps order within one process; this keeps the sum of all processes within what Google allows. Each
 * change is a compare-and-swap, tried again whenever another instance was faster.
 */
export class SharedReadBudget implements ReadBudget {
  readonly #records: KeyValueStore
  readonly #limit: number
  readonly #name: string
  /** Reads that may have been taken, as the answer was lost: the next calls get them. */
  readonly #unconfirmed: string[] = []

  /** `name` tells the budgets of several credentials apart, without giving them away. */
  constructor(records: KeyValueStore, readsPerMinute: number, name = 'google') {
    this.#records = records
    this.#limit = readsPerMinute
    this.#name = name
  }

  /**
   * Takes a read for `key` if one is free now, or answers how long to wait before the next try. Keys that have read much
   * leave a reserve to the others, by the same rule as within one process (read-budget-rule.ts).
   */
  async take(key: string): Promise<BudgetAnswer> {
    const read = this.#unconfirmed.pop() ?? randomUUID()
    let waitMs = 0
    try {
      await this.#change((budget, now) => {
        if (budget.taken.some((taken) => taken.read === read)) return undefined
        const taken = budget.taken.map((each) => ({ ...each, until: each.isUnderWay ? Infinity : each.freedAt }))
        waitMs = waitMsOf({ ...budget, taken, limit: this.#limit }, key, now)
        if (waitMs > 0) return undefined
        const mine = { read, key, isUnderWay: true, freedAt: now + ABANDONED_MS }
        return { ...budget, taken: [...budget.taken, mine], lastGrant: now }
      })
    } catch (error) {
      this.#unconfirmed.push(read)
      throw error
    }
    if (waitMs > 0) return { waitMs }
    return { read }
  }

  /** Records that Google has answered: the read is free again a minute from now; one never done after ten minutes. */
  done(read: string): Promise<void> {
    return this.#change((budget, now) => {
      const index = budget.taken.findIndex((taken) => taken.read === read && taken.isUnderWay)
      const found = budget.taken[index]
      const freedAt = now + WINDOW_MS
      return found && { ...budget, taken: budget.taken.with(index, { ...found, isUnderWay: false, freedAt }) }
    })
  }

  /** Holds back every read of the credential, in all instances, for so many milliseconds. */
  pause(ms: number): Promise<void> {
    return this.#change((budget, now) => ({ ...budget, pausedUntil: Math.max(budget.pausedUntil, now + ms) }))
  }

  /** Stores what `change` makes of the present state, unless it makes nothing of it. */
  async #change(change: (budget: StoredBudget, now: number) => StoredBudget | undefined): Promise<void> {
    for (;;) {
      const { value, version, now } = await this.#records.get(this.#name)
      const stored = version === undefined ? { taken: [], lastGrant: 0, pausedUntil: 0 } : storedBudget.parse(value)
      const next = change(asOf(stored, now), now)
      if (next === undefined || (await this.#records.compareAndSwap(this.#name, version, next)) !== undefined) return
    }
  }
}

/** Without the reads that are free again. Should the clock have been set back, no time lies further ahead than it could. */
function asOf({ taken, lastGrant, pausedUntil }: StoredBudget, now: number): StoredBudget {
  return {
    taken: taken
      .map((each) => ({ ...each, freedAt: Math.min(each.freedAt, now + (each.isUnderWay ? ABANDONED_MS : WINDOW_MS)) }))
      .filter(({ freedAt }) => freedAt > now),
    lastGrant: Math.min(lastGrant, now),
    pausedUntil: Math.min(pausedUntil, now + ABANDONED_MS),
  }
}
