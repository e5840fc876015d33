import { BLANK, DATE, FALSE, NUMBER, TEXT, TRUE } from '../../blocks/block.ts'
import type { ByteWriter } from '../../blocks/byte-writer.ts'
import type { CellReader } from '../../blocks/cell-reader.ts'

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

/** A line of names, and of blank fields up to a width. */
export function csvLine(fields: readonly string[], width: number, options: CsvOptions): string {
  const line = Array.from({ length: Math.max(fields.length, width, 1) }, (_, column) =>
    csvField(fields[column] ?? '', options),
  ).join(',')
  return `${line === '' ? BLANK_FIELD : line}\r\n`
}

/** A line of one blank field would be an empty line, and many readers step over those. */
const BLANK_FIELD = '""'

/** Writes rows as lines of CSV, each of so many fields. */
export function csvRows(options: CsvOptions, width: number) {
  return (reader: CellReader, out: ByteWriter): void => {
    const start = out.length
    let column = 0
    for (; reader.nextCell(); column += 1) {
      if (column > 0) out.byte(COMMA)
      if (reader.kind !== BLANK) writeField(reader, out, options)
    }
    for (column = Math.max(column, 1); column < width; column += 1) out.byte(COMMA)
    if (out.length === start) out.ascii(BLANK_FIELD)
    out.ascii('\r\n')
  }
}

function writeField(reader: CellReader, out: ByteWriter, options: CsvOptions): void {
  const { bytes, kind, start, end } = reader
  if (kind === NUMBER || kind === DATE || (kind === TEXT && isPlain(bytes, start, end))) out.copy(bytes, start, end)
  // As spreadsheets export them.
  else if (kind === TRUE || kind === FALSE) out.ascii(reader.text())
  else out.text(csvField(reader.text(), options))
}

/** Whether unescaped text is a field as it stands: no comma in it, and no formula. Quotes and line ends come as escapes. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start]
  if (first === 0x3d || first === 0x2b || first === 0x2d || first === 0x40) return false
  for (let at = start; at < end; at += 1) if (bytes[at] === COMMA) return false
  return true
}
