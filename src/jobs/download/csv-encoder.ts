import { BLANK, FALSE, NUMBER, TRUE, type ValueScanner } from '../../sheets/value-scanner.ts'
import type { ByteWriter } from '../../snapshots/formats/byte-writer.ts'
import { BLANK_FIELD, type CsvOptions, csvField } from '../../snapshots/formats/csv-rows.ts'
import type { DateColumns } from './date-columns.ts'
import type { RowEncoder } from './encode-piece.ts'

const COMMA = 0x2c

/** Rows as lines of CSV, each of so many fields. */
export class CsvRows implements RowEncoder {
  readonly #options: CsvOptions
  readonly #width: number

  constructor(options: CsvOptions, width: number) {
    this.#options = options
    this.#width = width
  }

  row(scanner: ValueScanner, dates: DateColumns, out: ByteWriter): void {
    const start = out.length
    let written = 0
    for (let column = 0; scanner.nextCell(); column += 1) {
      if (scanner.kind === BLANK) continue
      for (; written < column; written += 1) out.byte(COMMA)
      this.#write(scanner, dates, column, out)
    }
    for (written += 1; written < this.#width; written += 1) out.byte(COMMA)
    if (out.length === start) out.ascii(BLANK_FIELD)
    out.ascii('\r\n')
  }

  #write(scanner: ValueScanner, dates: DateColumns, column: number, out: ByteWriter): void {
    const { bytes, kind, start, end } = scanner
    if (kind === NUMBER) {
      const iso = dates.iso(scanner, column)
      if (iso === undefined) out.copy(bytes, start, end)
      else out.ascii(iso)
    } else if (kind === TRUE) out.ascii('TRUE')
    // As Google's own CSV export has it.
    else if (kind === FALSE) out.ascii('FALSE')
    else if (!scanner.isEscaped && isPlain(bytes, start, end)) out.copy(bytes, start, end)
    else out.text(csvField(scanner.text(), this.#options))
  }
}

/** Whether unescaped text needs no look: no comma in it, and no formula. Quotes and line ends come as escapes. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  const first = bytes[start]
  if (first === 0x3d || first === 0x2b || first === 0x2d || first === 0x40) return false
  for (let at = start; at < end; at += 1) if (bytes[at] === COMMA) return false
  return true
}
