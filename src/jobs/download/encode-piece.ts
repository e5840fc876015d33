import { nameColumns } from '../../sheets/header.ts'
import { ValueScanner } from '../../sheets/value-scanner.ts'
import { ByteWriter } from '../../snapshots/formats/byte-writer.ts'
import type { CodecTask, EncodedPiece, Piece } from './block-task.ts'
import { CsvRows } from './csv-encoder.ts'
import { DateColumns } from './date-columns.ts'
import { ArrayRows, ObjectRows } from './json-encoder.ts'
import type { Survey } from './survey.ts'

/** Writes the cells of one row, of which the scanner has just entered the array. */
export interface RowEncoder {
  row(scanner: ValueScanner, dates: DateColumns, out: ByteWriter): void
}

/** How much larger rows are than the answer they come from, about: names are written with every one of them. */
export const GROWTH = 2.5

/** Bytes from which on a spare buffer is used. */
const LARGE = 262_144

const COMMA_AND_LINE = new Uint8Array([0x2c, 0x0a])
const LINE = new Uint8Array([0x0a])

/** Writes the rows of a piece, which were surveyed before, in every format. */
export function encodePiece(
  task: Extract<CodecTask, { readonly kind: 'encode' }>,
  piece: Piece,
  survey: Survey,
): EncodedPiece {
  const bytes = task.body
  const { header, cells, errors, width } = survey
  const names = header ?? (piece.header.kind === 'known' ? piece.header.header : undefined)
  const lineWidth = Math.max(piece.width, width, names?.length ?? 0)
  const first = header === undefined ? 0 : 1
  const rows = Math.max(0, survey.lastRow + 1 - first)
  const content = task.formats.map((format) => {
    if (rows === 0) return new Uint8Array()
    const expected = Math.ceil((bytes.length * GROWTH) / task.parts.length)
    const out = new ByteWriter(expected > LARGE ? (task.spare.pop() ?? expected) : expected)
    const encoder = format === 'csv' ? new CsvRows(task.csv, lineWidth) : jsonRows(piece, names, width)
    const scanner = new ValueScanner(bytes, survey.at)
    const dates = new DateColumns(piece.dates)
    scanner.beginRows()
    for (let row = 0; row <= survey.lastRow && scanner.nextRow(); row += 1) {
      dates.enter(row)
      if (row < first) {
        while (scanner.nextCell());
        continue
      }
      if (format === 'json') out.copy(COMMA_AND_LINE)
      encoder.row(scanner, dates, out)
      if (format === 'ndjson') out.copy(LINE)
    }
    return out.finish()
  })
  return { ...(header !== undefined && { header }), rows, cells, errors, width, lineWidth, content }
}

function jsonRows({ area }: Piece, header: readonly string[] | undefined, width: number): RowEncoder {
  if (header === undefined) return new ArrayRows()
  const { names } = nameColumns(header, area.startColumn, area.endColumn - area.startColumn)
  return new ObjectRows(names.slice(0, Math.max(width, header.length)), header.length)
}
