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

/** Text as a field of CSV. */
export function csvField(text: string, { injection, numbersAreText }: CsvOptions): string {
  const runs = injection === 'escape' && RUNS.test(text) && !(numbersAreText && NUMBER.test(text))
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
