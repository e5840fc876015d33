import { type Cell, toCell, type Writable } from './cells.ts'

export * from './cells.ts'
export { type SyntheticKind, type SyntheticTab, syntheticTab, syntheticWorkbook } from './synthetic.ts'

/** A rectangle of a tab: 0-based, the ends not included, as in Google's GridRange. */
export interface Rectangle {
  startRowIndex: number
  endRowIndex: number
  startColumnIndex: number
  endColumnIndex: number
}

/** A tab with cells. */
export interface GridTab {
  readonly sheetType?: 'GRID'
  readonly gid: number
  readonly title: string
  /** Rows of the grid, blank ones included. */
  readonly rowCount: number
  readonly columnCount: number
  readonly frozenRowCount?: number
  readonly hidden?: boolean
  /** Only the top-left cell of a merge keeps its value. */
  readonly merges?: readonly Rectangle[]
  /** The cell at 0-based coordinates inside the grid; the same cell at every call. */
  cell(row: number, column: number): Cell
}

/** A tab that is one embedded object, such as a chart, and has no grid. */
export interface ObjectTab {
  readonly sheetType: 'OBJECT'
  readonly gid: number
  readonly title: string
  readonly hidden?: boolean
}

export type Tab = GridTab | ObjectTab

export interface NamedRange {
  readonly name: string
  readonly gid: number
  readonly range: Rectangle
  /** Google's id of it; one is made up from the name when absent. */
  readonly id?: string
}

/** A spreadsheet as the emulator is given it. Edits never change this object. */
export interface Workbook {
  readonly id: string
  readonly title: string
  /** Default `en_US`. Decides the decimal sign of formatted numbers. */
  readonly locale?: string
  /** Default `Etc/GMT`, as of a spreadsheet that a service account made. */
  readonly timeZone?: string
  readonly tabs: readonly Tab[]
  readonly namedRanges?: readonly NamedRange[]
  /** Drive's version to begin with; it grows by one at every edit. Default 1. */
  readonly version?: number
}

/** The part of a grid tab that may be said beside its cells. */
export type TabOptions = Partial<Pick<GridTab, 'rowCount' | 'columnCount' | 'frozenRowCount' | 'hidden' | 'merges'>>

/**
 * A tab that holds the given rows in memory. Rows may be ragged. The grid is as large as the rows unless said
 * otherwise, and at least 1 × 1.
 */
export function tabFromRows(
  gid: number,
  title: string,
  rows: readonly (readonly Writable[])[],
  options: TabOptions = {},
): GridTab {
  const widest = rows.reduce((width, row) => Math.max(width, row.length), 1)
  return {
    ...options,
    gid,
    title,
    rowCount: options.rowCount ?? Math.max(rows.length, 1),
    columnCount: options.columnCount ?? widest,
    cell: (row, column) => toCell(rows[row]?.[column]),
  }
}

/** A tab that is a chart. */
export function chartTab(gid: number, title: string): ObjectTab {
  return { sheetType: 'OBJECT', gid, title }
}
