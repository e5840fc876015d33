import { BLANK } from '../blocks/block.ts'
import { CellReader } from '../blocks/cell-reader.ts'
import { withCellWriter } from '../blocks/cell-writer.ts'
import type { DecodedRows } from './decode.ts'

const NO_BYTES = new Uint8Array()

/** Joins two parts of one row that lie side by side. `leftColumns`: columns that the left one was asked for. */
export function joinRows(left: DecodedRows, right: DecodedRows, leftColumns: number): DecodedRows {
  return withCellWriter(left.cells.length + right.cells.length + leftColumns, (out) => {
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
