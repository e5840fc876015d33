import { isName, isStrongName, isWordOfWeekdays, namesOne } from './date-words.ts'
import { assign, clocksOf, DAY_MS, datesOf, EPOCH_MS, HOUR_MS, MINUTE_MS } from './moment-parts.ts'
import { type PlainMoment, plainlyShows, type ShownClock, type ShownText } from './shown-text.ts'

/** What a number and the text it is shown as are together. */
export type Moment = 'date' | 'dateTime' | 'time' | 'duration'

/** How many years other calendars are apart from ours: Buddhist; Persian; Islamic, about. Japan's and Taiwan's are short. */
const YEARS_APART = [0, 543, -622, -580]
/** A date may change between two reads, but hardly by more. */
const YEARS_NEAR = 10

/**
 * Whether a year in a text may be that of the number. A text with another one stands in place of a number that was
 * there before.
 */
function isNearYear(year: number, serial: number): boolean {
  const own = 1900 + serial / 365.2425
  return YEARS_APART.some((apart) => Math.abs(year - own - apart) <= YEARS_NEAR)
}

/**
 * Whether a clock without AM or PM is a time of day or a duration. A number from 0 up to 1 is a time, whichever it is: the
 * digits are the same. Another one is a duration where the text has a minus sign, or the number's elapsed hours or
 * minutes, and a time where it has those of its day: of 1.26, `30:14` is a duration and `6:14` a time. What fits neither
 * was calculated anew between the reads: then hours or minutes that no clock has are a duration's. `undefined` for a whole
 * number that such a text has taken the place of, as no clock goes on from one.
 */
function clockMoment(serial: number, { isNegative, first, second, form }: ShownClock): Moment | undefined {
  const total = Math.round(serial * DAY_MS)
  if (isNegative) return serial >= 1 && Number.isInteger(serial) ? undefined : 'duration'
  if (total < DAY_MS) return 'time'
  // What is shown may be rounded to its last digit.
  for (const ms of [total, total + 500, total + 30_000]) {
    const inDay = ms % DAY_MS
    const isShownAs = (unitMs: number, of: number) =>
      first === Math.floor(of / unitMs) && second === Math.floor((of % unitMs) / (unitMs / 60))
    if (form !== 'minutes') {
      if (isShownAs(HOUR_MS, ms)) return 'duration'
      if (isShownAs(HOUR_MS, inDay)) return 'time'
    }
    if (form !== 'hours') {
      if (isShownAs(MINUTE_MS, ms)) return 'duration'
      if (isShownAs(MINUTE_MS, inDay % HOUR_MS)) return 'time'
    }
  }
  if (Number.isInteger(serial)) return undefined
  const isOfDay =
    form === 'hours' ? first < 24 : form === 'minutes' ? first < 60 : first < 24 || isFarFrom(first, total)
  return isOfDay ? 'time' : 'duration'
}

/** Whether 24 to 59 are minutes rather than elapsed hours. */
function isFarFrom(first: number, total: number): boolean {
  return first < 60 && Math.abs(first - total / HOUR_MS) > 24
}

/**
 * What a text shows of this very number, where the text alone leaves it open; `undefined` where it is not what a format
 * would show of the number, as `7 left` is not of 45322. Each name and each run of digits must be a part of the date,
 * the time or the duration; the rest may be the literal text of the format.
 */
export function momentShown(shown: ShownText, serial: number): Moment | undefined {
  // The number itself, as text, is no date; midnight is `0.00` in Finland.
  if (Number(shown.text.replace(',', '.')) === serial && !/^0?0\.00$/.test(shown.text)) return undefined
  const total = Math.round(serial * DAY_MS)
  const dotted = dottedClock(shown.text)
  if (dotted !== undefined && !Number.isInteger(serial) && isNearClock(dotted, total, false)) {
    const isDate = assign(shown.groups, datesOf(new Date(EPOCH_MS + total), false)) !== undefined
    if (!isDate) return clockMoment(serial, dotted)
  }
  // It may be rounded to the second or the minute, and today may have become tomorrow, or a deadline nearer by a day.
  const isVague = shown.hasMore || isLone(shown)
  const shifts = [0, 500, ...(isVague ? [] : [30_000]), ...(isBare(shown) ? [DAY_MS, -DAY_MS] : [])]
  for (const shift of shifts) {
    const moment = momentAt(shown, total, shift)
    // Midnight is in every whole number, so that `0 left` does not show it; `0h` does.
    const isOfHours = !shown.hasMore && shown.letters.every((letter) => letter === 'h')
    if (moment === 'time' && isVague && !isOfHours && Number.isInteger(serial)) return undefined
    if (moment !== undefined) return moment
  }
  const plain = plainlyShows(shown)
  return plain === undefined ? undefined : plainMoment(plain, serial)
}

