import { BLANK, FALSE, NUMBER, TRUE } from '../../blocks/block.ts'
import type { ByteWriter } from '../../blocks/byte-writer.ts'
import type { CellReader } from '../../blocks/cell-reader.ts'
import type { RowEncoder } from './row-encoder.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const utf8 = new TextEncoder()
const NULL = utf8.encode('null')

/** What comes before each cell of an object: its key, and the bracket or comma before that. */
export function keysOf(names: readonly string[]): string[] {
  return names.map((name, column) => `${column === 0 ? '{' : ','}${JSON.stringify(name)}:`)
}

/**
 * A row without any value: an object that names each of the first `headers` columns, or an empty array where columns have
 * no names.
 */
export function blankRow(names: readonly string[] | undefined, headers: number): string {
  if (names === undefined) return '[]'
  if (headers === 0) return '{}'
  return `${keysOf(names.slice(0, headers))
    .map((key) => `${key}null`)
    .join('')}}`
}

/**
 * Rows as objects. Each of the first `headers` columns is there, blank or not; a column past them where it holds a value.
 * Columns keep their order whatever they are called: as a JavaScript object a column `2024` would come before `Name`, and
 * one called `__proto__` would be lost.
 */
export class ObjectRows implements RowEncoder {
  readonly #headers: number
  readonly #keys: readonly Uint8Array[]

  constructor(names: readonly string[], headers: number) {
    this.#headers = headers
    this.#keys = keysOf(names).map((key) => utf8.encode(key))
  }

  row(reader: CellReader, out: ByteWriter): void {
    const headers = this.#headers
    const keys = this.#keys
    let isOpen = false
    let column = 0
    for (; reader.nextCell(); column += 1) {
      const isBlank = reader.kind === BLANK
      if (isBlank && column >= headers) continue
      const key = keys[column]
      if (key === undefined) throw new TypeError('a cell lies past all columns')
      if (isOpen || column === 0) out.copy(key)
      else {
        out.byte(0x7b)
        out.copy(key, 1)
      }
      isOpen = true
      if (isBlank) out.copy(NULL)
      else writeCell(reader, out)
    }
    for (; column < headers; column += 1) {
      out.copy(keys[column] ?? NULL)
      out.copy(NULL)
      isOpen = true
    }
    if (!isOpen) out.byte(0x7b)
    out.byte(0x7d)
  }
}

/** Rows as arrays, as long as they have values. */
export class ArrayRows implements RowEncoder {
  row(reader: CellReader, out: ByteWriter): void {
    out.byte(0x5b)
    let written = 0
    for (let column = 0; reader.nextCell(); column += 1) {
      if (reader.kind === BLANK) continue
      for (; written < column; written += 1) {
        if (written > 0) out.byte(COMMA)
        out.copy(NULL)
      }
      if (written > 0) out.byte(COMMA)
      writeCell(reader, out)
      written += 1
    }
    out.byte(0x5d)
  }
}

/** A value is written as it stands in the block: the inside of a JSON string, or a number with every digit that was sent. */
function writeCell(reader: CellReader, out: ByteWriter): void {
  const { bytes, kind, start, end } = reader
  if (kind === NUMBER) {
    out.copy(bytes, start, end)
  } else if (kind === TRUE) {
    out.ascii('true')
  } else if (kind === FALSE) {
    out.ascii('false')
  } else {
    out.byte(QUOTE)
    out.copy(bytes, start, end)
    out.byte(QUOTE)
  }
}
