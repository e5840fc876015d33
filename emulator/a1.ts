import { badRequest } from './google-error.ts'
import type { LiveTab, LiveWorkbook } from './live-workbook.ts'
import type { Rectangle } from './workbook.ts'

/** A place in a workbook: a tab and a rectangle that lies inside its grid. */
export interface Place extends Rectangle {
  tab: LiveTab
}

const CELL = /^\$?([a-z]{1,3})\$?([1-9]\d{0,7}|0+[1-9]\d{0,7})$/i
const PART = /^(?:\$?([a-z]{1,3}))?(?:\$?(0*[1-9]\d{0,7}))?$/i

/** The letters of a 0-based column: 0 is `A`, 26 is `AA`. */
export function columnLetters(column: number): string {
  let letters = ''
  for (let rest = column + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters
  }
  return letters
}

/** The 0-based column of letters: `A` is 0. */
export function columnIndex(letters: string): number {
  let index = 0
  for (const letter of letters.toUpperCase()) index = index * 26 + letter.charCodeAt(0) - 64
  return index - 1
}

/**
 * A title as Google writes it in `range`: bare when it is a plain word, else in single quotes with `'` doubled.
 * Seen in recorded answers: `Sheet1!A1:D4`, but `'D3'!A1:D4` (reads as a cell) and `'🌵 test 1'!A1:J10`.
 */
export function quoteTitle(title: string): string {
  const plain = /^[a-z_][a-z0-9_]*$/i.test(title) && !CELL.test(title) && !/^r\d*c\d*$/i.test(title)
  return plain ? title : `'${title.replaceAll("'", "''")}'`
}

/** The canonical A1 text of a rectangle: `Sheet1!A1:D4`, and `Sheet1!A1` for one cell. */
export function formatRange(title: string, range: Rectangle): string {
  const start = `${columnLetters(range.startColumnIndex)}${range.startRowIndex + 1}`
  const end = `${columnLetters(range.endColumnIndex - 1)}${range.endRowIndex}`
  return `${quoteTitle(title)}!${start === end ? start : `${start}:${end}`}`
}

/** A parsed reference; an absent side is open: `A2:C` has no last row, `2:5` no columns. */
interface Reference {
  rows: readonly [number, number] | readonly [number] | undefined
  columns: readonly [number, number] | readonly [number] | undefined
}

/** The one or two bounds of a side in order; one bound alone is an open start, and none is the whole side. */
function side(a: number | undefined, b: number | undefined): Reference['rows'] {
  if (a === undefined && b === undefined) return undefined
  if (a === undefined || b === undefined) return [a ?? b ?? 0]
  return a <= b ? [a, b] : [b, a]
}

/** Reads `A1`, `A1:C10`, `A:C`, `2:5`, `A2:C`, `A5:A`, with or without `$`; `undefined` for anything else. */
function parseReference(text: string): Reference | undefined {
  const [first = '', second, more] = text.split(':')
  if (more !== undefined) return undefined
  if (second === undefined) {
    const [, letters, digits] = CELL.exec(first) ?? []
    if (letters === undefined || digits === undefined) return undefined
    const [row, column] = [Number(digits) - 1, columnIndex(letters)]
    return { rows: [row, row], columns: [column, column] }
  }
  const start = PART.exec(first)
  const end = PART.exec(second)
  if (!start || !end || first === '' || second === '') return undefined
  const row = (digits: string | undefined) => (digits === undefined ? undefined : Number(digits) - 1)
  const column = (letters: string | undefined) => (letters === undefined ? undefined : columnIndex(letters))
  const rows = side(row(start[2]), row(end[2]))
  const columns = side(column(start[1]), column(end[1]))
  // `A:5` has one bound of each side and says no rectangle.
  if (rows?.length === 1 && columns?.length === 1) return undefined
  return { rows, columns }
}

