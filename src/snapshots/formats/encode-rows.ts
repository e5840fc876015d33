import type { CellBytes } from '../../blocks/block.ts'
import { ByteWriter } from '../../blocks/byte-writer.ts'
import { CellReader } from '../../blocks/cell-reader.ts'
import type { SnapshotFormat } from '../../model/sync-request.ts'
import { type CsvOptions, CsvRows } from './csv-rows.ts'
import { ArrayRows, ObjectRows } from './json-rows.ts'
import type { RowEncoder } from './row-encoder.ts'

/** Bytes of one format from which on a piece is handed out, so that memory holds no more however large a block becomes. */
export const PIECE_BYTES = 2_000_000

/** Some rows of a block, and how they are written. The buffers belong to the task. */
export interface EncodeTask {
  readonly cells: CellBytes
  /** The place of the next row in the cells, and how many rows are left from there on. */
  readonly at: number
  readonly rows: number
  readonly formats: readonly SnapshotFormat[]
  readonly csv: CsvOptions
  /** One name for each column that holds something; `undefined` where rows are arrays. */
  readonly names: readonly string[] | undefined
  /** How many columns are there in every object, blank or not. */
  readonly headers: number
  /** Fields that each CSV line has at least. */
  readonly lineWidth: number
  /** A buffer to write into for each format. */
  readonly rooms: readonly ArrayBuffer[]
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
  const encoders = formats.map((format) => encoderOf(format, task))
  const outs = formats.map((_, index) => new ByteWriter(task.rooms[index] ?? 0))
  const reader = new CellReader(cells, at)
  let encoded = 0
  let isFull = false
  while (encoded < rows && !isFull) {
    const start = reader.at
    for (const [index, format] of formats.entries()) {
      const [encoder, out] = [encoders[index], outs[index]]
      if (encoder === undefined || out === undefined) continue
      reader.at = start
      if (format === 'json') out.copy(COMMA_AND_LINE)
      encoder.row(reader, out)
      if (format === 'ndjson') out.copy(LINE)
      if (out.length >= PIECE_BYTES) isFull = true
    }
    encoded += 1
  }
  return { cells, at: reader.at, rows: encoded, content: outs.map((out) => out.finish()) }
}

function encoderOf(format: SnapshotFormat, { csv, lineWidth, names, headers }: EncodeTask): RowEncoder {
  if (format === 'csv') return new CsvRows(csv, lineWidth)
  return names === undefined ? new ArrayRows() : new ObjectRows(names, headers)
}
