/** A rectangle of a grid: 0-based, the ends not included. */
export interface Rectangle {
  readonly startRow: number
  readonly endRow: number
  readonly startColumn: number
  readonly endColumn: number
}

export function rowCount({ startRow, endRow }: Rectangle): number {
  return endRow - startRow
}

export function columnCount({ startColumn, endColumn }: Rectangle): number {
  return endColumn - startColumn
}

/** How many cells it has, blank ones included. */
export function cellCount(rectangle: Rectangle): number {
  return rowCount(rectangle) * columnCount(rectangle)
}
