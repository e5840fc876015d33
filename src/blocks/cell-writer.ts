import { BLANK, type CellBytes, type CellKind, LONGEST_INLINE, ROW_END } from './block.ts'
import { ByteWriter } from './byte-writer.ts'

/** Writes the cells of a block row by row. Blank cells and rows count only if something follows them. */
export class CellWriter {
  readonly #out: ByteWriter
  #start = 0
  #blanks = 0
  #endOfRows = 0
  #rows = 0
  #rowsWritten = 0
  /** Of the present row: cells that hold something, and columns up to the last of them. */
  filledCells = 0
  width = 0

  /** `room`: a buffer to write into, whatever it holds, or how many bytes to expect. */
  constructor(room: number | ArrayBuffer) {
    this.#out = new ByteWriter(room)
  }

  /** Rows up to the last that holds something. */
  get rows(): number {
    return this.#rowsWritten
  }

  /** The buffer that is written into, as long as the block is not taken. */
  get buffer(): ArrayBuffer {
    return this.#out.finish().buffer
  }

  /** Adds a cell with its bytes to the row. */
  cell(kind: CellKind, source: Uint8Array, start: number, end: number): void {
    if (kind === BLANK) {
      this.#blanks += 1
      return
    }
    const out = this.#out
    this.width += this.#blanks + 1
    this.filledCells += 1
    for (; this.#blanks > 0; this.#blanks -= 1) out.byte(BLANK << 5)
    const length = end - start
    if (length <= LONGEST_INLINE) {
      out.byte((kind << 5) | length)
    } else {
      const more = length < 0x100 ? 1 : length < 0x10000 ? 2 : length < 0x1000000 ? 3 : 4
      out.byte((kind << 5) | (LONGEST_INLINE + more))
      for (let shift = (more - 1) * 8; shift >= 0; shift -= 8) out.byte((length >>> shift) & 0xff)
    }
    out.copy(source, start, end)
  }

  endRow(): void {
    this.#out.byte(ROW_END)
    this.#blanks = 0
    this.#rows += 1
    if (this.filledCells === 0) return
    this.filledCells = 0
    this.width = 0
    this.#rowsWritten = this.#rows
    this.#endOfRows = this.#out.length
  }

  /** What was written since the last time, up to the last row that holds something; in a buffer of its own or not. */
  take(isCopied: boolean): CellBytes {
    const cells = this.#out.finish().subarray(this.#start, this.#endOfRows)
    this.#start = this.#out.length
    this.#endOfRows = this.#out.length
    this.#rows = 0
    this.#rowsWritten = 0
    return isCopied ? cells.slice() : cells
  }
}
