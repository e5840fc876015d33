/** What a cell is. `ROW_END` stands after the last cell of a row. */
export const ROW_END = 0
export const BLANK = 1
/** Text whose bytes are its UTF-8, with nothing in it that JSON escapes. */
export const TEXT = 2
/** Text whose bytes are the inside of a JSON string (RFC 8259, section 7), escapes included. */
export const ESCAPED_TEXT = 3
/** A number as the source wrote it, a JSON number with every digit. */
export const NUMBER = 4
export const TRUE = 5
export const FALSE = 6
/** A date, a time or both, as ISO 8601 text, or a duration such as `30:15:00`. */
export const DATE = 7
export type CellKind =
  | typeof ROW_END
  | typeof BLANK
  | typeof TEXT
  | typeof ESCAPED_TEXT
  | typeof NUMBER
  | typeof TRUE
  | typeof FALSE
  | typeof DATE

/**
 * The cells of some rows, one after the other: a byte of kind (3 bits) and length (5 bits), up to four bytes of a greater
 * length, then the bytes of the cell. Blank cells at the end of a row are left out, and so are blank rows at the end.
 * Made by a {@link CellWriter}, read by a {@link CellReader}. The buffer is theirs alone, so it can be handed over.
 */
export type CellBytes = Uint8Array<ArrayBuffer>

/** Lengths up to this one stand in the cell's first byte; above it stands how many bytes hold the length. */
export const LONGEST_INLINE = 27

/** Some rows of one area, decoded: what a source hands over and what a writer of files takes. */
export interface Block {
  /** Which of the areas that were asked for it belongs to. */
  readonly area: number
  /** The rows of the grid that it covers, the header row among them; the end not included. */
  readonly startRow: number
  readonly endRow: number
  /** The header cells as text, in the block that begins with them; they are not among the cells. */
  readonly header: readonly string[] | undefined
  readonly cells: CellBytes
  /** Rows in `cells`: up to the last that holds something. */
  readonly rows: number
  /** Cells that hold something, header cells included, and those of them that show an error such as `#REF!`. */
  readonly filledCells: number
  readonly errorCells: number
  /** Cells that still say `Loading...`. */
  readonly loadingCells: number
  /** Columns up to the last one that holds something in any row, the header row included. */
  readonly width: number
  /** 0-based columns of the area, ascending, that hold a number or a date. */
  readonly numberColumns: readonly number[]
}
