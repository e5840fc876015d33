import type { ReadTuning } from './read-tuning.ts'

/** What one call may ask for; read anew before each call, since the weight of the last answers decides. */
export type CallLimits = Pick<CallBudget, 'cells' | 'urlBytes'>

type BudgetTuning = Pick<ReadTuning, 'answerBytes' | 'startCells' | 'leastCells' | 'mostCells' | 'urlBytes'>

/** How often the wanted bytes the least call may have. */
const HEAVIEST = 4

/** How much one call may ask for, by the size of what came so far. */
export class CallBudget {
  readonly #tuning: BudgetTuning
  readonly #prior: CallBudget | undefined
  #bytes = 0
  #cells = 0
  /** Below 1 after calls that were too much for Google; grows back with those that are not. */
  #ease = 1

  /** `prior`: what to go by until an answer of this kind of calls is seen. */
  constructor(tuning: BudgetTuning, prior?: CallBudget) {
    this.#tuning = tuning
    this.#prior = prior
  }

  /** Whether any answer has been seen yet. */
  get isKnown(): boolean {
    return this.#cells > 0
  }

  /** Cells of the next call, blank ones included. */
  get cells(): number {
    if (this.#cells === 0 && this.#prior !== undefined) return this.#prior.cells
    const { answerBytes, startCells, leastCells, mostCells } = this.#tuning
    // However large cells are, a call shall not ask for what is refused as too large (`readBody`).
    const wanted = this.#cells === 0 ? startCells : (answerBytes * this.#cells) / Math.max(this.#bytes, 1)
    return Math.max(
      1,
      Math.floor(
        Math.min(Math.max(wanted * this.#ease, Math.min(leastCells, startCells, wanted * HEAVIEST)), mostCells),
      ),
    )
  }

  /** Bytes that the URL of a call may have. */
  get urlBytes(): number {
    return this.#tuning.urlBytes
  }

  /** Learns from an answer: the cells that it covers and the bytes that it has. The latest ones count most. */
  learn(cells: number, bytes: number): void {
    this.#bytes = this.#bytes / 2 + bytes
    this.#cells = this.#cells / 2 + cells
    this.#ease = Math.min(1, this.#ease * 1.5)
  }

  /** After a call that was too much for Google the next ones ask for half. */
  halve(): void {
    this.#ease = Math.max(this.#ease / 2, 1 / 64)
  }
}
