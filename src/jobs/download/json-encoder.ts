import { BLANK, NUMBER, TEXT, type ValueScanner } from '../../sheets/value-scanner.ts'
import type { ByteWriter } from '../../snapshots/formats/byte-writer.ts'
import { keysOf } from '../../snapshots/formats/json-rows.ts'
import type { DateColumns } from './date-columns.ts'
import type { RowEncoder } from './encode-piece.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const utf8 = new TextEncoder()
const NULL = utf8.encode('null')

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

  row(scanner: ValueScanner, dates: DateColumns, out: ByteWriter): void {
    const headers = this.#headers
    const keys = this.#keys
    let isOpen = false
    let column = 0
    for (; scanner.nextCell(); column += 1) {
      const isBlank = scanner.kind === BLANK
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
      else writeCell(scanner, dates, column, out)
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
  row(scanner: ValueScanner, dates: DateColumns, out: ByteWriter): void {
    out.byte(0x5b)
    let written = 0
    for (let column = 0; scanner.nextCell(); column += 1) {
      if (scanner.kind === BLANK) continue
      for (; written < column; written += 1) {
        if (written > 0) out.byte(COMMA)
        out.copy(NULL)
      }
      if (written > 0) out.byte(COMMA)
      writeCell(scanner, dates, column, out)
      written += 1
    }
    out.byte(0x5d)
  }
}

/** A value is written as it came: it is JSON already, and a number keeps every digit that Google sent. */
function writeCell(scanner: ValueScanner, dates: DateColumns, column: number, out: ByteWriter): void {
  const { bytes, kind, start, end } = scanner
  if (kind === TEXT) {
    out.copy(bytes, start - 1, end + 1)
    return
  }
  const iso = kind === NUMBER ? dates.iso(scanner, column) : undefined
  if (iso === undefined) {
    out.copy(bytes, start, end)
    return
  }
  out.byte(QUOTE)
  out.ascii(iso)
  out.byte(QUOTE)
}
