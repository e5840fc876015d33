import { pMapIterable } from 'p-map'
import type { Block } from '../blocks/block.ts'
import { settleAll } from '../concurrency/settle-all.ts'
import type { WorkerPool } from '../concurrency/worker-pool.ts'
import { rowCount } from '../model/rectangle.ts'
import type { AreaToRead, ReadContext, ReadOptions } from '../ports/sheet-source.ts'
import type { Body } from './answer-body.ts'
import type { AreaPlan, PlannedRange, PlannedRead } from './area-plan.ts'
import { type ArrivedCodes, type ArrivedRows, BlockAssembly } from './block-assembly.ts'
import { CallBudget } from './call-budget.ts'
import { CallFault } from './call-fault.ts'
import { type Answer, type Decoded, decodeRows, decodeShownCodes, WORKER } from './decode.ts'
import type { Render } from './google-api.ts'
import { planLateDates } from './plan-dates.ts'
import { firstCells, nextWave, planArea, planFirstReads, planRestOfReads } from './plan-reads.ts'
import type { ReadTuning } from './read-tuning.ts'
import type { SpreadsheetCalls } from './spreadsheet-calls.ts'

export interface AreaReaderOptions {
  readonly calls: SpreadsheetCalls
  readonly workers: WorkerPool
  readonly tuning: ReadTuning
  readonly context: ReadContext
}

/** What came of a planned read. */
type ReadResult =
  | { readonly kind: 'first' | 'rest'; readonly parts: readonly ArrivedRows[] }
  | { readonly kind: 'dates'; readonly parts: readonly ArrivedCodes[] }

/**
 * Reads areas in two phases, wave by wave: first small areas whole and the first block of each large one, by which its
 * header and the columns that hold numbers are known; then all that is left, and ahead of it the second reads that tell
 * dates from numbers. Calls run side by side, what comes of them is taken in the order of the plan, and no more calls are
 * begun than may wait for their turn.
 */
export class AreaReader {
  readonly #options: AreaReaderOptions
  readonly #render: Render
  readonly #plans: readonly AreaPlan[]
  readonly #assembly: BlockAssembly
  /** Budgets of the two kinds of calls, for they differ in bytes per cell. */
  readonly #budget: CallBudget
  readonly #dateBudget: CallBudget
  /** Planned reads that are under way. */
  readonly #running = new Set<Promise<unknown>>()
  /** Ends what is under way when there is no use for it any more. */
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal

  constructor(areas: readonly AreaToRead[], { values, dates, hasHeader }: ReadOptions, options: AreaReaderOptions) {
    this.#options = options
    const render = { typed: 'UNFORMATTED_VALUE', formatted: 'FORMATTED_VALUE', formula: 'FORMULA' } as const
    this.#render = { values: render[values], dates: 'SERIAL_NUMBER' }
    this.#plans = areas.map(planArea)
    const { workers } = options
    const hasDates = values === 'typed' && dates === 'iso'
    this.#assembly = new BlockAssembly({ areas: this.#plans, hasHeader, hasDates, workers })
    this.#budget = new CallBudget(options.tuning)
    this.#dateBudget = new CallBudget(options.tuning, this.#budget)
    this.#signal = AbortSignal.any([options.context.signal, this.#stop.signal])
  }

