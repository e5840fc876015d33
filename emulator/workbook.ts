import { toCell, type Writable } from './cells.ts'
import type { GridTab, ObjectTab } from './workbook-model.ts'

export * from './cells.ts'
export { type SyntheticKind, type SyntheticTab, syntheticTab, syntheticWorkbook } from './synthetic.ts'
export type * from './workbook-model.ts'

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
