import { z } from 'zod'
import { changing, date, dateTime, duration, error, formula, shownAs, time, type Writable } from './cells.ts'

const PLAIN = z.union([z.null(), z.number(), z.boolean(), z.string()])
const PATTERN = z.string().exactOptional()
const CALENDAR = [
  z.strictObject({ date: z.iso.date(), pattern: PATTERN }),
  z.strictObject({ time: z.string(), pattern: PATTERN }),
  z.strictObject({ dateTime: z.string(), pattern: PATTERN }),
  z.strictObject({ duration: z.string(), pattern: PATTERN }),
  z.strictObject({ serial: z.number(), pattern: z.string() }),
] as const
const ERROR = z.strictObject({ error: z.string(), formula: z.string().exactOptional() })
const SHOWN = z.union([PLAIN, ...CALENDAR, ERROR])

const ONCE = z.union([SHOWN, z.strictObject({ formula: z.string(), value: SHOWN })])

/**
 * A cell written as JSON: a plain value, or `{date}`, `{time}`, `{dateTime}`, `{duration}`, `{serial, pattern}`, `{error}`,
 * `{formula, value}`, or `{changing}`, a list of what it shows to one read after the other.
 */
export const VALUE = z.union([ONCE, z.strictObject({ changing: z.array(ONCE).min(1) })])

function shown(value: z.infer<typeof SHOWN>) {
  if (typeof value !== 'object' || value === null) return value
  if ('date' in value) return date(value.date, value.pattern)
  if ('time' in value) return time(value.time, value.pattern)
  if ('dateTime' in value) return dateTime(value.dateTime, value.pattern)
  if ('duration' in value) return duration(value.duration, value.pattern)
  if ('serial' in value) return shownAs(value.serial, value.pattern)
  return error(value.error, value.formula)
}

function once(value: z.infer<typeof ONCE>) {
  const isFormula = typeof value === 'object' && value !== null && 'formula' in value && 'value' in value
  return isFormula ? formula(value.formula, shown(value.value)) : shown(value)
}

/** The cell that a value in JSON stands for. */
export function writable(value: z.infer<typeof VALUE>): Writable {
  if (typeof value !== 'object' || value === null || !('changing' in value)) return once(value)
  return changing(...value.changing.map((one) => once(one === '' ? null : one)))
}
