import { pMapIterable } from 'p-map'
import { type Block, type CellBytes, NUMBER } from '../blocks/block.ts'
import { CellReader } from '../blocks/cell-reader.ts'
import { settleAll } from '../concurrency/settle-all.ts'
import type { WorkerPool } from '../concurrency/worker-pool.ts'
import { rowCount } from '../model/rectangle.ts'
import type { Clock } from '../ports/clock.ts'
import type { AreaToRead, ReadContext, ReadOptions } from '../ports/sheet-source.ts'
import { CallBudget } from './call-budget.ts'
import { DateCodes } from './date-codes.ts'
import { applyDates, DATES_MODULE, type DatedCells } from './dates.ts'
import { type DecodedRows, decodeRows, decodeShownCodes } from './decode.ts'
import type { Render } from './google-api.ts'
import { joinRows } from './join-rows.ts'
import { type ArrivedRows, LoadingCells } from './loading-cells.ts'
import {
  type AreaPlan,
  bytesOf,
  firstCells,
  nextWave,
  type PlannedRange,
  type PlannedRead,
  planArea,
  planDatesOf,
  planFirstReads,
  planLateDates,
  planRestOfReads,
} from './plan-reads.ts'
import type { ReadTuning } from './read-tuning.ts'
import { areAllNumbers, type ShownCodes } from './shown-codes.ts'
import { cellsOf } from './split-ranges.ts'
import type { RangesOptions, SpreadsheetCalls } from './spreadsheet-calls.ts'

export interface AreaReaderOptions {
  readonly calls: SpreadsheetCalls
  readonly workers: WorkerPool
  readonly tuning: ReadTuning
  readonly clock: Clock
  readonly context: ReadContext
}

/** How the cells of a range are shown, row by row. */
type ArrivedCodes = PlannedRange & { readonly part: ShownCodes }

