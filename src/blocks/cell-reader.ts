import {
  BLANK,
  type CellBytes,
  type CellKind,
  DATE,
  ESCAPED_TEXT,
  FALSE,
  LONGEST_INLINE,
  NUMBER,
  ROW_END,
  TEXT,
  TRUE,
} from './block.ts'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Walks over the cells of a block, row by row. How many rows there are is said beside the cells.
 *
 *     for (let row = 0; row < rows; row += 1) while (reader.nextCell()) use(reader.kind, reader.start, reader.end)
 */
export class CellReader {
  readonly bytes: CellBytes
  /** Where the next cell begins. Set it to the place of an earlier row to read that again. */
  at: number
  /** The current cell: its kind, and where its bytes lie. */
  kind: CellKind = BLANK
  start = 0
  end = 0

  constructor(bytes: CellBytes, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  /** Goes to the next cell of the row; `false` after the last one, and then the next row is next. */
  nextCell(): boolean {
    const { bytes } = this
    let at = this.at
    const first = bytes[at] ?? ROW_END
    at += 1
    const kind = (first >> 5) as CellKind
    if (kind === ROW_END) {
      this.at = at
      return false
    }
    let length = first & 0x1f
    if (length > LONGEST_INLINE) {
      const last = at + length - LONGEST_INLINE
      for (length = 0; at < last; at += 1) length = length * 0x100 + (bytes[at] ?? 0)
    }
    this.kind = kind
    this.start = at
    this.end = at + length
    this.at = this.end
    return true
  }

  /** The current cell as text: a number as it was sent, `TRUE` or `FALSE`, nothing for a blank cell. */
  text(): string {
    switch (this.kind) {
      case TEXT:
      case NUMBER:
      case DATE:
        return utf8.decode(this.bytes.subarray(this.start, this.end))
      case ESCAPED_TEXT:
        return JSON.parse(`"${utf8.decode(this.bytes.subarray(this.start, this.end))}"`) as string
      case TRUE:
        return 'TRUE'
      case FALSE:
        return 'FALSE'
      default:
        return ''
    }
  }

  /** The current cell, which is a number. */
  number(): number {
    let value = 0
    for (let at = this.start; at < this.end; at += 1) {
      const digit = (this.bytes[at] ?? 0) - 0x30
      if (digit < 0 || digit > 9 || value > 1e14) return Number(this.text())
      value = value * 10 + digit
    }
    return value
  }
}
