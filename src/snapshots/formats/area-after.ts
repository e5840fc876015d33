import type { Block } from '../../blocks/block.ts'
import type { WrittenArea } from '../../model/written-area.ts'
import type { Area } from '../../ports/sheet-source.ts'
import { addTally, type BlockTally } from './block-tally.ts'

/** The state of an area after a block was written, each row and the head with so many columns. */
export function areaAfter(
  block: Block,
  { rectangle }: Area,
  written: WrittenArea,
  { width, tally }: { readonly width: number; readonly tally: BlockTally | undefined },
): WrittenArea {
  const isFirst = written.nextRow === rectangle.startRow
  const header = block.header ?? written.header
  const seen = block.endRow - written.nextRow - (block.header === undefined ? 0 : 1)
  return {
    ...written,
    nextRow: block.endRow,
    header: header === null ? null : [...header],
    numberColumns: [...new Set([...written.numberColumns, ...block.numberColumns])].sort((one, other) => one - other),
    rows: block.rows === 0 ? written.rows : written.rows + written.blankRows + block.rows,
    blankRows: block.rows === 0 ? written.blankRows + seen : seen - block.rows,
    cells: written.cells + block.filledCells,
    errors: written.errors + block.errorCells,
    loading: written.loading + block.loadingCells,
    width,
    headWidth: isFirst ? width : written.headWidth,
    rowWidth: written.rowWidth ?? (block.rows > 0 ? width : null),
    // A checkpoint of an earlier release may know nothing of the rows before.
    tallies: addTally(isFirst ? [] : written.tallies, tally, width),
  }
}
