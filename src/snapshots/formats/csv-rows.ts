import { BLANK, DATE, FALSE, NUMBER, TEXT, TRUE } from '../../blocks/block.ts'
import type { ByteWriter } from '../../blocks/byte-writer.ts'
import type { CellReader } from '../../blocks/cell-reader.ts'
import { mayNeedApostrophe, needsApostrophe } from './csv-injection.ts'
import type { RowSyntax } from './row-padding.ts'
import { leaveRow, type WriteColumns } from './write-columns.ts'

const COMMA = 0x2c
const SEMICOLON = 0x3b
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

export interface CsvOptions {
  readonly injection: 'escape' | 'raw'
  readonly bom: boolean
  /** Whether numbers come as the text that is shown, so that text which is all number is no formula. */
  readonly numbersAreText: boolean
}

/** What must be quoted (RFC 4180, section 2, rule 6), and what else programs take for the end of a field (OWASP, "CSV Injection"). */
const TO_QUOTE = /[",;\t\r\n]/

/** Text as a field of CSV. */
export function csvField(text: string, { injection, numbersAreText }: CsvOptions): string {
  const field = injection === 'escape' && needsApostrophe(text, numbersAreText) ? `'${text}` : text
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
const BLANK_AFTER_COMMA = new Uint8Array([COMMA])

/** Writes rows as lines of CSV, each of so many fields. */
export function csvRows(options: CsvOptions, width: number): WriteColumns {
  return (reader, out, from, to, limit) => {
    const start = out.length
    let isCell = true
    let column = from
    while (column < to) {
      isCell &&= reader.nextCell()
      if (column > 0) out.byte(COMMA)
      if (isCell && reader.kind !== BLANK) writeField(reader, out, options)
      column += 1
      if (out.length >= limit) break
    }
    leaveRow(reader, isCell, column === width)
    if (column < width) return column
    // What was split has more than one column, and so a comma.
    if (from === 0 && out.length === start) out.ascii(BLANK_FIELD)
    out.ascii('\r\n')
    return column
  }
}

/** How such lines stand in their file: what ends one begins the next. */
export function csvSyntax(width: number): RowSyntax {
  return { opens: LINE_FEED, closes: CARRIAGE_RETURN, blanks: Array.from({ length: width }, () => BLANK_AFTER_COMMA) }
}

function writeField(reader: CellReader, out: ByteWriter, options: CsvOptions): void {
  const { bytes, kind, start, end } = reader
  if (kind === NUMBER || kind === DATE || (kind === TEXT && isPlain(bytes, start, end))) out.copy(bytes, start, end)
  // As spreadsheets export them.
  else if (kind === TRUE || kind === FALSE) out.ascii(reader.text())
  else out.text(csvField(reader.text(), options))
}

/** Whether unescaped text is a field as it stands: no separator in it, and no formula. Quotes and controls come as escapes. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  if (mayNeedApostrophe(bytes[start], bytes[start + 1])) return false
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]
    if (byte === COMMA || byte === SEMICOLON) return false
  }
  return true
}
