import { pMapIterable } from 'p-map'
import { type Block, NUMBER } from '../blocks/block.ts'
import { CellReader } from '../blocks/cell-reader.ts'
import type { WorkerPool } from '../concurrency/worker-pool.ts'
import { rowCount } from '../model/rectangle.ts'
import type { AreaToRead, ReadContext, ReadOptions } from '../ports/sheet-source.ts'
import type { Body } from './answer-body.ts'
import type { AreaPlan, CallLimits, PlannedRange, PlannedRead } from './area-plan.ts'
import { CallBudget } from './call-budget.ts'
import { CallFault } from './call-fault.ts'
import { DateCodes } from './date-codes.ts'
import { applyDates, areAllNumbers } from './dates.ts'
import { type Answer, type Decoded, type DecodedRows, decodeRows, decodeShownCodes } from './decode.ts'
import type { Render } from './google-api.ts'
import { planLateDates } from './plan-dates.ts'
import { bytesOf, firstCells, nextWave, planArea, planFirstReads, planRestOfReads } from './plan-reads.ts'
import type { ReadTuning } from './read-tuning.ts'
import type { SpreadsheetCalls } from './spreadsheet-calls.ts'

const WORKER = new URL('decode-worker.ts', import.meta.url)

export interface AreaReaderOptions {
  readonly calls: SpreadsheetCalls
  readonly workers: WorkerPool
  readonly tuning: ReadTuning
  readonly context: ReadContext
}

/** Rows that have come, of which the dates may still be missing. */
interface ArrivedRows extends PlannedRange {
  readonly decoded: DecodedRows
}

/** What came of a planned read. */
type ReadResult =
  | { readonly kind: 'first' | 'rest'; readonly parts: readonly ArrivedRows[] }
  | { readonly kind: 'dates'; readonly parts: readonly (PlannedRange & { readonly codes: Uint8Array<ArrayBuffer> })[] }

/**
 * Reads areas in two phases, wave by wave: first small areas whole and the first block of each large one, by which its
 * header and the columns that hold numbers are known; then all that is left, and ahead of it the second reads that tell
 * dates from numbers. Calls run side by side, what comes of them is taken in the order of the plan, and no more calls are
 * begun than may wait for their turn.
 */
export class AreaReader {
  readonly #options: AreaReaderOptions
  readonly #hasHeader: boolean
  readonly #hasDates: boolean
  readonly #render: Render
  readonly #plans: readonly AreaPlan[]
  readonly #codes: readonly DateCodes[]
  /** Budgets of the two kinds of calls, for they differ in bytes per cell. */
  readonly #budget: CallBudget
  readonly #dateBudget: CallBudget
  /** What has come and waits for its dates, in order. */
  #waiting: ArrivedRows[] = []
  /** Calls and tasks that are under way. */
  readonly #running = new Set<Promise<unknown>>()
  /** Ends what is under way when there is no use for it any more. */
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal

  constructor(areas: readonly AreaToRead[], { values, dates, hasHeader }: ReadOptions, options: AreaReaderOptions) {
    this.#options = options
    this.#hasHeader = hasHeader
    this.#hasDates = values === 'typed' && dates === 'iso'
    const render = { typed: 'UNFORMATTED_VALUE', formatted: 'FORMATTED_VALUE', formula: 'FORMULA' } as const
    this.#render = { values: render[values], dates: 'SERIAL_NUMBER' }
    this.#plans = areas.map(planArea)
    this.#codes = areas.map(({ rectangle }) => new DateCodes(rectangle))
    this.#budget = new CallBudget(options.tuning)
    this.#dateBudget = new CallBudget(options.tuning, this.#budget)
    this.#signal = AbortSignal.any([options.context.signal, this.#stop.signal])
  }

