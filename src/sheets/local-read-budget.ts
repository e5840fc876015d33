import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import pLimit from 'p-limit'
import { AppError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { KeyValueStore } from '../ports/key-value-store.ts'
import type { BudgetAnswer, ReadBudget, ReadEnd } from '../ports/read-budget.ts'
import { endRead, isQuiet, type ReadState, type Throttle, takeRead, UNUSED } from './read-budget-rule.ts'
import { storedThrottle } from './shared-read-budget.ts'

const RECORD = 'google'

export interface LocalReadBudgetOptions {
  /** Reads a minute that the credential has. */
  readonly readsPerMinute: number
  readonly clock: Clock
  /** Where processes that share a folder find what Google has refused one of them; by default this process is alone. */
  readonly records?: KeyValueStore
}

/** The throttle as all know it, or only this process while `version` is null. */
interface Seen {
  readonly throttle: Throttle
  readonly version: string | undefined | null
  readonly now: number
}

/**
 * The reads a minute of one credential, as this process counts its own. With `records` it shares with others what Google
 * refuses: the pauses, with one probe, and the pace after them. Nothing is written while nothing is refused, so reads cost
 * no disk, and a process that is killed takes none with it. Where a record cannot be used, this process pauses alone.
 */
export class LocalReadBudget implements ReadBudget {
  readonly #options: LocalReadBudgetOptions
  readonly #inTurn = pLimit(1)
  #state: ReadState = UNUSED
  /** Whether the others could not be told of the present throttle. */
  #isUntold = false

  constructor(options: LocalReadBudgetOptions) {
    this.#options = options
  }

  async take(key: string): Promise<BudgetAnswer> {
    const { readsPerMinute: limit } = this.#options
    const read = randomUUID()
    let answer: BudgetAnswer = { read }
    await this.#change((state, now) => {
      const taken = takeRead(state, { limit, key, read }, now)
      answer = 'state' in taken ? { read } : taken
      return 'state' in taken ? taken.state : undefined
    })
    return answer
  }

  done(read: string, end: ReadEnd = { kind: 'answered' }): Promise<void> {
    return this.#change((state, now) => endRead(state, read, end, now))
  }

  #change(change: (state: ReadState, now: number) => ReadState | undefined): Promise<void> {
    return this.#inTurn(async () => {
      for (;;) {
        const seen = await this.#read()
        const { taken, lastGrant } = this.#state
        const state = { ...seen.throttle, lastGrant: Math.max(seen.throttle.lastGrant, lastGrant), taken }
        const next = change(state, seen.now)
        if (next !== undefined && !(await this.#tell(seen, next))) continue
        this.#state = next ?? this.#state
        return
      }
    })
  }

  async #read(): Promise<Seen> {
    const { records, clock } = this.#options
    if (records === undefined) return { throttle: this.#state, version: null, now: clock.monotonic() }
    const alone = { throttle: this.#state, version: null, now: clock.now().getTime() }
    this.#isUntold &&= !isQuiet(this.#state, alone.now)
    if (this.#isUntold) return alone
    try {
      const { value, version, now } = await records.get(RECORD)
      return { throttle: version === undefined ? UNUSED : storedThrottle.parse(value), version, now }
    } catch (error) {
      ignoreUnusable(error)
      return alone
    }
  }

  /** Writes what others need know of; resolves to `false` if one of them was faster. */
  async #tell({ throttle, version, now }: Seen, { taken: _, ...next }: ReadState): Promise<boolean> {
    const { records } = this.#options
    if (records === undefined || version === null || isQuiet(next, now) || isDeepStrictEqual(next, throttle))
      return true
    try {
      await records.start()
      return (await records.compareAndSwap(RECORD, version, next)) !== undefined
    } catch (error) {
      ignoreUnusable(error)
      this.#isUntold = true
      return true
    }
  }
}

/** A damaged record, or a full disk, holds back nobody: the record is a help to other processes. */
function ignoreUnusable(error: unknown): void {
  if (!(error instanceof AppError || error instanceof SyntaxError)) throw error
}
