/** Characters of a cell that a table draws: no column is as wide, and a cell may have 50,000. */
const DRAWN = 200

/** A cell that was another one before. */
export class ChangedCell {
  readonly before: unknown
  readonly now: unknown

  constructor(before: unknown, now: unknown) {
    this.before = before
    this.now = now
  }
}

/** A cell as text: all of it. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (value instanceof ChangedCell) return [value.before, value.now].map((one) => cellText(one) || 'blank').join(' → ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** The part of a cell that a table draws, on one line. */
export function cellLine(value: unknown): string {
  const text = cellText(value)
  return text.length > DRAWN ? `${text.slice(0, DRAWN)}…` : text
}

/** Whether values of a type, of the column schema or of DuckDB, are numbers and stand at the end of their cell. */
export function isNumeric(type: string): boolean {
  return /^(integer|number|duration|.*INT|DOUBLE|FLOAT|DECIMAL.*)$/.test(type)
}

const FIXED: Readonly<Record<string, number>> = {
  boolean: 6,
  date: 10,
  datetime: 19,
  time: 8,
  duration: 10,
  integer: 9,
  number: 11,
}

/** Pixels of a column, by its name, its type, and the longest text in it as far as that is known. */
export function columnWidth(name: string, type: string, longest = 20): number {
  const characters = Math.max(FIXED[type] ?? longest, Math.min(name.length + 3, 28), type.length + 1)
  return Math.max(80, Math.min(320, Math.round(characters * 7.6 + 20)))
}
