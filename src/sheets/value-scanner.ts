import { BLANK, type CellKind, ESCAPED_TEXT, FALSE, NUMBER, TEXT, TRUE } from '../blocks/block.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN = 0x5b
const CLOSE = 0x5d
const BACKSLASH = 0x5c

/** The bytes are not the JSON that they should be. */
export class NotJson extends Error {
  override readonly name = 'NotJson'
}

/**
 * Walks over the cells of a `values` array without making anything of them: where a cell begins and ends and what it is
 * can be seen in its bytes, and most are copied as they are. So a block of hundreds of thousands of cells costs neither
 * memory nor a garbage collection. Everything that is walked over is checked to be JSON (RFC 8259).
 *
 *     while (scanner.nextRow()) while (scanner.nextCell()) use(scanner.kind, scanner.start, scanner.end)
 */
export class ValueScanner {
  readonly bytes: Uint8Array
  /** The place of the next byte to read. */
  at = 0
  /** The current cell: its kind, and the bytes of it, without quotes for text. */
  kind: CellKind = BLANK
  start = 0
  end = 0
  #isFirst = true

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** Enters the array of rows. */
  beginRows(): void {
    this.take(OPEN)
    this.#isFirst = true
  }

  /** Enters the next row; `false` after the last one, whose array is left. */
  nextRow(): boolean {
    if (!this.#nextItem()) return false
    this.take(OPEN)
    this.#isFirst = true
    return true
  }

  /** Reads the next cell of the row; `false` after the last one, whose row is left. */
  nextCell(): boolean {
    if (!this.#nextItem()) return false
    const byte = this.bytes[this.at] ?? 0
    if (byte === QUOTE) this.#scanText()
    else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) this.#scanNumber()
    else if (byte === 0x74) this.#scanWord('true', TRUE)
    else if (byte === 0x66) this.#scanWord('false', FALSE)
    else if (byte === 0x6e) this.#scanWord('null', BLANK)
    else throw new NotJson(`no cell begins with byte ${byte}`)
    return true
  }

  /** The text of the current cell, escapes resolved. */
  text(): string {
    const raw = utf8.decode(this.bytes.subarray(this.start, this.end))
    return this.kind === ESCAPED_TEXT ? (JSON.parse(`"${raw}"`) as string) : raw
  }

  /** Skips white space and takes one byte, which must be this one. */
  take(byte: number): void {
    this.skipSpace()
    if (this.bytes[this.at] !== byte) throw new NotJson(`byte ${byte} is missing at ${this.at}`)
    this.at += 1
  }

  /** Whether the next byte after white space is this one; it is taken if so. */
  takes(byte: number): boolean {
    this.skipSpace()
    if (this.bytes[this.at] !== byte) return false
    this.at += 1
    return true
  }

  /** Reads a string outside of cells. */
  readText(): string {
    this.skipSpace()
    if (this.bytes[this.at] !== QUOTE) throw new NotJson(`a string is missing at ${this.at}`)
    this.#scanText()
    return this.text()
  }

  skipSpace(): void {
    const { bytes } = this
    let byte = bytes[this.at]
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      this.at += 1
      byte = bytes[this.at]
    }
  }

  #nextItem(): boolean {
    this.skipSpace()
    const isFirst = this.#isFirst
    const byte = this.bytes[this.at]
    if (byte === CLOSE) {
      this.at += 1
      this.#isFirst = false
      return false
    }
    if (!isFirst) {
      if (byte !== COMMA) throw new NotJson(`a comma is missing at ${this.at}`)
      this.at += 1
      this.skipSpace()
    }
    this.#isFirst = false
    return true
  }

  #scanText(): void {
    const { bytes } = this
    const start = this.at + 1
    let at = start
    let isEscaped = false
    for (;;) {
      const byte = bytes[at]
      if (byte === QUOTE) break
      if (byte === BACKSLASH) {
        isEscaped = true
        at += this.#escapeLength(at)
        continue
      }
      if (byte === undefined || byte < 0x20) throw new NotJson(`a string breaks off at ${at}`)
      at += 1
    }
    this.start = start
    this.end = at
    this.at = at + 1
    // Google sends `""` for a blank between other cells, and leaves out what is blank at the end.
    this.kind = at === start ? BLANK : isEscaped ? ESCAPED_TEXT : TEXT
  }

  #escapeLength(at: number): number {
    const byte = this.bytes[at + 1] ?? 0
    if (byte !== 0x75) {
      if (!ESCAPES.has(byte)) throw new NotJson(`no escape at ${at}`)
      return 2
    }
    for (let digit = at + 2; digit < at + 6; digit += 1) {
      if (!isHex(this.bytes[digit] ?? 0)) throw new NotJson(`no escape at ${at}`)
    }
    return 6
  }

  #scanNumber(): void {
    const { bytes } = this
    const start = this.at
    let at = bytes[start] === 0x2d ? start + 1 : start
    const first = bytes[at]
    const integer = at
    while (isDigit(bytes[at])) at += 1
    if (at === integer || (first === 0x30 && at > integer + 1)) throw new NotJson(`no number at ${start}`)
    if (bytes[at] === 0x2e) at = this.#digits(at + 1)
    const exponent = bytes[at]
    if (exponent === 0x65 || exponent === 0x45) {
      const sign = bytes[at + 1]
      at = this.#digits(sign === 0x2b || sign === 0x2d ? at + 2 : at + 1)
    }
    this.start = start
    this.end = at
    this.at = at
    this.kind = NUMBER
  }

  #digits(from: number): number {
    let at = from
    while (isDigit(this.bytes[at])) at += 1
    if (at === from) throw new NotJson(`no digit at ${from}`)
    return at
  }

  #scanWord(word: string, kind: CellKind): void {
    for (let index = 0; index < word.length; index += 1) {
      if (this.bytes[this.at + index] !== word.charCodeAt(index)) throw new NotJson(`no ${word} at ${this.at}`)
    }
    this.start = this.at
    this.at += word.length
    this.end = this.at
    this.kind = kind
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
/** `"`, `\`, `/`, `b`, `f`, `n`, `r`, `t`. */
const ESCAPES = new Set([0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74])

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

function isHex(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)
}
