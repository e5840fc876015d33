/** A cell of a table; row -1 is the header. */
export interface GridCell {
  readonly row: number
  readonly column: number
}

interface GridExtent {
  readonly rows: number
  readonly columns: number
  /** Rows that a page up or down goes. */
  readonly pageRows: number
}

/** Where a key leads from a cell (WAI-ARIA Authoring Practices, grid); `undefined` for keys that lead nowhere. */
export function cellAfter(
  { row, column }: GridCell,
  { key, ctrlKey = false, metaKey = false }: { key: string; ctrlKey?: boolean; metaKey?: boolean },
  { rows, columns, pageRows }: GridExtent,
): GridCell | undefined {
  const isFar = ctrlKey || metaKey
  const to = (nextRow: number, nextColumn = column): GridCell => ({
    row: Math.max(-1, Math.min(rows - 1, nextRow)),
    column: Math.max(0, Math.min(columns - 1, nextColumn)),
  })
  switch (key) {
    case 'ArrowDown':
      return isFar ? to(rows - 1) : to(row + 1)
    case 'ArrowUp':
      return isFar ? to(Math.min(row, 0)) : to(row - 1)
    case 'ArrowRight':
      return isFar ? to(row, columns - 1) : to(row, column + 1)
    case 'ArrowLeft':
      return isFar ? to(row, 0) : to(row, column - 1)
    case 'PageDown':
      return to(row + pageRows)
    case 'PageUp':
      return to(Math.max(Math.min(row, 0), row - pageRows))
    case 'Home':
      return isFar ? to(0, 0) : to(row, 0)
    case 'End':
      return isFar ? to(rows - 1, columns - 1) : to(row, columns - 1)
    default:
      return undefined
  }
}
