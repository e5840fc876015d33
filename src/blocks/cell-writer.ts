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

  /** `room`: a buffer to write into, whatever it holds. */
  constructor(room: ArrayBuffer) {
    this.#out = new ByteWriter(room)
  }

  /** Rows up to the last that holds something. */
  get rows(): number {
    return this.#rowsWritten
  }

  /** Adds a cell with its bytes to the row. */
  cell(kind: CellKind, source: Uint8Array, start: number, end: number): void {
    if (kind === BLANK) {
      this.#blanks += 1
      return
    }
    this.#begin(kind, end - start)
    this.#out.copy(source, start, end)
  }

  /** Adds a cell whose bytes are this text of ASCII characters. */
  asciiCell(kind: CellKind, text: string): void {
    this.#begin(kind, text.length)
    this.#out.ascii(text)
  }

  #begin(kind: CellKind, length: number): void {
    const out = this.#out
    this.width += this.#blanks + 1
    this.filledCells += 1
    for (; this.#blanks > 0; this.#blanks -= 1) out.byte(BLANK << 5)
    if (length <= LONGEST_INLINE) {
      out.byte((kind << 5) | length)
    } else {
      const more = length < 0x100 ? 1 : length < 0x10000 ? 2 : length < 0x1000000 ? 3 : 4
      out.byte((kind << 5) | (LONGEST_INLINE + more))
      for (let shift = (more - 1) * 8; shift >= 0; shift -= 8) out.byte((length >>> shift) & 0xff)
    }
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

  /** A copy of what was written since the last time, up to the last row that holds something; in `room`, if that will do. */
  takeCopy(room?: ArrayBuffer): CellBytes {
    const written = this.#out.finish().subarray(this.#start, this.#endOfRows)
    this.#start = this.#out.length
    this.#endOfRows = this.#out.length
    this.#rows = 0
    this.#rowsWritten = 0
    if (room === undefined || room.byteLength < written.length) return written.slice()
    const cells = new Uint8Array(room, 0, written.length)
    cells.set(written)
    return cells
  }

  /** Gives back the buffer that was written into. */
  release(): ArrayBuffer {
    return this.#out.finish().buffer
  }
}

/** What cells are written into on this thread, before they are copied to where they belong. */
let scratch = new ArrayBuffer(0)

/** Has cells written, about so many bytes; what they are is taken from the writer before this returns. */
export function withCellWriter<T>(expectedBytes: number, write: (out: CellWriter) => T): T {
  const out = new CellWriter(scratch.byteLength < expectedBytes ? new ArrayBuffer(expectedBytes) : scratch)
  const result = write(out)
  scratch = out.release()
  return result
}
