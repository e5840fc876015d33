import { BLANK, FALSE, NUMBER, TRUE } from '../../blocks/block.ts'
import type { ByteWriter } from '../../blocks/byte-writer.ts'
import type { CellReader } from '../../blocks/cell-reader.ts'
import type { RowSyntax } from './row-padding.ts'

const QUOTE = 0x22
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
const CLOSE_LIST = 0x5d
const OPEN = 0x7b
const CLOSE = 0x7d
const utf8 = new TextEncoder()
const NULL = utf8.encode('null')

/**
 * Writes rows as objects, or as arrays where columns have no names. Every column is there, blank or not. Columns keep
 * their order whatever they are called: as a JavaScript object a column `2024` would come before `Name`, and one called
 * `__proto__` would be lost.
 */
export function jsonRows(names: readonly string[] | undefined, width: number) {
  const before = beforeValues(names, width)
  const [open, close] = names === undefined ? [OPEN_LIST, CLOSE_LIST] : [OPEN, CLOSE]
  return (reader: CellReader, out: ByteWriter): void => {
    let isCell = true
    out.byte(open)
    for (const bytes of before) {
      isCell &&= reader.nextCell()
      out.copy(bytes)
      if (!isCell || reader.kind === BLANK) out.copy(NULL)
      else writeCell(reader, out)
    }
    if (isCell && reader.nextCell()) throw new TypeError('a cell lies past all columns')
    out.byte(close)
  }
}

/** How such rows stand in their file. */
export function jsonSyntax(names: readonly string[] | undefined, width: number): RowSyntax {
  const blanks = beforeValues(names, width).map((bytes) => Buffer.concat([bytes, NULL]))
  const [opens, closes] = names === undefined ? [OPEN_LIST, CLOSE_LIST] : [OPEN, CLOSE]
  return { opens, closes, escapes: BACKSLASH, blanks }
}

/** What stands before the value of each column: a comma, and in objects its name. */
function beforeValues(names: readonly string[] | undefined, width: number): Uint8Array[] {
  return Array.from({ length: width }, (_, column) => {
    const key = names === undefined ? '' : `${JSON.stringify(names[column])}:`
    return utf8.encode(column === 0 ? key : `,${key}`)
  })
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