/** The clock of `13.45.00`, as it is written in Finland, Denmark, Indonesia and Italy; it reads like a date too. */
function dottedClock(text: string): ShownClock | undefined {
  const [, first, second] = /^(\d{1,6})\.([0-5]\d)\.[0-5]\d$/.exec(text) ?? []
  return first === undefined
    ? undefined
    : { isNegative: false, first: Number(first), second: Number(second), form: 'hours' }
}

/** Whether there is nothing but digits and names in a text that hardly mean anything else, or a clock beside them. */
function isBare({ hasMore, letters, words, clock }: ShownText): boolean {
  if (hasMore || letters.length > 0) return false
  return clock !== undefined || words.every((word) => !isName(word) || isStrongName(word))
}

/** Whether one group of digits is all that tells the time, as in `13 Uhr`, `36h` or `5 left`: minutes and seconds stand with more. */
function isLone({ groups, clock, hasDayPeriod }: ShownText): boolean {
  return groups.length === 1 && clock === undefined && !hasDayPeriod
}

/** What a number is that is shown as a text which reads as a date or a clock by itself, even if that was of a later value. */
export function plainMoment(plain: PlainMoment, serial: number): Moment | undefined {
  if (plain.what === 'clock') return clockMoment(serial, plain.clock)
  if (plain.what === 'time') return 'time'
  const isNear = plain.year === undefined ? isLikelyDay(serial * DAY_MS) : isNearYear(plain.year, serial)
  return isNear ? plain.what : undefined
}

/** `number`: what the cell held, `shift`: by how much what is shown may be apart from it; both in milliseconds. */
function momentAt(shown: ShownText, number: number, shift: number): Moment | undefined {
  const { clock, groups, words, letters, hasDayPeriod, hasMore } = shown
  const total = number + shift
  const at = new Date(EPOCH_MS + total)
  if (Number.isNaN(at.valueOf())) return undefined
  const [month, weekday] = [at.getUTCMonth(), at.getUTCDay()]
  const own = words.filter((word) => namesOne(word, month, weekday))
  if (words.some((word) => isStrongName(word) && !own.includes(word))) return undefined
  // Small and huge numbers are hardly days: that one or two short numbers fit them is chance.
  const mayBeDate = isLikelyDay(total) || clock !== undefined || groups.length > 2 || own.some(isStrongName)
  const dates = mayBeDate ? datesOf(at, own.some(isWordOfWeekdays)) : []
  const clocks = clocksOf(at, total, hasDayPeriod, total < 0 && shown.text.startsWith('-')).filter(
    ({ kind, order }) =>
      (!isLone(shown) || kind === 'duration' || order === 1) &&
      // Where fractions of a second are shown, seconds and minutes are not rounded.
      (kind !== 'fraction' || shift === 0),
  )
  const parts = assign(groups, dates) ?? assign(groups, clocks) ?? assign(groups, [...dates, ...clocks])
  if (parts === undefined) return undefined
  const isLetter = !hasMore && letters.length === 1 && (words.length === 0 || shown.text.length === 1)
  const isOwnLetter = isLetter && letters.every((letter) => MONTH_LETTERS[month]?.includes(letter))
  const isNamed = own.length > 0 && (groups.length > 0 || own.length === words.length || own.some(isStrongName))
  const hasDate = parts.hasDate || (mayBeDate && (isNamed || isOwnLetter))
  const time = clock === undefined ? parts.time : hasDayPeriod ? 'time' : clockMoment(total / DAY_MS, clock)
  if (hasDate) return time === undefined ? 'date' : 'dateTime'
  return clock === undefined || isNearClock(clock, total, hasDayPeriod) ? time : undefined
}

/** Whether it is a day of the years 1950 to 2100. */
function isLikelyDay(total: number): boolean {
  return total >= 18_264 * DAY_MS && total < 73_416 * DAY_MS
}

/** The first letter of each month, which the format `MMMMM` shows; in English, Latin languages, Russian. */
const MONTH_LETTERS = ['jeпя', 'fф', 'mм', 'aа', 'mм', 'jgи', 'jlи', 'aа', 'sс', 'oо', 'nн', 'dд']

/** Whether a clock beside other words is the number's, to an hour, as far as it may have gone on. */
function isNearClock({ first, second, form }: ShownClock, total: number, hasDayPeriod: boolean): boolean {
  const shown = form === 'minutes' ? first * MINUTE_MS + second * 1000 : first * HOUR_MS + second * MINUTE_MS
  const apart = Math.abs(Math.abs(total) - shown) % (hasDayPeriod ? DAY_MS / 2 : DAY_MS)
  return apart < HOUR_MS || (hasDayPeriod ? DAY_MS / 2 : DAY_MS) - apart < HOUR_MS
}