  /** Yields what can be handed out; to be called once. */
  async *read(): AsyncGenerator<readonly Block[]> {
    const { callsInFlight: concurrency } = this.#options.tuning
    const [budget, dateBudget] = [this.#budget, this.#dateBudget]
    const left = this.#plans.filter(({ nextRow, rectangle }) => nextRow < rectangle.endRow)
    let before: readonly AreaPlan[] = []
    try {
      while (left.length > 0 || before.length > 0) {
        const wave = nextWave(left, budget.cells)
        left.splice(0, wave.length)
        const reads = chain(planRestOfReads(before, budget, dateBudget), planFirstReads(wave, budget))
        // The size of the calls is chosen by what the first one weighs, unless one more will be all.
        const isMeasured = budget.isKnown || firstCells(wave) <= 2 * budget.cells
        const results = pMapIterable(reads, (read) => this.#track(this.#execute(read)), {
          concurrency: isMeasured ? concurrency : 1,
        })
        for await (const result of results) {
          const blocks = await this.#take(result)
          if (blocks.length > 0) yield blocks
        }
        before = wave
      }
      if (!this.#assembly.isEmpty) throw new TypeError('rows are left that wait for dates which nobody reads')
    } finally {
      this.#stop.abort()
      await Promise.allSettled(this.#running)
    }
  }

  /** Remembers work until it has settled. The first failure ends all that is under way beside it. */
  #track<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work)
    const settled = work.finally(() => this.#running.delete(work))
    settled.catch((error: unknown) => this.#stop.abort(error))
    return settled
  }

  /** Makes the call of a planned read, or several where it proves to be too much for one. */
  async #execute({ kind, ranges }: PlannedRead): Promise<ReadResult> {
    const { calls } = this.#options
    const signal = this.#signal
    signal.throwIfAborted()
    if (kind === 'dates') {
      const render = { ...this.#render, dates: 'FORMATTED_STRING' } as const
      const decode = async (body: Body, asked: readonly PlannedRange[]) => {
        const codes = await this.#decode(decodeShownCodes, { body, ranges: asked.map(asRange) })
        return asked.map((range, index) => ({ ...range, codes: codes[index] ?? new Uint8Array() }))
      }
      const answers = await calls.read(ranges, { render, budget: this.#dateBudget, signal, decode })
      return { kind, parts: answers.flat() }
    }
    const decode = async (body: Body, asked: readonly PlannedRange[]) => {
      const parts = await this.#decode(decodeRows, { body, ranges: asked.map(asRange) })
      return asked.map((range, index) => {
        const decoded = parts[index]
        if (decoded === undefined) throw new TypeError('a range is missing in what was decoded')
        this.#options.context.onRows(range.plan.area, rowCount(range.rectangle))
        return { ...range, decoded }
      })
    }
    const answers = await calls.read(ranges, { render: this.#render, budget: this.#budget, signal, decode })
    return { kind, parts: answers.flat() }
  }

  async #decode<Task extends Answer, Part>(run: (task: Task) => Decoded<Part>, task: Task): Promise<readonly Part[]> {
    const { workers } = this.#options
    const result = await workers.run({ run, file: WORKER }, task, [task.body.buffer])
    if ('fault' in result) throw new CallFault(result.fault, result.message)
    for (const buffer of result.free) workers.buffers.release(buffer)
    return result.parts
  }

  /** Takes the next result of the plan; resolves to the blocks that are complete with it. */
  async #take(result: ReadResult): Promise<readonly Block[]> {
    const assembly = this.#assembly
    if (result.kind === 'dates') {
      assembly.addCodes(result.parts)
    } else {
      for (const part of result.parts) {
        // The dates of later blocks were planned ahead of them, for the columns that were known to hold numbers.
        if (result.kind === 'rest') await this.#readLateDates(part)
        assembly.add(part)
      }
    }
    return settleAll(assembly.takeComplete().map((part) => assembly.finish(part)))
  }

  /** Reads the dates of columns in which no number was met before: no date comes out as a number. */
  async #readLateDates(part: ArrivedRows): Promise<void> {
    for (;;) {
      const missing = this.#assembly.missingDates(part)
      if (missing === undefined) return
      const result = await this.#execute(planLateDates(part.plan, missing.columns, missing.row, this.#dateBudget))
      if (result.kind === 'dates') this.#assembly.addCodes(result.parts)
      this.#assembly.learn(part)
    }
  }
}

function asRange({ title, rectangle }: PlannedRange) {
  return { title, rectangle }
}

function* chain<T>(...lists: readonly Iterable<T>[]): Generator<T> {
  for (const list of lists) yield* list
}
