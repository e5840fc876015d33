import { createHash, randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { ReadAccount } from '../model/reader.ts'
import type { KeyValueStore } from '../ports/key-value-store.ts'
import type { AccountReads, BudgetAnswer, ReadBudget, ReadBudgets, ReadEnd } from '../ports/read-budget.ts'
import {
  endRead,
  isForgotten,
  type ReadLimits,
  type ReadState,
  readStateAsOf,
  takeRead,
  UNUSED,
} from './read-budget-rule.ts'

const throttle = z.object({
  lastGrant: z.number(),
  refusals: z.int(),
  pausedUntil: z.number(),
  probe: z.string().optional(),
  changedAt: z.number(),
  slowdown: z.int(),
})
const turn = z.object({ due: z.number(), background: z.boolean() })
const taken = z.object({
  read: z.string(),
  account: z.string(),
  key: z.string(),
  isUnderWay: z.boolean(),
  freedAt: z.number(),
})

/** What is stored of a project. Times are milliseconds by the clock of the storage. */
export const storedReads = z.object({
  name: z.string(),
  /** As they were set where it was written: who only shows them has settings of its own. */
  limits: z.object({ account: z.number(), project: z.number() }),
  taken: z.array(taken).default([]),
  project: throttle,
  accounts: z.array(throttle.extend({ name: z.string(), turn: turn.optional() })),
})

/**
 * The key of a project's record. The one record of earlier releases, `google`, is no record of a project: it is left to
 * their processes, which may still run.
 */
export function recordKey(project: string): string {
  return createHash('sha256').update(project).digest('hex').slice(0, 32)
}

/** The reads a minute of all accounts, in one record for each project. */
export class SharedReadBudgets implements ReadBudgets {
  readonly #records: KeyValueStore
  readonly #limits: ReadLimits

  constructor(records: KeyValueStore, limits: ReadLimits) {
    this.#records = records
    this.#limits = limits
  }

  of(account: ReadAccount): ReadBudget {
    return new SharedReadBudget(this.#records, this.#limits, account)
  }

  /** Removes the records of which nothing is left to know, as nobody else asks for all of them. */
  async usage(): Promise<readonly AccountReads[]> {
    const keys = await this.#records.keys()
    const all = await Promise.all(
      keys.map(async (key) => {
        const { value, version, now } = await this.#records.get(key)
        const stored = storedReads.safeParse(value).data
        if (stored === undefined) return []
        const state = readStateAsOf(stored, now)
        if (isForgotten(state, now)) await this.#records.remove(key, version)
        return usageOf(stored, state, now)
      }),
    )
    return all.flat()
  }
}

/** The accounts of a project with their reads. */
export function usageOf(
  { name: project, limits }: { readonly name: string; readonly limits: ReadLimits },
  state: ReadState,
  now: number,
): readonly AccountReads[] {
  const limit = Math.min(limits.account, limits.project)
  return state.accounts.map(({ name, ...own }) => {
    const pausedUntil = Math.max(...[own, state.project].map((one) => (one.refusals > 0 ? one.pausedUntil : 0)))
    return {
      name,
      project,
      limit,
      used: state.taken.filter(({ account }) => account === name).length,
      pausedMs: Math.max(0, pausedUntil - now),
    }
  })
}

/** The reads of one account. Each change is a compare-and-swap, tried again whenever another instance was faster. */
class SharedReadBudget implements ReadBudget {
  readonly #records: KeyValueStore
  readonly #limits: ReadLimits
  readonly #account: ReadAccount
  /** Reads that may have been taken, as the answer was lost: the next calls get them. */
  readonly #unconfirmed: string[] = []

  constructor(records: KeyValueStore, limits: ReadLimits, account: ReadAccount) {
    this.#records = records
    this.#limits = limits
    this.#account = account
  }

  async take(key: string, { background = false }: { readonly background?: boolean } = {}): Promise<BudgetAnswer> {
    const read = this.#unconfirmed.pop() ?? randomUUID()
    const wanted = { limits: this.#limits, account: this.#account.name, key, read, background }
    let answer: BudgetAnswer = { read }
    try {
      await this.#change((state, now) => {
        answer = { read }
        if (state.taken.some((taken) => taken.read === read)) return undefined
        const taken = takeRead(state, wanted, now)
        if ('waitMs' in taken) answer = { waitMs: taken.waitMs }
        return taken.state
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
    const { project: name } = this.#account
    const key = recordKey(name)
    const limits = this.#limits
    for (;;) {
      const { value, version, now } = await this.#records.get(key)
      const next = change(version === undefined ? UNUSED : storedReads.parse(value), now)
      if (next === undefined) return
      if ((await this.#records.compareAndSwap(key, version, { name, limits, ...next })) !== undefined) return
    }
  }
}
