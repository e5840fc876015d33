import type { ByteWriter } from '../../blocks/byte-writer.ts'
import type { CellReader } from '../../blocks/cell-reader.ts'

/** Writes the cells of the row that the reader stands before. */
export interface RowEncoder {
  row(reader: CellReader, out: ByteWriter): void
}
