import type { ByteWriter } from '../../blocks/byte-writer.ts'
import type { CellReader } from '../../blocks/cell-reader.ts'

/**
 * Writes some columns of the row that a reader stands in, `from` the next one on: what opens the row before the first, and
 * what closes it after the last. Ends before column `to`, or after the one with which `out` reaches `limit` bytes, so that
 * a row of any length can be written piece by piece. Returns the column to go on with; the reader stands before its cell,
 * or before the next row.
 */
export type WriteColumns = (reader: CellReader, out: ByteWriter, from: number, to: number, limit: number) => number

/** Has a reader stand where {@link WriteColumns} must leave it. `isCell`: whether `nextCell` has found all cells so far. */
export function leaveRow(reader: CellReader, isCell: boolean, isWhole: boolean): void {
  if (!isWhole) {
    // The end of the row, one byte, is to be found again: the columns left are as blank as those before.
    if (!isCell) reader.at -= 1
  } else if (isCell && reader.nextCell()) throw new TypeError('a cell lies past all columns')
}
