import { columnCount, type Rectangle } from '../model/rectangle.ts'

interface CodedRange {
  readonly rectangle: Rectangle
  readonly codes: Uint8Array<ArrayBuffer>
}

/** How the numbers of one area are shown, for the rows that were read a second time and are still to be handed out. */
export class DateCodes {
  readonly #startColumn: number
  #ranges: CodedRange[] = []

  constructor({ startColumn }: Rectangle) {
    this.#startColumn = startColumn
  }

  add(rectangle: Rectangle, codes: Uint8Array<ArrayBuffer>): void {
    this.#ranges.push({ rectangle, codes })
  }

  /** Drops what lies above a row. */
  forget(row: number): void {
    this.#ranges = this.#ranges.filter(({ rectangle }) => rectangle.endRow > row)
  }

  /** The first of these rows that was not read a second time in this column; `endRow` if all were. */
  firstMissing(column: number, startRow: number, endRow: number): number {
    let row = startRow
    // Ranges may have come in any order.
    for (let before = -1; before !== row; ) {
      before = row
      for (const { rectangle } of this.#ranges) {
        if (rectangle.startRow <= row && rectangle.endRow > row && this.#has(rectangle, column)) row = rectangle.endRow
      }
    }
    return Math.min(row, endRow)
  }

  /** The codes of some rows, row by row, one for each of these columns. */
  collect(columns: readonly number[], startRow: number, endRow: number): Uint8Array<ArrayBuffer> {
    const result = new Uint8Array((endRow - startRow) * columns.length)
    for (const { rectangle, codes } of this.#ranges) {
      const width = columnCount(rectangle)
      const from = Math.max(startRow, rectangle.startRow)
      const to = Math.min(endRow, rectangle.endRow)
      for (const [index, column] of columns.entries()) {
        if (!this.#has(rectangle, column)) continue
        const offset = this.#startColumn + column - rectangle.startColumn
        for (let row = from; row < to; row += 1) {
          result[(row - startRow) * columns.length + index] = codes[(row - rectangle.startRow) * width + offset] ?? 0
        }
      }
    }
    return result
  }

  #has({ startColumn, endColumn }: Rectangle, column: number): boolean {
    const absolute = this.#startColumn + column
    return absolute >= startColumn && absolute < endColumn
  }
}
