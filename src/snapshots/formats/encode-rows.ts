import type { CellBytes } from '../../blocks/block.ts'
import { ByteWriter } from '../../blocks/byte-writer.ts'
import { CellReader } from '../../blocks/cell-reader.ts'
import type { TextFormat } from '../../model/sync-request.ts'
import { type BlockTally, tallyBlock } from './block-tally.ts'
import { type CsvOptions, csvRows } from './csv-rows.ts'
import { type ColumnKeys, jsonRows } from './json-rows.ts'
import type { WriteColumns } from './write-columns.ts'

/** Whose functions encode in a worker thread. */
export const ENCODE_MODULE = import.meta.url

/** Bytes of all formats together from which on a piece is handed out, so that memory holds no more however large a block becomes. */
export const PIECE_BYTES = 4_000_000

/** Of one format at most, as larger pieces are no faster. */
const FORMAT_BYTES = 2_000_000

/** Bytes by which a piece may be longer than it should, as its last cell is written whole. */
const LAST_CELL_BYTES = 65_536

/** How rows are written. */
export interface RowLayout {
  readonly formats: readonly TextFormat[]
  readonly csv: CsvOptions
  /** What stands before the values in JSON, one key for each column that a row has, blank or not. */
  readonly keys: ColumnKeys
}

/** Some rows of a block. The cells belong to the task. */
export interface EncodeTask extends RowLayout {
  readonly cells: CellBytes
  /** The place of the next cell, its column, and how many rows are left from there on. */
  readonly at: number
  readonly column: number
  readonly rows: number
}

/** The next rows of a block in each format, and where to go on: in the middle of a row where that alone is too much. */
export interface EncodedPiece {
  readonly cells: CellBytes
  readonly at: number
  readonly column: number
  /** Rows that end in this piece. */
  readonly rows: number
  /** In the order of the formats. Every JSON row begins with its comma, the file's first one too. */
  readonly content: readonly Uint8Array<ArrayBuffer>[]
  /** What the whole block holds, with its first piece: so every cell is counted once, in however many formats and pieces. */
  readonly tally: BlockTally | undefined
}

const COMMA_AND_LINE = new Uint8Array([0x2c, 0x0a])
const LINE = new Uint8Array([0x0a])

/** Encodes rows, one column at least, until there are no more or one format has about so many bytes (`limit`). */
export function encodeRows(task: EncodeTask, limit = limitOf(task)): EncodedPiece {
  const { cells, at, rows, formats, keys } = task
  const width = keys.ends.length
  const expected = Math.min(limit, 2 * (cells.length - at) + rows * keys.bytes.length) + LAST_CELL_BYTES
  const files = formats.map((format) => ({ format, write: rowsOf(format, task), out: new ByteWriter(expected) }))
  // Where a row is split is for JSON to say, which is never much shorter than CSV: the other formats follow.
  const ordered = files.toSorted((one, other) => Number(one.format === 'csv') - Number(other.format === 'csv'))
  const reader = new CellReader(cells, at)
  let encoded = 0
  let column = task.column
  let isFull = false
  while (encoded < rows && !isFull) {
    const start = reader.at
    let end = width
    let most = limit
    for (const { format, write, out } of ordered) {
      reader.at = start
      if (column === 0 && format === 'json') out.copy(COMMA_AND_LINE)
      end = write(reader, out, column, end, most)
      most = Number.POSITIVE_INFINITY
      if (end === width && format === 'ndjson') out.copy(LINE)
      if (out.length >= limit) isFull = true
    }
    if (end === width) encoded += 1
    column = end === width ? 0 : end
  }
  const content = files.map(({ out }) => out.finish())
  const isFirst = at === 0 && task.column === 0
  const tally = isFirst ? tallyBlock(cells, rows, width) : undefined
  return { cells, at: reader.at, column, rows: encoded, content, tally }
}

function limitOf({ formats }: RowLayout): number {
  return Math.min(FORMAT_BYTES, PIECE_BYTES / formats.length)
}

/** What writes the columns of a row. */
function rowsOf(format: TextFormat, { csv, keys }: RowLayout): WriteColumns {
  return format === 'csv' ? csvRows(csv, keys.ends.length) : jsonRows(keys)
}
