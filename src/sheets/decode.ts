import { type Block, NUMBER, TEXT } from '../blocks/block.ts'
import { type CellWriter, withCellWriter } from '../blocks/cell-writer.ts'
import { isErrorValue, LONGEST_ERROR } from '../model/error-values.ts'
import { columnCount, rowCount } from '../model/rectangle.ts'
import type { TabRange } from './a1.ts'
import type { Body } from './answer-body.ts'
import { CallFault, type FaultKind } from './call-fault.ts'
import { incomplete, readAnswer } from './read-answer.ts'
import { ShownCoder, type ShownCodes } from './shown-codes.ts'
import { LOADING } from './shown-text.ts'
import type { ValueScanner } from './value-scanner.ts'

/** Whose functions decode in a worker thread. */
export const DECODE_MODULE = import.meta.url

/** An answer, and what it was asked for. The body belongs to the task. */
export interface Answer {
  readonly body: Body
  readonly ranges: readonly TabRange[]
}

/** The rows of one range, the header row among them, with what a block says of them. */
export type DecodedRows = Pick<
  Block,
  'cells' | 'rows' | 'filledCells' | 'errorCells' | 'loadingCells' | 'width' | 'numberColumns'
>

/** What a task makes of each range, or what is wrong with the answer: errors lose their class between threads. */
export type Decoded<T> = { readonly parts: readonly T[] } | { readonly fault: FaultKind; readonly message: string }

const HASH = 0x23

const FIRST_OF_LOADING = LOADING.charCodeAt(0)

const NO_ROWS = { rows: 0, filledCells: 0, errorCells: 0, loadingCells: 0, width: 0, numberColumns: [] }

/** Decodes the rows of an answer. */
export function decodeRows({ body, ranges }: Answer): Decoded<DecodedRows> {
  // Buffers of their own, for each of them changes threads.
  const parts = ranges.map((): DecodedRows => ({ ...NO_ROWS, cells: new Uint8Array() }))
  return withCellWriter(body.length, (out) =>
    decoded(parts, () => {
      readAnswer(body, ranges, ({ rectangle }, index, scanner) => {
        const { allRows, allColumns, ...rows } = decodeRange(scanner, out)
        if (allRows > rowCount(rectangle) || allColumns > columnCount(rectangle)) {
          throw incomplete('Google answered more rows or columns than were asked for.')
        }
        parts[index] = { ...rows, cells: ranges.length > 1 ? out.takeCopy() : new Uint8Array() }
      })
      // A block that comes alone takes the place of its answer, which saves an allocation of megabytes.
      const [only] = parts
      if (only !== undefined && parts.length === 1) parts[0] = { ...only, cells: out.takeCopy(body.buffer) }
    }),
  )
}

function decodeRange(scanner: ValueScanner, out: CellWriter) {
  const isNumber: boolean[] = []
  let allRows = 0
  let allColumns = 0
  let filledCells = 0
  let errorCells = 0
  let loadingCells = 0
  let width = 0
  scanner.beginRows()
  for (; scanner.nextRow(); allRows += 1) {
    let column = 0
    for (; scanner.nextCell(); column += 1) {
      const { kind, start, end } = scanner
      out.cell(kind, scanner.bytes, start, end)
      if (kind === NUMBER) isNumber[column] = true
      else if (kind === TEXT) {
        const first = scanner.bytes[start]
        if (first === HASH && isError(scanner)) errorCells += 1
        else if (first === FIRST_OF_LOADING && isLoading(scanner)) loadingCells += 1
      }
    }
    allColumns = Math.max(allColumns, column)
    filledCells += out.filledCells
    width = Math.max(width, out.width)
    out.endRow()
  }
  const numberColumns = Array.from(isNumber.keys()).filter((column) => isNumber[column])
  return { rows: out.rows, allRows, allColumns, filledCells, errorCells, loadingCells, width, numberColumns }
}

/** Reads how an answer shows its cells: for each range, row by row. */
export function decodeShownCodes({ body, ranges }: Answer): Decoded<ShownCodes> {
  const parts = ranges.map((): ShownCodes => ({ codes: new Uint32Array(), texts: [] }))
  return decoded(parts, () => {
    readAnswer(body, ranges, ({ rectangle }, index, scanner) => {
      const columns = columnCount(rectangle)
      const coder = new ShownCoder(rowCount(rectangle) * columns)
      scanner.beginRows()
      for (let row = 0; scanner.nextRow(); row += 1) {
        for (let column = 0; scanner.nextCell(); column += 1) coder.add(row * columns + column, scanner)
      }
      parts[index] = coder.shown
    })
  })
}

function isError(scanner: ValueScanner): boolean {
  return scanner.end - scanner.start <= LONGEST_ERROR && isErrorValue(scanner.text())
}

function isLoading(scanner: ValueScanner): boolean {
  return scanner.end - scanner.start === LOADING.length && scanner.text() === LOADING
}

function decoded<T>(parts: readonly T[], decode: () => void): Decoded<T> {
  try {
    decode()
    return { parts }
  } catch (error) {
    if (!(error instanceof CallFault)) throw error
    return { fault: error.kind, message: error.message }
  }
}
