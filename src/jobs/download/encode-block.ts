import { isoFromSerial } from '../../sheets/dates.ts'
import { nameColumns } from '../../sheets/header.ts'
import { ByteWriter } from '../../snapshots/formats/byte-writer.ts'
import type { Cell } from '../../snapshots/formats/cell.ts'
import { csvWriter } from '../../snapshots/formats/csv-rows.ts'
import { arrayText, objectWriter } from '../../snapshots/formats/json-rows.ts'
import type { CodecTask, EncodedPiece, EncodeResult, Piece } from './block-task.ts'
import { columnsOf, type Rows } from './rows.ts'

type EncodeTask = Extract<CodecTask, { readonly kind: 'encode' }>

/** What a cell in error shows (Google, "ErrorType" of the Sheets API); without a second look it is text like any other. */
const ERRORS = new Set(['#NULL!', '#DIV/0!', '#VALUE!', '#REF!', '#NAME?', '#NUM!', '#N/A', '#ERROR!'])

/** Writes the rows of an answer in every format; or tells, before anything is written, which columns lack a mask. */
export function encodeBlock(task: EncodeTask, ranges: readonly Rows[]): EncodeResult {
  const unmasked = task.parts.map((piece, index) => unmaskedColumns(piece, ranges[index] ?? []))
  if (unmasked.some((columns) => columns.length > 0)) {
    return { kind: 'unmasked', body: task.body, numberColumns: unmasked }
  }
  const expectedBytes = Math.ceil((task.body.byteLength * 1.25) / task.parts.length)
  // The text is parsed, and a dead buffer of megabytes would live on until the next full collection.
  task.body.transfer(0)
  return {
    kind: 'encoded',
    pieces: task.parts.map((piece, index) => encodePiece(task, piece, ranges[index] ?? [], expectedBytes)),
  }
}

function unmaskedColumns({ dates }: Piece, rows: Rows): number[] {
  if (dates === undefined) return []
  const isMasked: boolean[] = []
  for (const column of dates.columns) isMasked[column] = true
  const found: boolean[] = []
  for (const row of rows) {
    for (let column = 0; column < row.length; column += 1) {
      if (typeof row[column] === 'number' && !isMasked[column]) found[column] = true
    }
  }
  return columnsOf(found)
}

function encodePiece(task: EncodeTask, piece: Piece, rows: Rows, expectedBytes: number): EncodedPiece {
  const tidied = tidy(rows as Cell[][], piece)
  const { cells, errors, lastRow } = tidied
  const startsData = piece.header.kind === 'here' ? 1 : 0
  const headerCells = startsData === 1 ? (rows[0] ?? []).map(headerText) : undefined
  const header = headerCells ?? (piece.header.kind === 'known' ? piece.header.header : undefined)
  const width = Math.max(tidied.width, header?.length ?? 0)
  const lineWidth = Math.max(piece.width, width)

  const { startColumn, endColumn } = piece.area
  const writeObject =
    header === undefined
      ? arrayText
      : objectWriter(nameColumns(header, startColumn, endColumn - startColumn).names, header.length)
  const writeLine = csvWriter(task.csv)
  const outputs = task.formats.map((format) => ({ format, bytes: new ByteWriter(expectedBytes) }))
  const asJson = task.formats.some((format) => format !== 'csv')
  for (let at = startsData; at <= lastRow; at += 1) {
    const row = (rows[at] ?? []) as Cell[]
    const text = asJson ? writeObject(row) : ''
    for (const { format, bytes } of outputs) {
      if (format === 'json') bytes.write(`,\n${text}`)
      else if (format === 'ndjson') bytes.write(`${text}\n`)
      else bytes.write(writeLine(row, lineWidth))
    }
  }
  return {
    ...(headerCells !== undefined && { header: headerCells }),
    rows: Math.max(0, lastRow + 1 - startsData),
    cells,
    errors,
    width,
    lineWidth,
    content: outputs.map(({ bytes }) => bytes.finish()),
  }
}

/** Makes Google's values the cells to be written, in their place: blanks, dates, ragged ends. */
function tidy(rows: Cell[][], { dates }: Piece): { cells: number; errors: number; width: number; lastRow: number } {
  const masked = dates?.columns.length ?? 0
  const maskIndex: number[] = []
  for (const [index, column] of (dates?.columns ?? []).entries()) maskIndex[column] = index
  const isText = dates?.isText
  let cells = 0
  let errors = 0
  let width = 0
  let lastRow = -1
  for (const [at, row] of rows.entries()) {
    let end = 0
    for (let column = 0; column < row.length; column += 1) {
      const cell = row[column]
      if (cell === '' || cell === null || cell === undefined) {
        row[column] = null
        continue
      }
      end = column + 1
      cells += 1
      if (typeof cell === 'number') {
        const index = maskIndex[column]
        if (index !== undefined && isText?.[at * masked + index] === 1) row[column] = isoFromSerial(cell)
      } else if (typeof cell === 'string' && cell.charCodeAt(0) === 0x23 && ERRORS.has(cell)) errors += 1
    }
    row.length = end
    if (end > 0) lastRow = at
    if (end > width) width = end
  }
  return { cells, errors, width, lastRow }
}

function headerText(cell: Cell): string {
  if (cell === null) return ''
  return typeof cell === 'boolean' ? (cell ? 'TRUE' : 'FALSE') : String(cell)
}
