import { BLANK, FALSE, NUMBER, TRUE } from '../../blocks/block.ts'
import type { ByteWriter } from '../../blocks/byte-writer.ts'
import type { CellReader } from '../../blocks/cell-reader.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN = 0x7b
const CLOSE = 0x7d
const utf8 = new TextEncoder()
const NULL = utf8.encode('null')

/**
 * Writes rows as objects. Each of the first `headers` columns is there, blank or not; a column past them where it holds a
 * value. Columns keep their order whatever they are called: as a JavaScript object a column `2024` would come before
 * `Name`, and one called `__proto__` would be lost.
 */
export function objectRows(names: readonly string[], headers: number) {
  const keys = names.map((name) => utf8.encode(`,${JSON.stringify(name)}:`))
  return (reader: CellReader, out: ByteWriter): void => {
    let isFirst = true
    let isCell = true
    out.byte(OPEN)
    for (let column = 0; ; column += 1) {
      isCell &&= reader.nextCell()
      if (!isCell && column >= headers) break
      const isBlank = !isCell || reader.kind === BLANK
      if (isBlank && column >= headers) continue
      const key = keys[column]
      if (key === undefined) throw new TypeError('a cell lies past all columns')
      out.copy(key, isFirst ? 1 : 0)
      isFirst = false
      if (isBlank) out.copy(NULL)
      else writeCell(reader, out)
    }
    out.byte(CLOSE)
  }
}

/** Writes a row as an array, as long as it has values. */
export function arrayRow(reader: CellReader, out: ByteWriter): void {
  out.byte(OPEN_LIST)
  for (let column = 0; reader.nextCell(); column += 1) {
    if (column > 0) out.byte(COMMA)
    if (reader.kind === BLANK) out.copy(NULL)
    else writeCell(reader, out)
  }
  out.byte(CLOSE_LIST)
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
