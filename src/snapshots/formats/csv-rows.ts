import type { Cell } from './cell.ts'

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
const NUMBER = /^[+-]\d[\d.,\u00a0\u202f' ]*%?$/

/** Makes the function that writes a row as a line of at least `width` fields. */
export function csvWriter({
  injection,
  numbersAreText,
}: CsvOptions): (cells: readonly Cell[], width: number) => string {
  const escapes = injection === 'escape'
  const field = (cell: Cell | undefined): string => {
    switch (typeof cell) {
      case 'string': {
        const runs = escapes && RUNS.test(cell) && !(numbersAreText && NUMBER.test(cell))
        const text = runs ? `'${cell}` : cell
        return TO_QUOTE.test(text) ? `"${text.replaceAll('"', '""')}"` : text
      }
      case 'number':
        return `${cell}`
      case 'boolean':
        // As Google's own CSV export has it.
        return cell ? 'TRUE' : 'FALSE'
      default:
        return ''
    }
  }
  return (cells, width) => {
    let line = field(cells[0])
    const columns = Math.max(cells.length, width)
    for (let column = 1; column < columns; column += 1) line += `,${field(cells[column])}`
    // A line of one blank field would be an empty line, and many readers step over those.
    return line === '' ? '""\r\n' : `${line}\r\n`
  }
}
