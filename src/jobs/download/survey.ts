import { BLANK, FALSE, NUMBER, TEXT, TRUE, type ValueScanner } from '../../sheets/value-scanner.ts'
import type { Piece } from './block-task.ts'
import { DateColumns } from './date-columns.ts'

/** What there is in the rows of a piece, seen in a first walk over them; the second one only writes. */
export interface Survey {
  /** Where the rows begin; absent when there are none. */
  readonly at: number | undefined
  /** The header cells as text, if the piece begins with them. */
  readonly header: readonly string[] | undefined
  /** The last row that holds something, counted from the piece's first; -1 for none. */
  readonly lastRow: number
  /** Cells that hold something, and those of them that show an error. */
  readonly cells: number
  readonly errors: number
  /** Columns up to the last that holds something. */
  readonly width: number
  /** Columns that hold numbers of which nobody knows whether they are dates. */
  readonly unmasked: readonly number[]
  /** Said when there are more rows or columns than were asked for. */
  readonly excess: string | undefined
}

/** What a cell in error shows (Google, "ErrorType" of the Sheets API); without a second look it is text like any other. */
const ERRORS = new Set(['#NULL!', '#DIV/0!', '#VALUE!', '#REF!', '#NAME?', '#NUM!', '#N/A', '#ERROR!'])
const LONGEST_ERROR = 7

/** Walks over the rows that the scanner stands before; without one, the piece has none. */
export function surveyRows({ area, header, dates }: Piece, scanner?: ValueScanner): Survey {
  const isMasked: boolean[] = []
  for (const column of dates?.columns ?? []) isMasked[column] = true
  const unmasked = new Set<number>()
  const headers: string[] = []
  const dateColumns = new DateColumns(dates)
  const at = scanner?.at
  let row = 0
  let cells = 0
  let errors = 0
  let width = 0
  let widest = 0
  let lastRow = -1
  scanner?.beginRows()
  for (; scanner?.nextRow(); row += 1) {
    const isHeader = row === 0 && header.kind === 'here'
    let end = 0
    let column = 0
    for (; scanner.nextCell(); column += 1) {
      const { kind } = scanner
      if (isHeader) headers.push(headerText(scanner, dateColumns, column))
      if (kind === BLANK) continue
      end = column + 1
      cells += 1
      if (kind === NUMBER) {
        if (dates !== undefined && !isMasked[column]) unmasked.add(column)
      } else if (kind === TEXT && scanner.bytes[scanner.start] === 0x23 && isError(scanner)) errors += 1
    }
    if (end > 0) lastRow = row
    if (end > width) width = end
    if (column > widest) widest = column
    if (isHeader) headers.length = end
  }
  const isTooMuch = row > area.endRow - area.startRow || widest > area.endColumn - area.startColumn
  return {
    at,
    header: header.kind === 'here' ? headers : undefined,
    lastRow,
    cells,
    errors,
    width,
    unmasked: [...unmasked].sort((one, other) => one - other),
    excess: isTooMuch ? 'Google answered more rows or columns than were asked for.' : undefined,
  }
}

function isError(scanner: ValueScanner): boolean {
  return scanner.end - scanner.start <= LONGEST_ERROR && ERRORS.has(scanner.text())
}

function headerText(scanner: ValueScanner, dates: DateColumns, column: number): string {
  switch (scanner.kind) {
    case BLANK:
      return ''
    case TRUE:
      return 'TRUE'
    case FALSE:
      return 'FALSE'
    case NUMBER:
      return dates.iso(scanner, column) ?? String(scanner.number())
    default:
      return scanner.text()
  }
}
