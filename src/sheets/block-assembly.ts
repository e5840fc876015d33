import { type Block, NUMBER } from '../blocks/block.ts'
import { CellReader } from '../blocks/cell-reader.ts'
import type { WorkerPool } from '../concurrency/worker-pool.ts'
import type { AreaPlan, PlannedRange } from './area-plan.ts'
import { DateCodes } from './date-codes.ts'
import { applyDates, areAllNumbers } from './dates.ts'
import { type DecodedRows, WORKER } from './decode.ts'
import { bytesOf } from './plan-reads.ts'

/** Rows that have arrived, of which the dates may still be missing. */
export interface ArrivedRows extends PlannedRange {
  readonly decoded: DecodedRows
}

/** How the cells of a range are shown, row by row, a byte for each. */
export interface ArrivedCodes extends PlannedRange {
  readonly codes: Uint8Array<ArrayBuffer>
}

export interface BlockAssemblyOptions {
  readonly areas: readonly AreaPlan[]
  /** Whether the first row of an area names its columns. */
  readonly hasHeader: boolean
  /** Whether dates are told from numbers. */
  readonly hasDates: boolean
  readonly workers: WorkerPool
}

/** Makes blocks of rows, which wait here until the dates among their numbers are known. */
export class BlockAssembly {
  readonly #options: BlockAssemblyOptions
  readonly #codes: ReadonlyMap<AreaPlan, DateCodes>
  #waiting: ArrivedRows[] = []

  constructor(options: BlockAssemblyOptions) {
    this.#options = options
    this.#codes = new Map(options.areas.map((plan) => [plan, new DateCodes(plan.rectangle)]))
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Adds rows, those of one area in order, and keeps in the plan of the area what they say of the rows after them. */
  add(part: ArrivedRows): void {
    this.learn(part)
    this.#waiting.push(part)
  }

  addCodes(parts: readonly ArrivedCodes[]): void {
    for (const { plan, rectangle, codes } of parts) this.#codesOf(plan).add(rectangle, codes)
  }

  /** Keeps in the plan of an area what its rows say of the rows after them: columns that hold numbers, and the header. */
  learn({ plan, rectangle, decoded }: ArrivedRows): void {
    if (this.#options.hasDates) {
      const columns = new Set([...plan.numberColumns, ...decoded.numberColumns])
      plan.numberColumns = [...columns].sort((one, other) => one - other)
    }
    if (!this.#isHeader(plan, rectangle.startRow)) return
    plan.headerBytes = bytesOf(headerOf(new CellReader(decoded.cells), decoded.rows))
  }

  /** The columns of numbers whose dates are not all known yet, and the first row of which that is so. */
  missingDates({ plan, rectangle, decoded }: ArrivedRows): { columns: readonly number[]; row: number } | undefined {
    const { startRow, endRow } = rectangle
    if (!this.#options.hasDates) return undefined
    const missing = decoded.numberColumns
      .map((column) => ({ column, row: this.#codesOf(plan).firstMissing(column, startRow, endRow) }))
      .filter(({ row }) => row < endRow)
    if (missing.length === 0) return undefined
    return { columns: missing.map(({ column }) => column), row: Math.min(...missing.map(({ row }) => row)) }
  }

  /** Takes the rows that wait for nothing any more; those of one area in order. */
  takeComplete(): ArrivedRows[] {
    const complete: ArrivedRows[] = []
    const incomplete = new Set<AreaPlan>()
    for (const part of this.#waiting) {
      if (incomplete.has(part.plan) || this.missingDates(part) !== undefined) incomplete.add(part.plan)
      else complete.push(part)
    }
    this.#waiting = this.#waiting.filter(({ plan }) => incomplete.has(plan))
    return complete
  }

  /** Makes a block of rows whose dates are all there. */
  async finish({ plan, rectangle, decoded }: ArrivedRows): Promise<Block> {
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
    if (!this.#options.hasDates || numberColumns.length === 0) return cells
    const { workers } = this.#options
    const codes = this.#codesOf(plan).collect(numberColumns, startRow, endRow)
    if (areAllNumbers(codes)) return cells
    const task = { cells, rows, columns: numberColumns, codes }
    const result = await workers.run({ run: applyDates, file: WORKER }, task, [cells.buffer, codes.buffer])
    for (const buffer of result.free) workers.buffers.release(buffer)
    return result.cells
  }

  #isHeader(plan: AreaPlan, row: number): boolean {
    return this.#options.hasHeader && row === plan.rectangle.startRow
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
