import { columnCount, type Rectangle } from '../model/rectangle.ts'

/** How the cells of a rectangle are shown, row by row, a byte for each. */
interface CodedRange {
  readonly rectangle: Rectangle
  readonly codes: Uint8Array<ArrayBuffer>
}

/** How the numbers of one area are shown, for the rows that were read a second time and are still to be handed out. */
export class DateCodes {
  #ranges: CodedRange[] = []
  /** The row up to which the rows were read a second time. */
  endRow = 0

  add(range: CodedRange): void {
    this.#ranges.push(range)
    this.endRow = Math.max(this.endRow, range.rectangle.endRow)
  }

  /** Takes the codes of the next rows, row by row, one for each of these columns of the grid. */
  take(columns: readonly number[], startRow: number, endRow: number): Uint8Array<ArrayBuffer> {
    const result = new Uint8Array((endRow - startRow) * columns.length)
    for (const { rectangle, codes } of this.#ranges) {
      const width = columnCount(rectangle)
      const from = Math.max(startRow, rectangle.startRow)
      const to = Math.min(endRow, rectangle.endRow)
      for (const [index, column] of columns.entries()) {
        if (column < rectangle.startColumn || column >= rectangle.endColumn) continue
        const offset = column - rectangle.startColumn
        for (let row = from; row < to; row += 1) {
          result[(row - startRow) * columns.length + index] = codes[(row - rectangle.startRow) * width + offset] ?? 0
        }
      }
    }
    this.#ranges = this.#ranges.filter(({ rectangle }) => rectangle.endRow > endRow)
    return result
  }
}
