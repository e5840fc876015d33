import { cellCount, columnCount, type Rectangle, rowCount } from '../model/rectangle.ts'
import { formatRange, type TabRange } from './a1.ts'

/** Titles that a message lists at most. */
const LISTED = 3

/** Cells of all ranges together. */
export function cellsOf(ranges: readonly TabRange[]): number {
  return ranges.reduce((sum, { rectangle }) => sum + cellCount(rectangle), 0)
}

export type Halves<Range> = readonly [readonly Range[], readonly Range[]]

/** Cuts ranges into two lists of about as many cells; `undefined` when it is one cell. */
export function halve<Range extends TabRange>(ranges: readonly Range[]): Halves<Range> | undefined {
  const [only] = ranges
  if (ranges.length > 1) {
    const half = cellsOf(ranges) / 2
    let at = 1
    while (at < ranges.length - 1 && cellsOf(ranges.slice(0, at + 1)) <= half) at += 1
    return [ranges.slice(0, at), ranges.slice(at)]
  }
  if (only === undefined || cellCount(only.rectangle) < 2) return undefined
  const { startRow, startColumn } = only.rectangle
  const part = (rectangle: Partial<Rectangle>) => [{ ...only, rectangle: { ...only.rectangle, ...rectangle } }]
  if (rowCount(only.rectangle) > 1) {
    const middle = startRow + Math.ceil(rowCount(only.rectangle) / 2)
    return [part({ endRow: middle }), part({ startRow: middle })]
  }
  const middle = startColumn + Math.ceil(columnCount(only.rectangle) / 2)
  return [part({ endColumn: middle }), part({ startColumn: middle })]
}

/** Which tabs a call asks for, or which cell, for a user to read. */
export function subjectOf(ranges: readonly TabRange[]): string {
  const [only] = ranges
  if (only !== undefined && ranges.length === 1 && cellCount(only.rectangle) === 1) {
    return `the cell ${formatRange(only.title, only.rectangle)}`
  }
  const titles = [...new Set(ranges.map(({ title }) => `"${title}"`))]
  const more = titles.length > LISTED ? ` and ${titles.length - LISTED} more` : ''
  return `${titles.slice(0, LISTED).join(', ')}${more}`
}
