import type { DigitGroup } from './shown-text.ts'

export const DAY_MS = 86_400_000
/** Serial day 0: "the number of days since December 30th 1899" (Google, DateTimeRenderOption). */
export const EPOCH_MS = Date.UTC(1899, 11, 30)

export const HOUR_MS = 3_600_000
export const MINUTE_MS = 60_000

/** A part of a moment that a format shows as digits. */
interface Part {
  readonly kind: 'date' | 'time' | 'duration' | 'fraction'
  /** Parts of a clock stand in their order, hours first. */
  readonly order: number
  is(group: DigitGroup): boolean
}

function oneOf(kind: Part['kind'], order: number, ...values: number[]): Part {
  // Only years and what has elapsed have more than two digits; `1,000` has no minutes.
  const mayBePart = ({ text, value }: DigitGroup) => text.length <= 2 || (kind === 'date' && value > 999)
  return {
    kind,
    order,
    is: (group) => values.includes(group.value) && (kind === 'duration' || mayBePart(group)),
  }
}

/** The parts of a date that a format shows as digits. */
export function datesOf(at: Date, hasWeekdayNumber: boolean): Part[] {
  const year = at.getUTCFullYear()
  return [
    // Of the Buddhist calendar, of Taiwan's, and of the last two eras of Japan.
    oneOf('date', 0, year, year % 100, year + 543, (year + 543) % 100, year - 1911, year - 2018, year - 1988),
    oneOf('date', 0, at.getUTCMonth() + 1),
    oneOf('date', 0, at.getUTCDate()),
    // `Thứ 4`, the fourth day, is Wednesday in Vietnam.
    ...(hasWeekdayNumber ? [oneOf('date', 0, at.getUTCDay() + 1)] : []),
  ]
}

/**
 * The parts of a time or a duration that a format shows as digits; those of a duration count from 0 in either direction.
 * What fits both is the one that is named first: a duration's where there is a minus sign, which no time of day has.
 */
export function clocksOf(at: Date, total: number, hasDayPeriod: boolean, isNegative: boolean): Part[] {
  const hour = at.getUTCHours()
  const size = Math.abs(total)
  const ms = String(size % 1000).padStart(3, '0')
  const times = [
    oneOf('time', 1, hour, ...(hasDayPeriod ? [hour % 12, hour % 12 || 12] : [])),
    oneOf('time', 2, at.getUTCMinutes(), Math.floor(size / MINUTE_MS) % 60),
    oneOf('time', 3, at.getUTCSeconds(), Math.floor(size / 1000) % 60),
  ]
  const durations = [
    oneOf('duration', 1, Math.floor(size / HOUR_MS)),
    oneOf('duration', 2, Math.floor(size / MINUTE_MS)),
    oneOf('duration', 3, Math.floor(size / 1000)),
  ]
  const fraction: Part = {
    kind: 'fraction',
    order: 4,
    is: ({ text, isAfterSign }) => isAfterSign && ms.padEnd(text.length, '0').startsWith(text),
  }
  return isNegative ? [...durations, ...times, fraction] : [...times, ...durations, fraction]
}

/** Gives each group a part of its own; `undefined` where that cannot be done. */
export function assign(
  groups: readonly DigitGroup[],
  parts: readonly Part[],
  clockAt = 0,
): { readonly hasDate: boolean; readonly time: 'time' | 'duration' | undefined } | undefined {
  const [group, ...rest] = groups
  if (group === undefined) return { hasDate: false, time: undefined }
  for (const part of parts) {
    const { kind, order } = part
    if (kind !== 'date' && clockAt > 0 && (order !== clockAt + 1 || kind === 'duration')) continue
    if (kind === 'fraction' && clockAt === 0) continue
    if (!part.is(group)) continue
    const left = parts.filter((other) => other !== part)
    const more = assign(rest, left, kind === 'date' ? clockAt : order)
    if (more === undefined) continue
    const time = kind === 'date' || kind === 'fraction' ? more.time : kind === 'duration' ? kind : (more.time ?? kind)
    return { hasDate: more.hasDate || kind === 'date', time }
  }
  return undefined
}
