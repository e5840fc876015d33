const DAY_MS = 86_400_000
/** Serial day 0; Google: "counts the days since December 30th 1899" (DateTimeRenderOption). */
export const EPOCH_MS = Date.UTC(1899, 11, 30)

const two = (n: number) => (n < 10 ? `0${n}` : String(n))

/** How a locale names months, weekdays and the halves of the day. */
interface Names {
  month(at: Date, style: 'long' | 'short' | 'narrow'): string
  weekday(at: Date, style: 'long' | 'short'): string
  dayPeriod(at: Date): string
}

const namesByLocale = new Map<string, Names>()

function namesOf(locale: string): Names {
  let names = namesByLocale.get(locale)
  if (names === undefined) {
    names = makeNames(locale)
    namesByLocale.set(locale, names)
  }
  return names
}

function makeNames(locale: string): Names {
  const part = (type: Intl.DateTimeFormatPartTypes, options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', calendar: 'gregory', ...options })
    return (at: Date) => format.formatToParts(at).find((one) => one.type === type)?.value ?? ''
  }
  const styles = { long: 'long', short: 'short', narrow: 'narrow' } as const
  const months = mapValues(styles, (style) => part('month', { month: style }))
  const weekdays = mapValues(styles, (style) => part('weekday', { weekday: style }))
  const dayPeriod = part('dayPeriod', { hour: 'numeric', hour12: true })
  return {
    month: (at, style) => months[style](at),
    weekday: (at, style) => weekdays[style](at),
    dayPeriod,
  }
}

function mapValues<K extends string, V, W>(object: Record<K, V>, map: (value: V) => W): Record<K, W> {
  return Object.fromEntries(Object.entries<V>(object).map(([key, value]) => [key, map(value)])) as Record<K, W>
}

/**
 * A serial number as a pattern of Google's "Date and number formats" guide shows it. `m` is minutes beside hours or seconds,
 * else months; `[h]`, `[m]` and `[s]` are elapsed hours, minutes and seconds, with the sign of the number before all.
 * `[$-de]` says whose names months and weekdays have, English ones without it. Rounded to the millisecond, then cut off
 * at the last unit that is shown.
 */
export function formatPattern(serial: number, patternWithLocale: string): string {
  const [whole, locale = 'en-US'] = /^\[\$-([\w-]+)\]/.exec(patternWithLocale) ?? ['']
  const pattern = patternWithLocale.slice(whole.length)
  const total = Math.round(serial * DAY_MS)
  const tokens = pattern.match(/"[^"]*"|\\.|\[(?:h+|m+|s+)\]|am\/pm|a\/p|y+|m+|d+|h+|s+|[.,]0+|./gi) ?? []
  const isElapsed = tokens.some((token) => /^\[[hms]/i.test(token))
  const at = new Date(isElapsed ? Math.abs(total) : EPOCH_MS + total)
  const names = namesOf(locale)
  const half = tokens.some((token) => /^a[mp/]/i.test(token))
  const units = tokens.map((token) => /^\[?([ymdhs])/i.exec(token)?.[1]?.toLowerCase() ?? '')
  const isMinutes = (index: number) =>
    units.slice(0, index).findLast((unit) => unit !== '') === 'h' || units.slice(index + 1).find(Boolean) === 's'
  const elapsed = { h: 3_600_000, m: 60_000, s: 1000 }
  const part = (token: string, index: number): string => {
    const unit = units[index]
    if (token.startsWith('[') && (unit === 'h' || unit === 'm' || unit === 's')) {
      return String(Math.floor(Math.abs(total) / elapsed[unit])).padStart(token.length - 2, '0')
    }
    const long = token.length
    const pad = (n: number) => (long > 1 ? two(n) : String(n))
    switch (unit) {
      case 'y':
        return long > 2 ? String(at.getUTCFullYear()) : two(at.getUTCFullYear() % 100)
      case 'd':
        return long > 2 ? names.weekday(at, long > 3 ? 'long' : 'short') : pad(at.getUTCDate())
      case 'h':
        return pad(half ? at.getUTCHours() % 12 || 12 : at.getUTCHours())
      case 's':
        return pad(at.getUTCSeconds())
      case 'm':
        if (isMinutes(index)) return pad(at.getUTCMinutes())
        if (long > 2) return names.month(at, long > 4 ? 'narrow' : long > 3 ? 'long' : 'short')
        return pad(at.getUTCMonth() + 1)
    }
    if (/^a[mp/]/i.test(token)) {
      const name = names.dayPeriod(at)
      const shown = long > 3 ? name : name.slice(0, 1)
      return token.startsWith('a') ? shown.toLowerCase() : shown
    }
    if (/^[.,]0/.test(token))
      return (
        token.charAt(0) +
        String(at.getUTCMilliseconds())
          .padStart(3, '0')
          .slice(0, long - 1)
      )
    return token.startsWith('"') ? token.slice(1, -1) : token.replace(/^\\/, '')
  }
  return (isElapsed && total < 0 ? '-' : '') + tokens.map(part).join('')
}