  /** Yields what can be handed out; to be called once. */
  async *read(): AsyncGenerator<readonly Block[]> {
    const { callsInFlight: concurrency } = this.#options.tuning
    const [limits, dateLimits] = [this.#limitsOf(this.#budget), this.#limitsOf(this.#dateBudget)]
    const left = this.#plans.filter(({ nextRow, rectangle }) => nextRow < rectangle.endRow)
    let before: readonly AreaPlan[] = []
    try {
      while (left.length > 0 || before.length > 0) {
        const wave = nextWave(left, this.#budget.cells)
        left.splice(0, wave.length)
        const reads = chain(planRestOfReads(before, limits, dateLimits), planFirstReads(wave, limits))
        // The size of the calls is chosen by what the first one weighs, unless one more will be all.
        const isMeasured = this.#budget.isKnown || firstCells(wave) <= 2 * this.#budget.cells
        const results = pMapIterable(reads, (read) => this.#track(this.#execute(read)), {
          concurrency: isMeasured ? concurrency : 1,
        })
        for await (const result of results) {
          const blocks = await this.#take(result)
          if (blocks.length > 0) yield blocks
        }
        before = wave
      }
      if (this.#waiting.length > 0) throw new TypeError('rows are left that wait for dates which nobody reads')
    } finally {
      this.#stop.abort()
      await Promise.allSettled(this.#running)
    }
  }

  #limitsOf(budget: CallBudget): CallLimits {
    return { cells: () => budget.cells, urlBytes: this.#options.tuning.urlBytes }
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
    if (result.kind === 'dates') {
      this.#addCodes(result)
    } else {
      for (const part of result.parts) {
        // The dates of later blocks were planned ahead of them, for the columns that were known to hold numbers.
        if (result.kind === 'rest') await this.#readLateDates(part)
        this.#learn(part)
        this.#waiting.push(part)
      }
    }
    const complete: ArrivedRows[] = []
    const incomplete = new Set<AreaPlan>()
    for (const part of this.#waiting) {
      if (incomplete.has(part.plan) || this.#missing(part).length > 0) incomplete.add(part.plan)
      else complete.push(part)
    }
    this.#waiting = this.#waiting.filter(({ plan }) => incomplete.has(plan))
    return Promise.all(complete.map((part) => this.#track(this.#finish(part))))
  }

  #addCodes(result: Extract<ReadResult, { kind: 'dates' }>): void {
    for (const { plan, rectangle, codes } of result.parts) this.#codesOf(plan).add(rectangle, codes)
  }

  #codesOf({ area }: AreaPlan): DateCodes {
    const codes = this.#codes[area]
    if (codes === undefined) throw new TypeError('an area has no codes')
    return codes
  }

  /** Keeps what the rows of an area say of the rows after them. */
  #learn({ plan, rectangle, decoded }: ArrivedRows): void {
    plan.numberColumns = this.#hasDates ? union(plan.numberColumns, decoded.numberColumns) : []
    if (!this.#isHeader(plan, rectangle.startRow)) return
    plan.headerBytes = bytesOf(headerOf(new CellReader(decoded.cells), decoded.rows))
  }

  #isHeader(plan: AreaPlan, row: number): boolean {
    return this.#hasHeader && row === plan.rectangle.startRow
  }

  /** Columns of numbers whose dates are not all there yet. */
  #missing({ plan, rectangle: { startRow, endRow }, decoded }: ArrivedRows): readonly number[] {
    if (!this.#hasDates) return []
    const codes = this.#codesOf(plan)
    return decoded.numberColumns.filter((column) => codes.firstMissing(column, startRow, endRow) < endRow)
  }

  /** Reads the dates of columns in which no number was met before: no date comes out as a number. */
  async #readLateDates(part: ArrivedRows): Promise<void> {
    const { plan, rectangle } = part
    const limits = this.#limitsOf(this.#dateBudget)
    for (let missing = this.#missing(part); missing.length > 0; missing = this.#missing(part)) {
      const codes = this.#codesOf(plan)
      const rows = missing.map((column) => codes.firstMissing(column, rectangle.startRow, rectangle.endRow))
      const result = await this.#track(this.#execute(planLateDates(plan, missing, Math.min(...rows), limits)))
      if (result.kind === 'dates') this.#addCodes(result)
      this.#learn(part)
    }
  }

  /** Makes a block of rows whose dates are all there. */
  async #finish({ plan, rectangle, decoded }: ArrivedRows): Promise<Block> {
    const { startRow, endRow } = rectangle
    const { numberColumns, filledCells, errorCells, width } = decoded
    const dated = await this.#dated(plan, startRow, endRow, decoded)
    this.#codesOf(plan).forget(endRow)
    const reader = new CellReader(dated)
    const header = this.#isHeader(plan, startRow) ? headerOf(reader, decoded.rows) : undefined
    return {
      area: plan.area,
      startRow,
      endRow,
      header,
      cells: dated.subarray(reader.at),
      rows: header === undefined ? decoded.rows : Math.max(0, decoded.rows - 1),
      filledCells,
      errorCells,
      width,
      numberColumns,
    }
  }

  async #dated(plan: AreaPlan, startRow: number, endRow: number, { cells, rows, numberColumns }: DecodedRows) {
    if (!this.#hasDates || numberColumns.length === 0) return cells
    const { workers } = this.#options
    const codes = this.#codesOf(plan).collect(numberColumns, startRow, endRow)
    if (areAllNumbers(codes)) return cells
    const task = { cells, rows, columns: numberColumns, codes }
    const result = await workers.run({ run: applyDates, file: WORKER }, task, [cells.buffer, codes.buffer])
    for (const buffer of result.free) workers.buffers.release(buffer)
    return result.cells
  }
}

/** The cells of the row that a reader stands before, as text, up to the last that holds something. */
function headerOf(reader: CellReader, rows: number): string[] {
  const header: string[] = []
  if (rows === 0) return header
  while (reader.nextCell()) header.push(reader.kind === NUMBER ? String(reader.number()) : reader.text())
  return header
}

function asRange({ title, rectangle }: PlannedRange) {
  return { title, rectangle }
}

function* chain<T>(...lists: readonly Iterable<T>[]): Generator<T> {
  for (const list of lists) yield* list
}

function union(one: readonly number[], other: readonly number[]): readonly number[] {
  return [...new Set([...one, ...other])].sort((a, b) => a - b)
}
