import { z } from 'zod'
import { date, dateTime, error, formula, time, type Writable } from './cells.ts'

const PLAIN = z.union([z.null(), z.number(), z.boolean(), z.string()])
const PATTERN = z.string().exactOptional()
const CALENDAR = [
  z.strictObject({ date: z.iso.date(), pattern: PATTERN }),
  z.strictObject({ time: z.string(), pattern: PATTERN }),
  z.strictObject({ dateTime: z.string(), pattern: PATTERN }),
] as const
const ERROR = z.strictObject({ error: z.string(), formula: z.string().exactOptional() })
const SHOWN = z.union([PLAIN, ...CALENDAR, ERROR])

/** A cell written as JSON: a plain value, or `{date}`, `{time}`, `{dateTime}`, `{error}`, `{formula, value}`. */
export const VALUE = z.union([SHOWN, z.strictObject({ formula: z.string(), value: SHOWN })])

function shown(value: z.infer<typeof SHOWN>) {
  if (typeof value !== 'object' || value === null) return value
  if ('date' in value) return date(value.date, value.pattern)
  if ('time' in value) return time(value.time, value.pattern)
  if ('dateTime' in value) return dateTime(value.dateTime, value.pattern)
  return error(value.error, value.formula)
}

/** The cell that a value in JSON stands for. */
export function writable(value: z.infer<typeof VALUE>): Writable {
  const isFormula = typeof value === 'object' && value !== null && 'formula' in value && 'value' in value
  return isFormula ? formula(value.formula, shown(value.value)) : shown(value)
}
