import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { KeyValueStore } from '../ports/key-value-store.ts'
import { ABANDONED_MS, readableAt, WINDOW_MS } from './read-budget-rule.ts'

/** Milliseconds to wait before the next try while only reads under way can free one, and nobody knows when. */
const UNKNOWN_WAIT_MS = 1000

/** What is stored of a credential. Times are those of the storage's clock. */
const storedBudget = z.object({
  /** Reads under way, or done less than a window ago. */
  taken: z.array(z.object({ read: z.string(), key: z.string(), takenAt: z.number(), doneAt: z.number().optional() })),
  lastGrant: z.number(),
  pausedUntil: z.number(),
})
type StoredBudget = z.output<typeof storedBudget>
type TakenRead = StoredBudget['taken'][number]

export type BudgetAnswer = { readonly read: string } | { readonly waitMs: number }

export interface SharedReadBudgetOptions {
  readonly records: KeyValueStore
  /** Reads a minute that the credential has; all instances are to say the same. */
  readonly readsPerMinute: number
  /** Tells the budgets of several credentials apart; nothing secret. Default `google`. */
  readonly name?: string
}

/**
 * The reads a minute of one credential, counted where every instance sees them, by the clock of the storage.
 * {@link ReadQuota} keeps order within one process; this keeps the sum of all processes within what Google allows. Each
 * change is a compare-and-swap, tried again whenever another instance was faster.
 */
export class SharedReadBudget {
  readonly #options: Required<SharedReadBudgetOptions>
  /** Reads that may have been taken, as the answer was lost: the next calls get them. */
  readonly #unconfirmed: string[] = []

  constructor(options: SharedReadBudgetOptions) {
    this.#options = { name: 'google', ...options }
  }

  /**
   * Takes a read for `key` if one is free now, or answers how long to wait before the next try. Keys that have read much
   * leave a reserve to the others, by the same rule as within one process (`readableAt`).
   */
  async take(key: string): Promise<BudgetAnswer> {
    const read = this.#unconfirmed.pop() ?? randomUUID()
    let waitMs = 0
    try {
      await this.#change((budget, now) => {
        if (budget.taken.some((taken) => taken.read === read)) return undefined
        const taken = budget.taken.map((each) => ({
          ...each,
          until: each.doneAt === undefined ? Infinity : freedAt(each),
        }))
        waitMs = readableAt({ ...budget, taken, limit: this.#options.readsPerMinute }, key, now) - now
        if (waitMs > 0) return undefined
        return { ...budget, taken: [...budget.taken, { read, key, takenAt: now }], lastGrant: now }
      })
    } catch (error) {
      this.#unconfirmed.push(read)
      throw error
    }
    if (waitMs > 0) return { waitMs: Number.isFinite(waitMs) ? waitMs : UNKNOWN_WAIT_MS }
    return { read }
  }

  /** Records that Google has answered: the read is free again a minute from now; one never done after ten minutes. */
  done(read: string): Promise<void> {
    return this.#change((budget, now) => {
      const found = budget.taken.find((taken) => taken.read === read)
      if (found === undefined || found.doneAt !== undefined) return undefined
      return { ...budget, taken: budget.taken.map((taken) => (taken === found ? { ...found, doneAt: now } : taken)) }
    })
  }

  /** Holds back every read of the credential, in all instances, for so many milliseconds. */
  pause(ms: number): Promise<void> {
    return this.#change((budget, now) => ({ ...budget, pausedUntil: Math.max(budget.pausedUntil, now + ms) }))
  }

  /** Stores what `change` makes of the present state, unless it makes nothing of it. */
  async #change(change: (budget: StoredBudget, now: number) => StoredBudget | undefined): Promise<void> {
    const { records, name } = this.#options
    for (;;) {
      const { value, version, now } = await records.get(name)
      const stored = version === undefined ? { taken: [], lastGrant: 0, pausedUntil: 0 } : storedBudget.parse(value)
      const next = change(asOf(stored, now), now)
      if (next === undefined || (await records.compareAndSwap(name, version, next)) !== undefined) return
    }
  }
}

/** Without the reads that are free again. Should the clock have been set back, no time lies further ahead than it could. */
function asOf({ taken, lastGrant, pausedUntil }: StoredBudget, now: number): StoredBudget {
  return {
    taken: taken
      .map((each) => ({
        ...each,
        takenAt: Math.min(each.takenAt, now),
        doneAt: each.doneAt && Math.min(each.doneAt, now),
      }))
      .filter((each) => freedAt(each) > now),
    lastGrant: Math.min(lastGrant, now),
    pausedUntil: Math.min(pausedUntil, now + ABANDONED_MS),
  }
}

/** When a read is free again: a window after it was done, or when it counts as abandoned. */
function freedAt({ takenAt, doneAt }: TakenRead): number {
  return doneAt === undefined ? takenAt + ABANDONED_MS : doneAt + WINDOW_MS
}
