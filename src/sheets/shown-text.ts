import { besideDigits, DAY_PERIOD, dateWord, FILLER, isName, isStrongName, normalized } from './date-words.ts'

/** A run of digits in a text. */
export interface DigitGroup {
  readonly text: string
  readonly value: number
  /** Whether a decimal sign stands before it, as before fractions of a second. */
  readonly isAfterSign: boolean
}

/** `6:00`, `-30:15:00`, `15:07.25`. */
export interface ShownClock {
  readonly isNegative: boolean
  readonly first: number
  readonly second: number
  /** What its first two groups are: hours and minutes, minutes and seconds, or either where there are but two of them. */
  readonly form: ClockForm
}
export type ClockForm = 'either' | 'hours' | 'minutes'

/** A text taken apart: what it would show if it was a date, a time, a duration or several of them. */
export interface ShownText {
  /** The text in one form, see {@link normalized}. */
  readonly text: string
  /** The first clock in it with colons. */
  readonly clock: ShownClock | undefined
  /** The digits beside that clock. */
  readonly groups: readonly DigitGroup[]
  /** The words that dates have in any locale, as bits. */
  readonly words: readonly number[]
  /** Whether it says which half of the day is meant. */
  readonly hasDayPeriod: boolean
  /** Letters that stand alone and are no such word; a text of one letter is one whatever else it may be. */
  readonly letters: readonly string[]
  /** Whether there is more in it, such as the literal text of a format. */
  readonly hasMore: boolean
}

/** What a cell shows while IMPORTRANGE, GOOGLEFINANCE and the like have not come back yet. */
export const LOADING = 'Loading...'

/** Longer texts are no dates: the longest weekday, month and literal that anybody was seen to use is far shorter. */
const LONGEST = 100

/** No date, time or duration holds these: money, shares, error values. */
const NEVER = /\p{Sc}|[%#]/u
const CLOCK =
  /(?<![\d.:])(?<sign>(?<!\S)-)?(?<first>\d{1,9}):(?<second>[0-5]\d)(?<third>:[0-5]\d)?(?<part>[.,]\d+)?(?![\d:])/
const PIECE = /(\d+)|([\p{L}\p{M}]+(?:[.'’ʼ׳״·-][\p{L}\p{M}]+)*)|[^\s.,:;/()·、،'’-]/gu
/** A date with a time to the fraction of a second has seven groups of digits; no format that was seen has more words of its own. */
const MOST_GROUPS = 7
const MOST_OTHERS = 3

/** Takes a text apart; `undefined` where it can be neither a date nor a time nor a duration. */
export function takeApart(shown: string): ShownText | undefined {
  if (shown.length > LONGEST || NEVER.test(shown)) return undefined
  const text = normalized(shown)
  const hasDigits = /\d/.test(text)
  const found = hasDigits ? CLOCK.exec(text) : null
  const groups: DigitGroup[] = []
  const words: number[] = []
  const letters: string[] = []
  const rest = found === null ? text : `${text.slice(0, found.index)} ${text.slice(found.index + found[0].length)}`
  let others = 0
  for (const match of rest.matchAll(PIECE)) {
    const [, digits, word] = match
    if (digits !== undefined) {
      const isAfterSign = /\d[.,]$/.test(rest.slice(Math.max(0, match.index - 2), match.index))
      groups.push({ text: digits, value: Number(digits), isAfterSign })
      continue
    }
    const bits = word === undefined ? undefined : dateWord(word)
    if (bits !== undefined) words.push(hasDigits ? besideDigits(bits) : bits)
    if (word?.length === 1 && (bits === undefined || text.length === 1)) letters.push(word)
    else if (bits === undefined) others += 1
    if (others > MOST_OTHERS) return undefined
  }
  if (groups.length > MOST_GROUPS) return undefined
  if (!hasDigits && letters.length === 0 && !words.some(isName)) return undefined
  const clock = clockOf(found)
  const hasDayPeriod = (clock?.first ?? 0) <= 12 && words.some((word) => (word & DAY_PERIOD) !== 0)
  return { text, clock, groups, words, hasDayPeriod, letters, hasMore: others > 0 }
}

function clockOf(found: RegExpExecArray | null): ShownClock | undefined {
  if (found === null) return undefined
  const { sign, first, second, third, part } = found.groups ?? {}
  const form = third !== undefined ? 'hours' : part !== undefined ? 'minutes' : 'either'
  return { isNegative: sign !== undefined, first: Number(first), second: Number(second), form }
}

/** What a text shows by itself; a year only where it has one of four digits. */
export type PlainMoment =
  | { readonly what: 'date' | 'dateTime'; readonly year: number | undefined }
  | { readonly what: 'time' }
  | { readonly what: 'clock'; readonly clock: ShownClock }

/**
 * What a text shows whatever the number is: it reads as a date, a clock or both and as nothing else. `undefined` where
 * only the number can tell, as for `12.5`, `Mar`, `30h 15m` or `Week of 5 May`.
 */
export function plainlyShows(shown: ShownText): PlainMoment | undefined {
  const { clock, groups, words, hasDayPeriod, letters, hasMore } = shown
  if (hasMore || letters.length > 0) return undefined
  const names = words.filter((word) => isName(word) && (word & FILLER) === 0)
  if (groups.length === 0 && names.length === 0) {
    if (clock === undefined) return undefined
    return hasDayPeriod ? { what: 'time' } : { what: 'clock', clock }
  }
  const years = groups.filter(({ text }) => text.length === 4)
  const short = groups.filter(({ text }) => text.length <= 2).length
  if (years.length > 1 || years.length + short < groups.length) return undefined
  const [year] = years
  const isNamed = names.some(isStrongName) || (names.length > 0 && year !== undefined)
  // Beside a year or a name stand the day and the month; what else there is, is a clock with points: `31.1.2024 13.45.00`.
  const most = isNamed && year !== undefined ? 1 : 2
  const hasClock = clock !== undefined || (year !== undefined && (short === most + 2 || short === most + 3))
  if (!isNamed && (year === undefined || short === 0)) return undefined
  if (short > most && (clock !== undefined || !hasClock)) return undefined
  return { what: hasClock ? 'dateTime' : 'date', year: year?.value }
}
