import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import pLimit from 'p-limit'
import { AppError } from '../errors.ts'
import type { ReadAccount } from '../model/reader.ts'
import type { Clock } from '../ports/clock.ts'
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
import { isQuiet, UNTHROTTLED } from './read-limit-rule.ts'
import { recordKey, storedReads, usageOf } from './shared-read-budgets.ts'

export interface LocalReadBudgetsOptions {
  readonly limits: ReadLimits
  readonly clock: Clock
  /** Where processes that share a folder find what Google has refused one of them; by default this process is alone. */
  readonly records?: KeyValueStore
}

/** What this process knows of a project. */
interface Project {
  readonly state: ReadState
  /** Whether the others could not be told of the present throttles. */
  readonly isUntold: boolean
}

/** The throttles as all know them, or only this process while `version` is null. */
interface Seen {
  readonly throttles: Throttles
  readonly version: string | undefined | null
  readonly now: number
}

type Throttles = Pick<ReadState, 'project' | 'accounts'>

/**
 * The reads a minute of all accounts, as this process counts its own. With `records` it shares with others what Google
 * refuses: the pauses, with one probe, and the pace after them. Nothing is written while nothing is refused, so reads cost
 * no disk, and a process that is killed takes none with it. Where a record cannot be used, this process pauses alone.
 */
export class LocalReadBudgets implements ReadBudgets {
  readonly #options: LocalReadBudgetsOptions
  readonly #inTurn = pLimit(1)
  /** Those of which there is anything to know. */
  readonly #projects = new Map<string, Project>()

  constructor(options: LocalReadBudgetsOptions) {
    this.#options = options
  }

  of({ name, project }: ReadAccount): ReadBudget {
    const { limits } = this.#options
    return {
      take: async (key, { background = false } = {}) => {
        const read = randomUUID()
        let answer: BudgetAnswer = { read }
        await this.#change(project, (state, now) => {
          const taken = takeRead(state, { limits, account: name, key, read, background }, now)
          answer = 'waitMs' in taken ? { waitMs: taken.waitMs } : { read }
          return taken.state
        })
        return answer
      },
      done: (read, end: ReadEnd = { kind: 'answered' }) =>
        this.#change(project, (state, now) => endRead(state, read, end, now)),
    }
  }

  async usage(): Promise<readonly AccountReads[]> {
    const { limits } = this.#options
    const now = this.#now()
    this.#forget(now)
    return [...this.#projects].flatMap(([name, { state }]) => usageOf({ name, limits }, readStateAsOf(state, now), now))
  }

  #now(): number {
    const { records, clock } = this.#options
    return records === undefined ? clock.monotonic() : clock.now().getTime()
  }

  /** Drops the projects of which nothing is left to know. */
  #forget(now: number): void {
    for (const [name, { state }] of this.#projects) {
      if (isForgotten(readStateAsOf(state, now), now)) this.#projects.delete(name)
    }
  }

  #change(project: string, change: (state: ReadState, now: number) => ReadState | undefined): Promise<void> {
    return this.#inTurn(async () => {
      for (;;) {
        const known = this.#projects.get(project) ?? { state: UNUSED, isUntold: false }
        const seen = await this.#read(project, known)
        const next = change(merged(seen.throttles, known.state), seen.now)
        if (next === undefined) return
        const told = await this.#tell(project, seen, next)
        if (told === 'late') continue
        if (!this.#projects.has(project)) this.#forget(seen.now)
        this.#projects.set(project, { state: next, isUntold: told === 'failed' || seen.isUntold })
        return
      }
    })
  }

  async #read(project: string, { state, isUntold }: Project): Promise<Seen & { readonly isUntold: boolean }> {
    const { records } = this.#options
    const now = this.#now()
    const alone = { throttles: state, version: null, now, isUntold: isUntold && !areQuiet(state, now) }
    if (records === undefined || alone.isUntold) return alone
    try {
      const { value, version, now } = await records.get(recordKey(project))
      const throttles = version === undefined ? UNUSED : storedReads.parse(value)
      return { throttles, version, now, isUntold: false }
    } catch (error) {
      ignoreUnusable(error)
      return alone
    }
  }

  /** Writes what others need know of; `late` if one of them was faster. */
  async #tell(
    project: string,
    { throttles, version, now }: Seen,
    next: ReadState,
  ): Promise<'told' | 'late' | 'failed'> {
    const { records, limits } = this.#options
    const value = shared(next, now)
    if (
      records === undefined ||
      version === null ||
      areQuiet(next, now) ||
      isDeepStrictEqual(value, shared(throttles, now))
    )
      return 'told'
    try {
      await records.start()
      const written = await records.compareAndSwap(recordKey(project), version, { name: project, limits, ...value })
      return written === undefined ? 'late' : 'told'
    } catch (error) {
      ignoreUnusable(error)
      return 'failed'
    }
  }
}

/** What all know of refusals, with the reads and turns of this process. */
function merged(throttles: Throttles, { taken, project, accounts }: ReadState): ReadState {
  const names = new Set([...throttles.accounts, ...accounts].map(({ name }) => name))
  return {
    taken,
    project: { ...throttles.project, lastGrant: Math.max(throttles.project.lastGrant, project.lastGrant) },
    accounts: [...names].map((name) => {
      const own = accounts.find((account) => account.name === name)
      const seen = throttles.accounts.find((account) => account.name === name) ?? { ...UNTHROTTLED, name }
      return { ...seen, lastGrant: Math.max(seen.lastGrant, own?.lastGrant ?? 0), turn: own?.turn }
    }),
  }
}

/** What others need know of: no reads, no turns, and no account that was not refused. */
function shared({ project, accounts }: Throttles, now: number): Throttles {
  const refused = accounts.filter((account) => !isQuiet(account, now))
  return { project, accounts: refused.map(({ turn: _, ...account }) => account) }
}

function areQuiet({ project, accounts }: Throttles, now: number): boolean {
  return [project, ...accounts].every((throttle) => isQuiet(throttle, now))
}

/** A damaged record, or a full disk, holds back nobody: the record is a help to other processes. */
function ignoreUnusable(error: unknown): void {
  if (!(error instanceof AppError || error instanceof SyntaxError)) throw error
}
