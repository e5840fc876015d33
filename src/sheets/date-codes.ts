import { columnCount, type Rectangle } from '../model/rectangle.ts'
import { type ShownCodes, textIndex, withTextIndex } from './shown-codes.ts'

/** How the cells of a rectangle are shown, row by row. */
interface CodedRange {
  readonly rectangle: Rectangle
  readonly shown: ShownCodes
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

  /** Takes the codes of the next rows, row by row, one for each of these columns of the grid, and the texts they point to. */
  take(columns: readonly number[], startRow: number, endRow: number): ShownCodes {
    const result = new Uint32Array((endRow - startRow) * columns.length)
    const texts = new Map<string, number>()
    const indexOf = (text: string) => {
      const index = texts.get(text) ?? texts.size
      texts.set(text, index)
      return index
    }
    for (const { rectangle, shown } of this.#ranges) {
      const width = columnCount(rectangle)
      const from = Math.max(startRow, rectangle.startRow)
      const to = Math.min(endRow, rectangle.endRow)
      for (const [index, column] of columns.entries()) {
        if (column < rectangle.startColumn || column >= rectangle.endColumn) continue
        const offset = column - rectangle.startColumn
        for (let row = from; row < to; row += 1) {
          const code = shown.codes[(row - rectangle.startRow) * width + offset] ?? 0
          const text = textIndex(code)
          const place = (row - startRow) * columns.length + index
          result[place] = text === undefined ? code : withTextIndex(indexOf(shown.texts[text] ?? ''))
        }
      }
    }
    this.#ranges = this.#ranges.filter(({ rectangle }) => rectangle.endRow > endRow)
    return { codes: result, texts: [...texts.keys()] }
  }
}
