import { columnLetters } from '../blocks/column-names.ts'
import type { Rectangle } from '../model/rectangle.ts'

/** A rectangle of a tab. */
export interface TabRange {
  readonly title: string
  readonly rectangle: Rectangle
}

/** A rectangle as somebody refers to it: absent bounds are open, as in Google's GridRange. */
export type GridReference = { readonly [Bound in keyof Rectangle]?: Rectangle[Bound] | undefined }

/** The 0-based column of letters: `A` is 0. */
export function columnIndex(letters: string): number {
  let index = 0
  for (const letter of letters.toUpperCase()) index = index * 26 + letter.charCodeAt(0) - 64
  return index - 1
}

/** A title as it may always be written: without quotes `CRM26` would be read as a cell, and `Q1!` not at all. */
export function quoteTitle(title: string): string {
  return `'${title.replaceAll("'", "''")}'`
}

/** The A1 text of a rectangle of a tab. */
export function formatRange(title: string, { startRow, endRow, startColumn, endColumn }: Rectangle): string {
  return `${quoteTitle(title)}!${columnLetters(startColumn)}${startRow + 1}:${columnLetters(endColumn - 1)}${endRow}`
}

/** Splits `'It''s'!A1` or `Title!A1` into the title and what follows `!`; `rest` is absent without a `!`. */
export function splitTitle(text: string): { title: string; isQuoted: boolean; rest: string | undefined } {
  const quoted = /^'((?:[^']|'')*)'(?:!(.*))?$/s.exec(text)
  if (quoted?.[1] !== undefined) return { title: quoted[1].replaceAll("''", "'"), isQuoted: true, rest: quoted[2] }
  const at = text.lastIndexOf('!')
  if (at === -1) return { title: text, isQuoted: false, rest: undefined }
  return { title: text.slice(0, at), isQuoted: false, rest: text.slice(at + 1) }
}

const PART = /^(?:\$?([A-Za-z]{1,3}))?(?:\$?0*([1-9]\d{0,7}))?$/

/**
 * Reads `A1`, `A1:C10`, `A:C`, `2:5`, `A2:C`, `A5:A`, with or without `$`. Absent bounds are open; corners may come in
 * any order. `undefined` for anything else.
 */
export function parseReference(text: string): GridReference | undefined {
  const [from = '', to, ...more] = text.split(':')
  const first = PART.exec(from)
  const second = PART.exec(to ?? from)
  if (more.length > 0 || from === '' || to === '' || first === null || second === null) return undefined
  const [, column1, row1] = first
  const [, column2, row2] = second
  // One cell needs both; so does neither side of `A:5` say a rectangle.
  if (to === undefined && (column1 === undefined || row1 === undefined)) return undefined
  if ((column1 === undefined) !== (column2 === undefined) && (row1 === undefined) !== (row2 === undefined)) {
    return undefined
  }
  const columns = [column1, column2].filter((letters) => letters !== undefined).map(columnIndex)
  const rows = [row1, row2].filter((digits) => digits !== undefined).map((digits) => Number(digits) - 1)
  return {
    ...(columns.length > 0 && { startColumn: Math.min(...columns) }),
    ...(columns.length === 2 && { endColumn: Math.max(...columns) + 1 }),
    ...(rows.length > 0 && { startRow: Math.min(...rows) }),
    ...(rows.length === 2 && { endRow: Math.max(...rows) + 1 }),
  }
}

/** The part of a grid that a reference names; `undefined` when it begins outside. */
export function clipToGrid(
  reference: GridReference,
  grid: { readonly rows: number; readonly columns: number },
): Rectangle | undefined {
  const { startRow = 0, endRow = grid.rows, startColumn = 0, endColumn = grid.columns } = reference
  if (startRow >= grid.rows || startColumn >= grid.columns) return undefined
  return { startRow, endRow: Math.min(endRow, grid.rows), startColumn, endColumn: Math.min(endColumn, grid.columns) }
}

/** Whether Google's `range` of an answer names just this rectangle of this tab. */
export function isSameRange(answered: string, title: string, asked: Rectangle): boolean {
  const { title: answeredTitle, rest } = splitTitle(answered)
  const reference = rest === undefined ? undefined : parseReference(rest)
  return (
    answeredTitle === title &&
    reference !== undefined &&
    reference.startRow === asked.startRow &&
    reference.endRow === asked.endRow &&
    reference.startColumn === asked.startColumn &&
    reference.endColumn === asked.endColumn
  )
}
