import type { CellBytes } from '../../blocks/block.ts'
import { ByteWriter } from '../../blocks/byte-writer.ts'
import { CellReader } from '../../blocks/cell-reader.ts'
import type { SnapshotFormat } from '../../model/sync-request.ts'
import { type CsvOptions, csvRows } from './csv-rows.ts'
import { jsonRows } from './json-rows.ts'

/** Whose functions encode in a worker thread. */
export const ENCODE_MODULE = import.meta.url

/** Bytes of one format from which on a piece is handed out, so that memory holds no more however large a block becomes. */
export const PIECE_BYTES = 2_000_000

/** Bytes by which a piece may be longer than it should, as its last row is written whole. */
const LAST_ROW_BYTES = 65_536

/** How rows are written. */
export interface RowLayout {
  readonly formats: readonly SnapshotFormat[]
  readonly csv: CsvOptions
  /** One name for each column; `undefined` where rows are arrays. */
  readonly names: readonly string[] | undefined
  /** Columns that each row has, blank or not. */
  readonly width: number
}

/** Some rows of a block. The cells belong to the task. */
export interface EncodeTask extends RowLayout {
  readonly cells: CellBytes
  /** The place of the next row in the cells, and how many rows are left from there on. */
  readonly at: number
  readonly rows: number
}

/** The next rows of a block in each format, and where to go on. */
export interface EncodedPiece {
  readonly cells: CellBytes
  readonly at: number
  readonly rows: number
  /** In the order of the formats. Every JSON row begins with its comma, the file's first one too. */
  readonly content: readonly Uint8Array<ArrayBuffer>[]
}

const COMMA_AND_LINE = new Uint8Array([0x2c, 0x0a])
const LINE = new Uint8Array([0x0a])

/** Encodes rows, one at least, until there are no more or a piece is full. */
export function encodeRows(task: EncodeTask): EncodedPiece {
  const { cells, at, rows, formats } = task
  const expected = Math.min(PIECE_BYTES, 2 * (cells.length - at)) + LAST_ROW_BYTES
  const files = formats.map((format) => ({ format, write: rowsOf(format, task), out: new ByteWriter(expected) }))
  const reader = new CellReader(cells, at)
  let encoded = 0
  let isFull = false
  for (; encoded < rows && !isFull; encoded += 1) {
    const start = reader.at
    for (const { format, write, out } of files) {
      reader.at = start
      if (format === 'json') out.copy(COMMA_AND_LINE)
      write(reader, out)
      if (format === 'ndjson') out.copy(LINE)
      if (out.length >= PIECE_BYTES) isFull = true
    }
  }
  return { cells, at: reader.at, rows: encoded, content: files.map(({ out }) => out.finish()) }
}

/** What writes the cells of the row that a reader stands before. */
function rowsOf(format: SnapshotFormat, { csv, names, width }: RowLayout) {
  return format === 'csv' ? csvRows(csv, width) : jsonRows(names, width)
}
