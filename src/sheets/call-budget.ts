export interface BudgetOptions {
  readonly answerBytes: number
  readonly startCells: number
  readonly leastCells: number
  readonly mostCells: number
  readonly urlBytes: number
}

/** How much one call may ask for, by the size of what came so far. */
export class CallBudget {
  readonly #options: BudgetOptions
  readonly #prior: CallBudget | undefined
  #bytes = 0
  #cells = 0
  /** Below 1 after calls that were too much for Google; grows back with those that are not. */
  #ease = 1

  /** `prior`: what to go by until an answer of this kind of calls is seen. */
  constructor(options: BudgetOptions, prior?: CallBudget) {
    this.#options = options
    this.#prior = prior
  }

  /** Whether any answer has been seen yet. */
  get isKnown(): boolean {
    return this.#cells > 0
  }

  /** Cells of the next call, blank ones included. */
  get cells(): number {
    if (this.#cells === 0 && this.#prior !== undefined) return this.#prior.cells
    const { answerBytes, startCells, leastCells, mostCells } = this.#options
    const wanted = this.#cells === 0 ? startCells : (answerBytes * this.#cells) / Math.max(this.#bytes, 1)
    return Math.max(1, Math.floor(Math.min(Math.max(wanted * this.#ease, Math.min(leastCells, startCells)), mostCells)))
  }

  /** Bytes that the URL of a call may have. */
  get urlBytes(): number {
    return this.#options.urlBytes
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
