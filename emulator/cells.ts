/** A calendar value: a serial number that a number format shows as a date, a time, or both. */
export interface DateCell {
  readonly kind: 'date' | 'time' | 'dateTime'
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

/** What a cell shows. `null` is blank. Plain values stay primitives, so that a read of millions allocates nothing. */
export type CellValue = null | number | boolean | string | DateCell | ErrorCell
export type Cell = CellValue | FormulaCell

const DAY_MS = 86_400_000
/** Serial day 0; Google: "counts the days since December 30th 1899" (DateTimeRenderOption). */
const EPOCH_MS = Date.UTC(1899, 11, 30)

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

const MONTHS = 'January February March April May June July August September October November December'.split(' ')
const WEEKDAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')
const two = (n: number) => (n < 10 ? `0${n}` : String(n))

/**
 * A calendar value as its number format shows it. Without a pattern: `2024-01-31`, `13:45:00`, `2024-01-31 13:45:00`,
 * which is what a value typed in that form keeps showing.
 */
export function formatDate(cell: DateCell): string {
  const at = new Date(EPOCH_MS + Math.round(cell.serial * DAY_MS))
  if (cell.pattern !== undefined) return formatPattern(at, cell.pattern)
  const iso = at.toISOString()
  if (cell.kind === 'date') return iso.slice(0, 10)
  return cell.kind === 'time' ? iso.slice(11, 19) : `${iso.slice(0, 10)} ${iso.slice(11, 19)}`
}

/** The tokens of Google's "Date and number formats" guide; `m` is minutes beside hours or seconds, else months. */
function formatPattern(at: Date, pattern: string): string {
  const tokens = pattern.match(/"[^"]*"|\\.|am\/pm|a\/p|y+|m+|d+|h+|s+|\.0+|./gi) ?? []
  const half = tokens.some((token) => /^a/i.test(token))
  const units = tokens.map((token) => (/^[ymdhs]/i.test(token) ? token.charAt(0).toLowerCase() : ''))
  const isMinutes = (index: number) =>
    units.slice(0, index).findLast((unit) => unit !== '') === 'h' || units.slice(index + 1).find(Boolean) === 's'
  const part = (token: string, index: number): string => {
    const long = token.length
    const pad = (n: number) => (long > 1 ? two(n) : String(n))
    switch (units[index]) {
      case 'y':
        return long > 2 ? String(at.getUTCFullYear()) : two(at.getUTCFullYear() % 100)
      case 'd':
        if (long > 2) return (WEEKDAYS[at.getUTCDay()] ?? '').slice(0, long > 3 ? undefined : 3)
        return pad(at.getUTCDate())
      case 'h':
        return pad(half ? at.getUTCHours() % 12 || 12 : at.getUTCHours())
      case 's':
        return pad(at.getUTCSeconds())
      case 'm':
        if (isMinutes(index)) return pad(at.getUTCMinutes())
        if (long > 2) return (MONTHS[at.getUTCMonth()] ?? '').slice(0, long > 3 ? undefined : 3)
        return pad(at.getUTCMonth() + 1)
    }
    if (/^a/i.test(token)) return (at.getUTCHours() < 12 ? 'AM' : 'PM').slice(0, long > 3 ? 2 : 1)
    if (/^\.0/.test(token)) return `.${String(at.getUTCMilliseconds()).padStart(3, '0')}`.slice(0, long)
    return token.startsWith('"') ? token.slice(1, -1) : token.replace(/^\\/, '')
  }
  return tokens.map(part).join('')
}
