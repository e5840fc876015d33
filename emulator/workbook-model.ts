import type { Cell } from './cells.ts'

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
  /** The shared drive that holds it; absent: the account's own, or shared with it. */
  readonly driveId?: string
  /** Whether it is open by link and not shared with the account: it can be read, and is in no change log. Default false. */
  readonly isOpenByLink?: boolean
  /** The e-mails of those who may read it, beside whom a link lets in; absent: everybody may. */
  readonly sharedWith?: readonly string[]
}
