import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { KeyValueStore } from '../ports/key-value-store.ts'
import type { BudgetAnswer, ReadBudget, ReadEnd } from '../ports/read-budget.ts'
import { endRead, type ReadState, takeRead, UNUSED } from './read-budget-rule.ts'

/** What is stored of a credential. Times are milliseconds by the clock of the storage. Earlier releases knew no refusals. */
export const storedThrottle = z.object({
  lastGrant: z.number(),
  refusals: z.int().default(UNUSED.refusals),
  pausedUntil: z.number(),
  probe: z.string().optional(),
  changedAt: z.number().default(UNUSED.changedAt),
  slowdown: z.int().default(UNUSED.slowdown),
})
const storedState = storedThrottle.extend({
  taken: z.array(z.object({ read: z.string(), key: z.string(), isUnderWay: z.boolean(), freedAt: z.number() })),
})

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

  async take(key: string): Promise<BudgetAnswer> {
    const read = this.#unconfirmed.pop() ?? randomUUID()
    let answer: BudgetAnswer = { read }
    try {
      await this.#change((state, now) => {
        answer = { read }
        if (state.taken.some((taken) => taken.read === read)) return undefined
        const taken = takeRead(state, { limit: this.#limit, key, read }, now)
        if ('state' in taken) return taken.state
        answer = taken
        return undefined
      })
    } catch (error) {
      this.#unconfirmed.push(read)
      throw error
    }
    return answer
  }

  done(read: string, end: ReadEnd = { kind: 'answered' }): Promise<void> {
    return this.#change((state, now) => endRead(state, read, end, now))
  }

  /** Stores what `change` makes of the present state, unless it makes nothing of it. */
  async #change(change: (state: ReadState, now: number) => ReadState | undefined): Promise<void> {
    for (;;) {
      const { value, version, now } = await this.#records.get(this.#name)
      const next = change(version === undefined ? UNUSED : storedState.parse(value), now)
      const isStored =
        next === undefined || (await this.#records.compareAndSwap(this.#name, version, { ...next })) !== undefined
      if (isStored) return
    }
  }
}
