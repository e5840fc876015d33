import { BLANK, FALSE, NUMBER, TRUE } from '../../blocks/block.ts'
import type { ByteWriter } from '../../blocks/byte-writer.ts'
import type { CellReader } from '../../blocks/cell-reader.ts'
import type { RowSyntax } from './row-padding.ts'
import { leaveRow, type WriteColumns } from './write-columns.ts'

const QUOTE = 0x22
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
const CLOSE_LIST = 0x5d
const OPEN = 0x7b
const CLOSE = 0x7d
const utf8 = new TextEncoder()
const NULL = utf8.encode('null')

/** What stands before the value of each column, in memory that all threads read: however long names are, they are there once. */
export interface ColumnKeys {
  /** Of all columns, one after the other: a comma, and in objects the name. */
  readonly bytes: Uint8Array<SharedArrayBuffer>
  /** Where those of each column end. */
  readonly ends: Uint32Array<SharedArrayBuffer>
  /** Whether rows are objects, and not arrays. */
  readonly areNames: boolean
}

/** The keys of so many columns; without names rows are arrays. */
export function columnKeys(names: readonly string[] | undefined, width: number): ColumnKeys {
  const keys = Array.from({ length: width }, (_, column) => {
    const key = names === undefined ? '' : `${JSON.stringify(names[column])}:`
    return utf8.encode(column === 0 ? key : `,${key}`)
  })
  const ends = new Uint32Array(new SharedArrayBuffer(width * Uint32Array.BYTES_PER_ELEMENT))
  const bytes = new Uint8Array(new SharedArrayBuffer(keys.reduce((sum, { length }) => sum + length, 0)))
  let end = 0
  for (const [column, key] of keys.entries()) {
    bytes.set(key, end)
    end += key.length
    ends[column] = end
  }
  return { bytes, ends, areNames: names !== undefined }
}

/**
 * Writes rows as objects, or as arrays where columns have no names. Every column is there, blank or not. Columns keep
 * their order whatever they are called: as a JavaScript object a column `2024` would come before `Name`, and one called
 * `__proto__` would be lost.
 */
export function jsonRows({ bytes, ends, areNames }: ColumnKeys): WriteColumns {
  const width = ends.length
  const [open, close] = areNames ? [OPEN, CLOSE] : [OPEN_LIST, CLOSE_LIST]
  return (reader, out, from, to, limit) => {
    if (from === 0) out.byte(open)
    let isCell = true
    let column = from
    let start = ends[from - 1] ?? 0
    while (column < to) {
      isCell &&= reader.nextCell()
      const end = ends[column] ?? 0
      out.copy(bytes, start, end)
      start = end
      if (!isCell || reader.kind === BLANK) out.copy(NULL)
      else writeCell(reader, out)
      column += 1
      if (out.length >= limit) break
    }
    leaveRow(reader, isCell, column === width)
    if (column === width) out.byte(close)
    return column
  }
}

/** How such rows stand in their file. */
export function jsonSyntax({ bytes, ends, areNames }: ColumnKeys): RowSyntax {
  const blanks = Array.from(ends, (end, column) => Buffer.concat([bytes.subarray(ends[column - 1] ?? 0, end), NULL]))
  const [opens, closes] = areNames ? [OPEN, CLOSE] : [OPEN_LIST, CLOSE_LIST]
  return { opens, closes, escapes: BACKSLASH, blanks }
}

/** A value is written as it stands in the block: the inside of a JSON string, or a number with every digit that was sent. */
function writeCell(reader: CellReader, out: ByteWriter): void {
  const { bytes, kind, start, end } = reader
  if (kind === NUMBER) out.copy(bytes, start, end)
  else if (kind === TRUE) out.ascii('true')
  else if (kind === FALSE) out.ascii('false')
  else {
    out.byte(QUOTE)
    out.copy(bytes, start, end)
    out.byte(QUOTE)
  }
}
