import { EPOCH_MS, formatPattern } from './date-format.ts'

/** A calendar value: a serial number that a number format shows as a date, a time, both, or a duration. */
export interface DateCell {
  readonly kind: 'date' | 'time' | 'dateTime' | 'duration'
  /** Days since 1899-12-30, the fraction being the time of day. */
  readonly serial: number
  /** A Sheets date pattern such as `d mmm yyyy`; when absent the ISO-like default of the kind. */
  readonly pattern?: string
}

/** A cell showing an error such as `#REF!`; only formulas do that, so it may carry one. */
export interface ErrorCell {
  readonly kind: 'error'
  readonly code: string
  readonly formula?: string
}

/** A formula beside the value it was last calculated to. Never blank, even where the value is `''`. */
export interface FormulaCell {
  readonly kind: 'formula'
  readonly formula: string
  readonly value: CellValue
}

/**
 * A cell that is calculated anew while it is read: the first read of it shows the first value, and so on; the last value
 * stays. `Loading...` before others is what a function shows until it has fetched something.
 */
export interface ChangingCell {
  readonly kind: 'changing'
  readonly values: readonly ShownCell[]
}

/** What a cell shows. `null` is blank. Plain values stay primitives, so that a read of millions allocates nothing. */
export type CellValue = null | number | boolean | string | DateCell | ErrorCell
/** A cell as one read finds it. */
export type ShownCell = CellValue | FormulaCell
export type Cell = ShownCell | ChangingCell

const DAY_MS = 86_400_000

/** The serial number of an ISO date, time or date-time without zone. Throws where the text is none of them. */
export function serialOf(iso: string): number {
  const match = /^(?:(\d{4})-(\d\d)-(\d\d))?[T ]?(?:(\d\d):(\d\d)(?::(\d\d)(\.\d{1,3})?)?)?$/.exec(iso)
  const [, year, month, day, hour, minute, second, fraction] = match ?? []
  if (year === undefined && hour === undefined) throw new TypeError(`not an ISO date or time: ${iso}`)
  const days = year === undefined ? 0 : (Date.UTC(Number(year), Number(month) - 1, Number(day)) - EPOCH_MS) / DAY_MS
  const seconds =
    hour === undefined ? 0 : Number(hour) * 3600 + Number(minute) * 60 + Number(second ?? 0) + Number(fraction ?? 0)
  return days + seconds / 86_400
}

function dateCell(kind: DateCell['kind'], iso: string, pattern: string | undefined): DateCell {
  return pattern === undefined ? { kind, serial: serialOf(iso) } : { kind, serial: serialOf(iso), pattern }
}

/** A date cell, from `2024-01-31`. */
export function date(iso: string, pattern?: string): DateCell {
  return dateCell('date', iso, pattern)
}

/** A time cell, from `13:45:00`. */
export function time(iso: string, pattern?: string): DateCell {
  return dateCell('time', iso, pattern)
}

/** A date-time cell, from `2024-01-31T13:45:00`; it has no zone, as in Sheets. */
export function dateTime(iso: string, pattern?: string): DateCell {
  return dateCell('dateTime', iso, pattern)
}

/** A duration, from `30:15:00` or `-06:00:00`. */
export function duration(text: string, pattern?: string): DateCell {
  const match = /^(-?)(\d+):(\d\d)(?::(\d\d(?:\.\d{1,3})?))?$/.exec(text)
  if (match === null) throw new TypeError(`not a duration: ${text}`)
  const [, sign, hours, minutes, seconds = '0'] = match
  const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) / 86_400
  return shownAs(sign === '-' ? -size : size, pattern ?? '[h]:mm:ss', 'duration')
}

/** A number that a date, time or duration pattern shows. */
export function shownAs(serial: number, pattern: string, kind: DateCell['kind'] = 'dateTime'): DateCell {
  return { kind, serial, pattern }
}

/** A cell that shows each value to one read, and the last one ever after. */
export function changing(...values: ShownCell[]): ChangingCell {
  return { kind: 'changing', values }
}

/** A formula and the value it shows. */
export function formula(text: string, value: CellValue): FormulaCell {
  return { kind: 'formula', formula: text, value }
}

/** A cell in error, such as `#REF!`. */
export function error(code: string, formulaText?: string): ErrorCell {
  return formulaText === undefined ? { kind: 'error', code } : { kind: 'error', code, formula: formulaText }
}

/** What a row may hold where it is written down: cells, and `''` or `undefined` for blank. */
export type Writable = Cell | undefined

/** The cell a written value makes. An empty text leaves the cell blank, as a write through Google's API does. */
export function toCell(value: Writable): Cell {
  return value === undefined || value === '' ? null : value
}

/**
 * A calendar value as its number format shows it. Without a pattern: `2024-01-31`, `13:45:00`, `2024-01-31 13:45:00`,
 * which is what a value typed in that form keeps showing.
 */
export function formatDate(cell: DateCell): string {
  if (cell.pattern !== undefined) return formatPattern(cell.serial, cell.pattern)
  const iso = new Date(EPOCH_MS + Math.round(cell.serial * DAY_MS)).toISOString()
  if (cell.kind === 'date') return iso.slice(0, 10)
  return cell.kind === 'time' ? iso.slice(11, 19) : `${iso.slice(0, 10)} ${iso.slice(11, 19)}`
}