/** What came of a planned read. */
type ReadResult =
  | {
      readonly kind: 'first' | 'rest'
      readonly parts: readonly ArrivedRows[]
      /** What is left of a read that proved to be too much for one call; each is read as it is asked for. */
      readonly more: AsyncIterable<readonly ArrivedRows[]>
    }
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
  readonly #hasHeader: boolean
  /** Whether dates are told from numbers. */
  readonly #hasDates: boolean
  readonly #plans: readonly AreaPlan[]
  readonly #codes: ReadonlyMap<AreaPlan, DateCodes>
  /** Rows of the first phase that wait for the dates among their numbers. */
  #waiting: ArrivedRows[] = []
  readonly #loading: LoadingCells
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
    this.#hasHeader = hasHeader
    this.#hasDates = values === 'typed' && dates === 'iso'
    this.#plans = areas.map((area, index) => planArea(this.#hasDates ? area : { ...area, numberColumns: [] }, index))
    this.#codes = new Map(this.#plans.map((plan) => [plan, new DateCodes()]))
    this.#loading = new LoadingCells(options.clock, options.context.onWait)
    this.#budget = new CallBudget(options.tuning)
    this.#dateBudget = new CallBudget(options.tuning, this.#budget)
    this.#signal = AbortSignal.any([options.context.signal, this.#stop.signal])
  }

  /** Yields what can be handed out; to be called once. */
  async *read(): AsyncGenerator<readonly Block[]> {
    const { callsInFlight } = this.#options.tuning
    const [budget, dateBudget] = [this.#budget, this.#dateBudget]
    const left = this.#plans.filter(({ nextRow, rectangle }) => nextRow < rectangle.endRow)
    try {
      while (left.length > 0) {
        const wave = nextWave(left, budget.cells)
        left.splice(0, wave.length)
        // The size of the calls is chosen by what the first one weighs, unless one more will be all.
        const isMeasured = budget.isKnown || firstCells(wave) <= 2 * budget.cells
        yield* this.#readAll(planFirstReads(wave, budget), isMeasured ? callsInFlight : 1)
        yield* this.#readAll(planRestOfReads(wave, budget, dateBudget), callsInFlight)
      }
      if (this.#waiting.length > 0) throw new TypeError('rows are left that wait for dates which nobody reads')
    } finally {
      this.#stop.abort()
      await Promise.allSettled(this.#running)
    }
  }

  async *#readAll(reads: Iterable<PlannedRead>, concurrency: number): AsyncGenerator<readonly Block[]> {
    for await (const result of pMapIterable(reads, (read) => this.#track(this.#execute(read)), { concurrency })) {
      const blocks = await this.#take(result)
      if (blocks.length > 0) yield blocks
      if (result.kind === 'dates') continue
      for await (const rows of result.more) {
        const later = await this.#take({ ...result, parts: await this.#loaded(rows) })
        if (later.length > 0) yield later
      }
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
    this.#signal.throwIfAborted()
    if (kind === 'dates') return { kind, parts: await this.#readCodes(ranges) }
    const more = this.#options.calls.readInPortions(ranges, this.#rowsOptions)
    const { value: arrived } = await more.next()
    if (arrived === undefined) throw new TypeError('a read has no result')
    const parts = await this.#loaded(arrived)
    // Rows of a read that was split must not wait, all of them in memory, for what the second phase reads of their dates.
    return { kind: cellsOf(arrived) < cellsOf(ranges) ? 'rest' : kind, parts, more }
  }

  get #rowsOptions(): RangesOptions<DecodedRows> {
    return { render: this.#render, budget: this.#budget, signal: this.#signal, decode: decodeRows, join: joinRows }
  }

  /** Rows that have arrived, after those among them that say so had the time to load. */
  #loaded(arrived: readonly ArrivedRows[]): Promise<readonly ArrivedRows[]> {
    for (const { plan, rectangle } of arrived) this.#options.context.onRows(plan.area, rowCount(rectangle))
    const again = (loading: readonly PlannedRange[]) => this.#options.calls.read(loading, this.#rowsOptions)
    return this.#loading.awaited(arrived, again, this.#signal)
  }

  async #readCodes(ranges: readonly PlannedRange[]): Promise<ArrivedCodes[]> {
    const render = { ...this.#render, dates: 'FORMATTED_STRING' } as const
    const [budget, signal] = [this.#dateBudget, this.#signal]
    return this.#options.calls.read(ranges, { render, budget, signal, decode: decodeShownCodes })
  }

  /** Takes the next result of the plan; resolves to the blocks that are complete with it. */
  async #take(result: ReadResult): Promise<readonly Block[]> {
    if (result.kind === 'dates') {
      this.#addCodes(result.parts)
    } else {
      for (const rows of result.parts) {
        const late = result.kind === 'rest' ? this.#planLateDates(rows) : []
        this.#learn(rows)
        for (const { ranges } of late) this.#addCodes(await this.#readCodes(ranges))
        this.#waiting.push(rows)
      }
    }
    const { complete = [], waiting = [] } = Object.groupBy(this.#waiting, ({ plan, rectangle }) => {
      const isComplete = plan.numberColumns.length === 0 || this.#codesOf(plan).endRow >= rectangle.endRow
      return isComplete ? 'complete' : 'waiting'
    })
    this.#waiting = waiting
    return settleAll(complete.map((rows) => this.#assemble(rows)))
  }

  /**
   * The dates of later blocks were planned ahead of them, for the columns that were known to hold numbers. Plans those of
   * the other ones, so that no date comes out as a number.
   */
  #planLateDates({ plan, rectangle, part }: ArrivedRows): PlannedRead[] {
    const late = part.numberColumns.filter((column) => !plan.numberColumns.includes(column))
    if (!this.#hasDates || late.length === 0) return []
    return planLateDates(plan, late, rectangle.startRow, this.#dateBudget)
  }

  /** Keeps in the plan of an area what its rows say of the rows after them: columns that hold numbers, and the header. */
  #learn({ plan, rectangle, part }: ArrivedRows): void {
    if (this.#hasDates) {
      const columns = new Set([...plan.numberColumns, ...part.numberColumns])
      plan.numberColumns = [...columns].sort((one, other) => one - other)
    }
    if (this.#hasHeader && rectangle.startRow === plan.rectangle.startRow) {
      plan.headerBytes = bytesOf(headerOf(new CellReader(part.cells), part.rows))
    }
  }

  #addCodes(parts: readonly ArrivedCodes[]): void {
    for (const { plan, rectangle, part: shown } of parts) this.#codesOf(plan).add({ rectangle, shown })
  }

  /** Makes a block of rows whose dates are all there. */
  async #assemble(arrived: ArrivedRows): Promise<Block> {
    const { plan, rectangle, part } = arrived
    const { startRow, endRow } = rectangle
    const { rows, numberColumns, filledCells, errorCells, loadingCells, width } = part
    const cells = await this.#datedCells(arrived)
    const block = { area: plan.area, startRow, endRow, filledCells, errorCells, loadingCells, width, numberColumns }
    if (!this.#hasHeader || startRow !== plan.rectangle.startRow) return { ...block, header: undefined, cells, rows }
    const reader = new CellReader(cells)
    const header = headerOf(reader, rows)
    return { ...block, header, cells: cells.subarray(reader.at), rows: Math.max(0, rows - 1) }
  }

  /** Makes dates of numbers. How they are shown is read once more, after a pause, where some of them were just loading. */
  async #datedCells({ plan, rectangle: { startRow, endRow }, part }: ArrivedRows): Promise<CellBytes> {
    const { rows, numberColumns } = part
    const columns = numberColumns.map((column) => plan.rectangle.startColumn + column)
    const apply = async (cells: CellBytes): Promise<DatedCells> => {
      const shown = this.#codesOf(plan).take(columns, startRow, endRow)
      if (areAllNumbers(shown.codes)) return { cells, notLoaded: 0 }
      return this.#options.workers.run(DATES_MODULE, applyDates, { ...shown, cells, rows, columns: numberColumns })
    }
    const { cells, notLoaded } = await apply(part.cells)
    if (notLoaded === 0 || !(await this.#loading.pause(this.#signal))) return cells
    for (const { ranges } of planDatesOf(plan, numberColumns, startRow, endRow, this.#dateBudget)) {
      this.#addCodes(await this.#readCodes(ranges))
    }
    return (await apply(cells)).cells
  }

  #codesOf(plan: AreaPlan): DateCodes {
    const codes = this.#codes.get(plan)
    if (codes === undefined) throw new TypeError('an area is not among those that are read')
    return codes
  }
}

/** The cells of the row that a reader stands before, as text, up to the last that holds something. */
function headerOf(reader: CellReader, rows: number): string[] {
  const header: string[] = []
  if (rows === 0) return header
  while (reader.nextCell()) header.push(reader.kind === NUMBER ? String(reader.number()) : reader.text())
  return header
}
