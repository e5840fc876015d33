import { BLANK } from '../blocks/block.ts'
import { CellReader } from '../blocks/cell-reader.ts'
import { withCellWriter } from '../blocks/cell-writer.ts'
import { AppError } from '../errors.ts'
import type { TabRange } from './a1.ts'
import type { DecodedRows } from './decode.ts'

/** Bytes that a row which was read in parts may have: it is held as a whole, several times over. */
const LARGEST_ROW = 32_000_000

const NO_BYTES = new Uint8Array()

/**
 * Joins two parts of one row that lie side by side. `leftColumns`: columns that the left one was asked for. Throws
 * `GOOGLE_ANSWER_TOO_LARGE` rather than fill the memory.
 */
export function joinRows(left: DecodedRows, right: DecodedRows, leftColumns: number, row: TabRange): DecodedRows {
  const bytes = left.cells.length + right.cells.length
  if (bytes > LARGEST_ROW) {
    throw new AppError(
      'GOOGLE_ANSWER_TOO_LARGE',
      `Row ${row.rectangle.startRow + 1} of "${row.title}" has more than ${LARGEST_ROW} bytes.`,
      { hint: 'Shorten its cells, or download its columns in several syncs by "ranges".' },
    )
  }
  return withCellWriter(bytes + leftColumns, (out) => {
    let column = 0
    for (const { cells, rows } of [left, right]) {
      const reader = new CellReader(cells)
      for (; rows > 0 && reader.nextCell(); column += 1) out.cell(reader.kind, cells, reader.start, reader.end)
      for (; column < leftColumns; column += 1) out.cell(BLANK, NO_BYTES, 0, 0)
    }
    out.endRow()
    return {
      rows: out.rows,
      cells: out.takeCopy(),
      filledCells: left.filledCells + right.filledCells,
      errorCells: left.errorCells + right.errorCells,
      loadingCells: left.loadingCells + right.loadingCells,
      width: right.width > 0 ? leftColumns + right.width : left.width,
      numberColumns: [...left.numberColumns, ...right.numberColumns.map((column) => leftColumns + column)],
    }
  })
}
