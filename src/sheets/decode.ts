import { type CellBytes, NUMBER, TEXT } from '../blocks/block.ts'
import { type CellWriter, withCellWriter } from '../blocks/cell-writer.ts'
import { columnCount, rowCount } from '../model/rectangle.ts'
import type { Body } from './answer-body.ts'
import { shownCode } from './dates.ts'
import { type BadAnswer, incomplete, readAnswer } from './read-answer.ts'
import type { RangeToRead } from './spreadsheet-calls.ts'
import type { ValueScanner } from './value-scanner.ts'

/** The file that runs the functions of this file, and of dates.ts, in a worker thread. */
export const WORKER = new URL('decode-worker.ts', import.meta.url)

/** An answer, and what it was asked for. The buffers belong to the task. */
export interface Answer {
  readonly body: Body
  readonly ranges: readonly RangeToRead[]
}

/** The rows of one range, the header row among them, with what a block says of them. */
export interface DecodedRows {
  readonly cells: CellBytes
  readonly rows: number
  readonly filledCells: number
  readonly errorCells: number
  readonly width: number
  /** Columns that hold a number, ascending. */
  readonly numberColumns: readonly number[]
}

/**
 * What a task makes of an answer, and the buffers that are free again. What is wrong with an answer is a result, as errors
 * lose their class between threads.
 */
export type Decoded<T> = BadAnswer | { readonly parts: readonly T[]; readonly free: readonly ArrayBuffer[] }

/** What a cell in error shows (Google, "ErrorType" of the Sheets API); without its effective value it is text like any other. */
const ERRORS = new Set(['#NULL!', '#DIV/0!', '#VALUE!', '#REF!', '#NAME?', '#NUM!', '#N/A', '#ERROR!'])
const LONGEST_ERROR = 7
const HASH = 0x23

const NO_ROWS = { rows: 0, filledCells: 0, errorCells: 0, width: 0, numberColumns: [] }

/** Decodes the rows of an answer. */
export function decodeRows({ body, ranges }: Answer): Decoded<DecodedRows> {
  // Buffers of their own, for each of them changes threads.
  const parts = ranges.map((): DecodedRows => ({ ...NO_ROWS, cells: new Uint8Array() }))
  let excess: BadAnswer | undefined
  return withCellWriter(body.length, (out) => {
    const bad = readAnswer(body, ranges, (index, scanner) => {
      const { rectangle } = ranges[index] ?? {}
      const { allRows, allColumns, ...decoded } = decodeRange(scanner, out)
      if (rectangle === undefined || allRows > rowCount(rectangle) || allColumns > columnCount(rectangle)) {
        excess ??= incomplete('Google answered more rows or columns than were asked for.')
      }
      // Several blocks of one call are small, and each gets a buffer of its own, as it is handed over alone.
      parts[index] = { ...decoded, cells: ranges.length > 1 ? out.takeCopy() : new Uint8Array() }
    })
    const wrong = bad ?? excess
    if (wrong !== undefined) return wrong
    const [only] = parts
    if (only === undefined || ranges.length > 1) return { parts, free: [body.buffer] }
    const cells = out.takeInPlaceOf(body)
    return { parts: [{ ...only, cells }], free: cells.buffer === body.buffer ? [] : [body.buffer] }
  })
}

function decodeRange(scanner: ValueScanner, out: CellWriter) {
  const isNumber: boolean[] = []
  let allRows = 0
  let allColumns = 0
  let filledCells = 0
  let errorCells = 0
  let width = 0
  scanner.beginRows()
  for (; scanner.nextRow(); allRows += 1) {
    let column = 0
    for (; scanner.nextCell(); column += 1) {
      const { kind, start, end } = scanner
      out.cell(kind, scanner.bytes, start, end)
      if (kind === NUMBER) isNumber[column] = true
      else if (kind === TEXT && scanner.bytes[start] === HASH && isError(scanner)) errorCells += 1
    }
    allColumns = Math.max(allColumns, column)
    filledCells += out.filledCells
    width = Math.max(width, out.width)
    out.endRow()
  }
  const numberColumns = Array.from(isNumber.keys()).filter((column) => isNumber[column])
  return { rows: out.rows, allRows, allColumns, filledCells, errorCells, width, numberColumns }
}

/** Reads how an answer shows its cells: for each range a byte for each of its cells. */
export function decodeShownCodes({ body, ranges }: Answer): Decoded<Uint8Array<ArrayBuffer>> {
  const parts = ranges.map(({ rectangle }) => new Uint8Array(rowCount(rectangle) * columnCount(rectangle)))
  const bad = readAnswer(body, ranges, (index, scanner) => {
    const range = ranges[index]
    const codes = parts[index]
    if (range === undefined || codes === undefined) return
    const columns = columnCount(range.rectangle)
    scanner.beginRows()
    for (let row = 0; scanner.nextRow(); row += 1) {
      for (let column = 0; scanner.nextCell(); column += 1) codes[row * columns + column] = shownCode(scanner.kind)
    }
  })
  return bad ?? { parts, free: [body.buffer] }
}

function isError(scanner: ValueScanner): boolean {
  return scanner.end - scanner.start <= LONGEST_ERROR && ERRORS.has(scanner.text())
}
