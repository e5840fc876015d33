import { z } from 'zod'
import { snapshotManifest } from '../../model/snapshot-manifest.ts'
import { type ColumnNames, nameColumns } from '../../sheets/header.ts'
import { columnsOf } from './calls.ts'
import type { Target } from './targets.ts'

const whole = z.int().min(0)

/** How far a target has got, as a checkpoint keeps it. */
export const savedTarget = z.object({
  /** The first row of the grid that is not written yet. */
  nextRow: whole,
  /** The header cells as text; `null` before they were read, and where rows are arrays. */
  header: z.array(z.string()).nullable(),
  /** Columns of the target that held a number so far. */
  numberColumns: z.array(whole),
  /** Rows written, and blank ones seen after them, which only count if another row follows. */
  rows: whole,
  blankRows: whole,
  cells: whole,
  errors: whole,
  /** Columns up to the last that holds something, and fields of the shortest CSV line. */
  width: whole,
  lineWidth: whole.nullable(),
  /** Set when all is written. */
  files: snapshotManifest.shape.tabs.element.shape.files.nullable(),
})
export type SavedTarget = z.output<typeof savedTarget>
export type WrittenFile = NonNullable<SavedTarget['files']>[number]

/** A target on its way. `saved` changes only as rows are written, in order; what is known ahead of that lies beside it. */
export class TargetState {
  readonly target: Target
  readonly hasHeader: boolean
  saved: SavedTarget
  /** Settles when the columns that hold numbers, or the header cells, of the target's first rows are known. */
  readonly columnsKnown = Promise.withResolvers<void>()
  readonly headerKnown = Promise.withResolvers<void>()
  isScanned: boolean
  /** Columns that are known to hold numbers, ahead of what is written. */
  numberColumns: readonly number[]
  header: readonly string[] | undefined
  /** Blocks of rows that have come but are not written yet: their first rows, and how many rows they are. */
  readonly #arrived = new Map<number, number>()
  #names: ColumnNames | undefined

  constructor(target: Target, hasHeader: boolean, saved?: SavedTarget) {
    this.target = target
    this.hasHeader = hasHeader
    this.saved = saved ?? {
      nextRow: target.area.startRow,
      header: null,
      numberColumns: [],
      rows: 0,
      blankRows: 0,
      cells: 0,
      errors: 0,
      width: 0,
      lineWidth: null,
      files: null,
    }
    this.numberColumns = this.saved.numberColumns
    this.header = this.saved.header ?? undefined
    this.isScanned = this.saved.nextRow > target.area.startRow
    if (this.isScanned) this.columnsKnown.resolve()
    if (this.isScanned || !hasHeader) this.headerKnown.resolve()
  }

  /** Tells that rows have come from Google; the same ones may come again. */
  arrive({ startRow, endRow }: Target['area']): void {
    this.#arrived.set(startRow, endRow - startRow)
  }

  /** Rows that have come and wait to be written, for their dates or for rows before them. */
  get arrivedRows(): number {
    let rows = 0
    for (const [startRow, count] of this.#arrived) {
      if (startRow < this.saved.nextRow) this.#arrived.delete(startRow)
      else rows += count
    }
    return rows
  }

  get isDone(): boolean {
    return this.saved.files !== null
  }

  /** Whether this row is the one that names the columns. */
  isHeader(row: number): boolean {
    return this.hasHeader && row === this.target.area.startRow
  }

  knowColumns(columns: readonly number[]): void {
    this.numberColumns = [...new Set([...this.numberColumns, ...columns])].sort((one, other) => one - other)
    this.isScanned = true
    this.columnsKnown.resolve()
  }

  knowHeader(header: readonly string[]): void {
    this.header = header
    this.headerKnown.resolve()
  }

  /** One name for each column of the target; none before the header is known. */
  get names(): ColumnNames {
    if (this.header === undefined) return { names: [], empty: 0, repeated: 0 }
    this.#names ??= nameColumns(this.header, this.target.area.startColumn, columnsOf(this.target.area))
    return this.#names
  }
}
