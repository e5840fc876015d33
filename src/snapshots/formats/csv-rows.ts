import { BLANK, DATE, FALSE, NUMBER, TEXT, TRUE } from '../../blocks/block.ts'
import type { ByteWriter } from '../../blocks/byte-writer.ts'
import type { CellReader } from '../../blocks/cell-reader.ts'
import type { RowEncoder } from './row-encoder.ts'

const COMMA = 0x2c

export interface CsvOptions {
  readonly injection: 'escape' | 'raw'
  readonly bom: boolean
  /** Whether numbers come as the text that is shown, so that text which is all number is no formula. */
  readonly numbersAreText: boolean
}

/** What must be quoted (RFC 4180, section 2, rule 6). */
const TO_QUOTE = /[",\r\n]/

/**
 * What a spreadsheet program may run when it opens the file (OWASP, "CSV Injection": equals, plus, minus, at, tab,
 * carriage return). A leading apostrophe makes it text there.
 */
const RUNS = /^[=+\-@\t\r]/

/** A number as spreadsheets show one, which nobody runs. */
const SHOWN_NUMBER = /^[+-]\d[\d.,\u00a0\u202f' ]*%?$/

/** Text as a field of CSV. */
export function csvField(text: string, { injection, numbersAreText }: CsvOptions): string {
  const runs = injection === 'escape' && RUNS.test(text) && !(numbersAreText && SHOWN_NUMBER.test(text))
  const field = runs ? `'${text}` : text
  return TO_QUOTE.test(field) ? `"${field.replaceAll('"', '""')}"` : field
}

/** A line of names, or of as many blank fields. */
export function csvLine(fields: readonly string[], width: number, options: CsvOptions): string {
  const line = Array.from({ length: Math.max(fields.length, width, 1) }, (_, column) =>
    csvField(fields[column] ?? '', options),
  ).join(',')
  return `${line === '' ? BLANK_FIELD : line}\r\n`
}

/** A line of one blank field would be an empty line, and many readers step over those. */
export const BLANK_FIELD = '""'

/** Rows as lines of CSV, each of so many fields. */
export class CsvRows implements RowEncoder {
  readonly #options: CsvOptions
  readonly #width: number

  constructor(options: CsvOptions, width: number) {
    this.#options = options
    this.#width = width
  }

  row(reader: CellReader, out: ByteWriter): void {
    const start = out.length
    let written = 0
    for (let column = 0; reader.nextCell(); column += 1) {
      if (reader.kind === BLANK) continue
      for (; written < column; written += 1) out.byte(COMMA)
      this.#write(reader, out)
    }
    for (written += 1; written < this.#width; written += 1) out.byte(COMMA)
    if (out.length === start) out.ascii(BLANK_FIELD)
    out.ascii('\r\n')
  }

  #write(reader: CellReader, out: ByteWriter): void {
    const { bytes, kind, start, end } = reader
    if (kind === NUMBER || kind === DATE || (kind === TEXT && isPlain(bytes, start, end))) out.copy(bytes, start, end)
    // As spreadsheets export them.
    else if (kind === TRUE || kind === FALSE) out.ascii(reader.text())
    else out.text(csvField(reader.text(), this.#options))
  }
}

/** Whether unescaped text is a field as it stands: no comma in it, and no formula. Quotes and line ends come as escapes. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start]
  if (first === 0x3d || first === 0x2b || first === 0x2d || first === 0x40) return false
  for (let at = start; at < end; at += 1) if (bytes[at] === COMMA) return false
  return true
}