/** A reference as its asker wrote it, but canonical, for the message of the grid limits error. */
function formatReference({ rows, columns }: Reference): string {
  const part = (end: 0 | 1) => {
    const column = columns?.[end]
    const row = rows?.[end]
    return `${column === undefined ? '' : columnLetters(column)}${row === undefined ? '' : row + 1}`
  }
  const [start, end] = [part(0), part(1)]
  return start === end && rows !== undefined && columns !== undefined ? start : `${start}:${end}`
}

function whole(tab: LiveTab): Place {
  return { tab, startRowIndex: 0, endRowIndex: tab.rowCount, startColumnIndex: 0, endColumnIndex: tab.columnCount }
}

/** The part of the grid that a reference names. Ends beyond the grid are clipped; a start beyond it is an error. */
function clip(tab: LiveTab, reference: Reference): Place {
  const { rows, columns } = reference
  const startRowIndex = rows?.[0] ?? 0
  const startColumnIndex = columns?.[0] ?? 0
  if (startRowIndex >= tab.rowCount || startColumnIndex >= tab.columnCount) {
    const asked = `${quoteTitle(tab.title)}!${formatReference(reference)}`
    throw badRequest(`Range (${asked}) exceeds grid limits. Max rows: ${tab.rowCount}, max columns: ${tab.columnCount}`)
  }
  return {
    tab,
    startRowIndex,
    endRowIndex: Math.min((rows?.[1] ?? tab.rowCount - 1) + 1, tab.rowCount),
    startColumnIndex,
    endColumnIndex: Math.min((columns?.[1] ?? tab.columnCount - 1) + 1, tab.columnCount),
  }
}

/** Splits `'It''s'!A1` or `Title!A1` into the title and what follows `!`. */
function splitTitle(text: string): { title: string; quoted: boolean; rest: string | undefined } {
  const [match, inner] = /^'((?:[^']|'')*)'(?=!|$)/.exec(text) ?? []
  if (match !== undefined && inner !== undefined) {
    const rest = match.length === text.length ? undefined : text.slice(match.length + 1)
    return { title: inner.replaceAll("''", "'"), quoted: true, rest }
  }
  const at = text.lastIndexOf('!')
  if (at === -1) return { title: text, quoted: false, rest: undefined }
  return { title: text.slice(0, at), quoted: false, rest: text.slice(at + 1) }
}

/**
 * Finds what an A1 text names, as Google's "A1 notation" page and recorded answers have it:
 * - a text that reads as a cell or range is one, of the first visible tab, even where a tab has that title: `CRM26` is
 *   column CRM, row 26, and only `'CRM26'` the tab;
 * - else a named range, which goes before a tab of that title unless the title is quoted;
 * - else a whole tab;
 * - after `Title!` may stand a reference or a named range, which then keeps its own tab.
 * Throws Google's 400 for what names nothing, and for a start outside the grid.
 */
export function resolveRange(workbook: LiveWorkbook, text: string): Place {
  const { title, quoted, rest } = splitTitle(text)
  const unknown = () => badRequest(`Unable to parse range: ${text}`)
  const named = (name: string): Place | undefined => {
    const found = workbook.namedRange(name)
    const tab = found && workbook.tab(found.gid)
    if (!found || !tab) return undefined
    const { startRowIndex, endRowIndex, startColumnIndex, endColumnIndex } = found.range
    return clip(tab, { rows: [startRowIndex, endRowIndex - 1], columns: [startColumnIndex, endColumnIndex - 1] })
  }
  if (rest === undefined && !quoted) {
    const reference = parseReference(text)
    const first = workbook.tabs.find((tab) => tab.grid && !tab.hidden) ?? workbook.tabs.find((tab) => tab.grid)
    if (reference && first) return clip(first, reference)
    const place = named(text)
    if (place) return place
  }
  const tab = workbook.tabTitled(title)
  if (!tab?.grid) throw unknown()
  if (rest === undefined) return whole(tab)
  const reference = parseReference(rest)
  const place = reference ? clip(tab, reference) : named(rest)
  if (!place) throw unknown()
  return place
}
