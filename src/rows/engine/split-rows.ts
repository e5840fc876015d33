import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import type { ImportTask } from './protocol.ts'

const [QUOTE, COMMA, BACKSLASH, NEWLINE] = [0x22, 0x2c, 0x5c, 0x0a]
const [OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = [0x5b, 0x5d, 0x7b, 0x7d]
const READ_BYTES = 1024 * 1024
const WRITE_BYTES = 64 * 1024
/** DuckDB parses as much of a file at once as it has, up to 32 MB. */
const PART_BYTES = 2_000_000
/** Bytes of the rows of a vector from which on they are split. */
const HEAVY_BYTES = 8_000_000
/** Rows of a vector of DuckDB, which are handled together. */
export const VECTOR_ROWS = 2048

/** Some columns of rows. */
export interface SplitColumns {
  /** Files of NDJSON, one after the other, whose rows are lists. */
  readonly parts: readonly string[]
  /** The most bytes that {@link VECTOR_ROWS} rows have, and of how many rows those are. */
  readonly heaviest: { readonly bytes: number; readonly rows: number }
}

/**
 * Splits rows of JSON, each a line as snapshots have them with every column in its place, into files of so many columns and
 * few rows each. `prefix`: of their paths.
 */
export function splitRows(
  { source, format, areLists, columns }: Pick<ImportTask, 'source' | 'format' | 'areLists' | 'columns'>,
  width: number,
  prefix: string,
): SplitColumns[] {
  const files = Array.from(
    { length: Math.ceil(columns.length / width) },
    (_, index) => new Parts(`${prefix}-${index}`, Math.min(width, columns.length - index * width)),
  )
  try {
    const opener = areLists ? OPEN_LIST : OPEN
    let lines = 0
    eachLine(source, (line, start, end) => {
      // An array begins on a line of its own, or on that of its first row; a comma ends a row, or begins the next line.
      const isBefore = format === 'json' && (lines === 0 || line[start] === COMMA)
      const at = isBefore ? start + 1 : start
      lines += 1
      if (at < end && line[at] === opener) splitRow(line, at, areLists, files)
    })
  } finally {
    for (const file of files) file.close()
  }
  return files
}

/** Whether any rows have so many bytes that they should not be parsed together. */
export function areHeavy(source: string): boolean {
  if (statSync(source).size <= HEAVY_BYTES) return false
  let bytes = 0
  let rows = 0
  let isHeavy = false
  eachLine(source, (_, start, end) => {
    bytes += end - start
    isHeavy ||= bytes > HEAVY_BYTES
    rows += 1
    if (rows % VECTOR_ROWS === 0) bytes = 0
  })
  return isHeavy
}

function splitRow(line: Uint8Array, start: number, areLists: boolean, files: readonly Parts[]): void {
  let at = start + 1
  for (const file of files) {
    file.byte(OPEN_LIST)
    for (let column = 0; column < file.width; column += 1) {
      if (line[at] === CLOSE || line[at] === CLOSE_LIST) break
      if (!areLists) at = endOfText(line, at) + 1
      const value = at
      if (line[at] === QUOTE) at = endOfText(line, at)
      else while (line[at] !== COMMA && line[at] !== CLOSE && line[at] !== CLOSE_LIST) at += 1
      if (column > 0) file.byte(COMMA)
      file.copy(line, value, at)
      if (line[at] === COMMA) at += 1
    }
    file.endRow()
  }
}

/** Where a text that begins here has ended. */
function endOfText(line: Uint8Array, start: number): number {
  for (let at = start + 1; at < line.length; at += 1) {
    if (line[at] === BACKSLASH) at += 1
    else if (line[at] === QUOTE) return at + 1
  }
  throw new RangeError('a text in the rows has no end')
}

/** Reads a file; each line is in memory as a whole. The last one may lack its end. */
function eachLine(path: string, use: (bytes: Uint8Array, start: number, end: number) => void): void {
  const input = openSync(path, 'r')
  let bytes = Buffer.allocUnsafe(READ_BYTES)
  let held = 0
  try {
    for (;;) {
      const read = readSync(input, bytes, held, bytes.length - held, null)
      if (read === 0) break
      let start = 0
      let end = bytes.indexOf(NEWLINE, held)
      held += read
      while (end >= 0 && end < held) {
        use(bytes, start, end)
        start = end + 1
        end = bytes.indexOf(NEWLINE, start)
      }
      bytes.copyWithin(0, start, held)
      held -= start
      if (held === bytes.length) bytes = Buffer.concat([bytes], bytes.length * 2)
    }
    if (held > 0) use(bytes, 0, held)
  } finally {
    closeSync(input)
  }
}

/** Files of the same columns. */
class Parts implements SplitColumns {
  readonly parts: string[] = []
  readonly width: number
  heaviest = { bytes: 0, rows: 0 }
  readonly #prefix: string
  #buffer = Buffer.allocUnsafe(WRITE_BYTES)
  #held = 0
  #descriptor: number | undefined
  #written = 0
  #window = { bytes: 0, rows: 0 }

  constructor(prefix: string, width: number) {
    this.#prefix = prefix
    this.width = width
    this.#begin()
  }

  byte(byte: number): void {
    if (this.#held === this.#buffer.length) this.#flush()
    this.#buffer[this.#held] = byte
    this.#held += 1
  }

  copy(source: Uint8Array, start: number, end: number): void {
    const length = end - start
    if (this.#held + length > this.#buffer.length) this.#flush()
    if (length > this.#buffer.length) this.#write(source.subarray(start, end))
    else {
      const buffer = this.#buffer
      for (let from = start, to = this.#held; from < end; from += 1, to += 1) buffer[to] = source[from] ?? 0
      this.#held += length
    }
  }

  endRow(): void {
    this.byte(CLOSE_LIST)
    this.byte(NEWLINE)
    this.#window.rows += 1
    const isFull = this.#written + this.#held >= PART_BYTES
    if (!isFull && this.#window.rows < VECTOR_ROWS) return
    if (isFull) this.#end()
    if (this.#window.rows >= VECTOR_ROWS) this.#endWindow()
    if (isFull) this.#begin()
  }

  close(): void {
    this.#end()
    this.#endWindow()
  }

  #begin(): void {
    const path = `${this.#prefix}-${this.parts.length}`
    this.#descriptor = openSync(path, 'wx', 0o600)
    this.parts.push(path)
    this.#written = 0
  }

  #end(): void {
    if (this.#descriptor === undefined) return
    this.#flush()
    closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  #endWindow(): void {
    this.#window.bytes += this.#held
    if (this.#window.bytes > this.heaviest.bytes) this.heaviest = this.#window
    this.#window = { bytes: -this.#held, rows: 0 }
  }

  #flush(): void {
    const held = this.#held
    this.#held = 0
    this.#write(this.#buffer.subarray(0, held))
  }

  #write(bytes: Uint8Array): void {
    if (this.#descriptor === undefined) return
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at)
    this.#written += bytes.length
    this.#window.bytes += bytes.length
  }
}
