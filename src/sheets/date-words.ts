/** What a word may be in a date, as bits: one for each month, one for each weekday, and the following. */
const FIRST_WEEKDAY = 12
/** Says nothing by itself, such as `de` in `31 de enero` or `年`. */
export const FILLER = 1 << 19
/** Says which half of the day, such as `PM` or `上午`. */
export const DAY_PERIOD = 1 << 20
/** An abbreviation so short that it is another word elsewhere: `out` is October in Portuguese, `so` Sunday in German. */
const WEAK = 1 << 21
const NAMES = (1 << 19) - 1

/**
 * The locales that Google Sheets offers (File > Settings), and some that a format may name. How each of them names months, weekdays and halves of the day
 * is Unicode's CLDR, which Google shows dates by and which Node has with it.
 */
const LOCALES =
  'ar-EG az be bg bn ca cs cy da de de-CH el en-CA en-GB es es-MX et fa fi fil fr fr-CA gu he hi hr hu hy id is it ja ka ' +
  'kk kn ko lt lv ml mn mr ms my nb nl nn pa pl pt-BR pt-PT ro ru sk sl sr sv ta te th tr uk vi zh-CN zh-HK zh-TW ' +
  'ja-u-ca-japanese th-u-ca-buddhist zh-TW-u-ca-roc'

/** Moments of each month, each weekday, each hour, and each Japanese era since 1912. */
const MOMENTS = [
  ...Array.from({ length: 12 }, (_, month) => new Date(Date.UTC(2024, month, 15))),
  ...Array.from({ length: 24 }, (_, hour) => new Date(Date.UTC(2024, 0, 1 + (hour % 7), hour))),
  ...[1920, 1970, 2000].map((year) => new Date(Date.UTC(year))),
]

/** Words of scripts that write them without a space between. */
const UNSPACED =
  /^[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Myanmar}]+$/u
const WORD = /[\p{L}\p{M}]+(?:[.'’ʼ׳״·-][\p{L}\p{M}]+)*/gu

const ASCII = /^[\x20-\x7e]*$/

let english: ReadonlyMap<string, number> | undefined
let all: ReadonlyMap<string, number> | undefined

/** Text in one form: compatibility characters, native digits and minus signs as ASCII, no marks of direction, lower case. */
export function normalized(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase().trim()
  return (
    text
      .normalize('NFKC')
      .replace(/\p{Cf}/gu, '')
      .replace(/[\u2010-\u2015\u2212]/g, '-')
      // Each script has its ten digits in a row (Unicode, chapter 4.6).
      .replace(/(?![0-9])\p{Nd}/gu, (digit) => String(digitValue(digit)))
      .toLowerCase()
      .trim()
  )
}

function digitValue(digit: string): number {
  const code = digit.codePointAt(0) ?? 0
  let zero = code
  while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1
  return code - zero
}

/** What a word of normalized text may be in a date, as bits; `undefined` for a word that none of the locales has. */
export function dateWord(word: string): number | undefined {
  english ??= wordsOf(['en-US'])
  const known = english.get(word)
  if (known !== undefined) return known
  all ??= wordsOf(['en-US', ...LOCALES.split(' ')], english)
  return all.get(word) ?? (UNSPACED.test(word) ? inOneRun(word, all) : undefined)
}

/** Whether a word names this month, 0 to 11, or this weekday, 0 for Sunday. */
export function namesOne(word: number, month: number, weekday: number): boolean {
  return (word & ((1 << month) | (1 << (FIRST_WEEKDAY + weekday)))) !== 0
}

/** What a word may be beside digits: `p` is Friday in Hungarian, but the half of the day in `1:30 p. m.` */
export function besideDigits(word: number): number {
  return (word & DAY_PERIOD) !== 0 ? word & ~NAMES : word
}

export function isName(word: number): boolean {
  return (word & NAMES) !== 0
}

/** Whether a word is a part of the names of several weekdays, such as `thứ`. */
export function isWordOfWeekdays(word: number): boolean {
  const weekdays = (word & NAMES) >> FIRST_WEEKDAY
  return (weekdays & (weekdays - 1)) !== 0
}

/** Whether a word is a name that hardly means anything else. */
export function isStrongName(word: number): boolean {
  return isName(word) && (word & (WEAK | FILLER)) === 0
}

/** The bits of words written in one run, such as `日星期三`; what the parts say of the date is all true. */
function inOneRun(run: string, words: ReadonlyMap<string, number>): number | undefined {
  let bits = 0
  for (let at = 0; at < run.length; ) {
    let end = run.length
    while (end > at && !words.has(run.slice(at, end))) end -= 1
    if (end === at) return undefined
    const part = words.get(run.slice(at, end)) ?? 0
    // A unit beside a name is no name: `日` is Sunday only where it stands alone.
    bits |= (part & FILLER) !== 0 ? part & (FILLER | DAY_PERIOD) : part
    at = end
  }
  return isName(bits) ? bits & ~FILLER : bits
}

function wordsOf(locales: readonly string[], strong: ReadonlyMap<string, number> = new Map()): Map<string, number> {
  const words = new Map<string, number>(strong)
  const add = (text: string, bits: number) => {
    for (const [word] of normalized(text).matchAll(WORD)) {
      const most = UNSPACED.test(word) ? 1 : 3
      const isWeak = locales.length > 1 && word.length <= most && !strong.has(word)
      words.set(word, (words.get(word) ?? 0) | bits | (isWeak ? WEAK : 0))
    }
  }
  // `2024-01-31T13:45:00Z` and `13 Uhr` are formats that people make with literal letters.
  add('T Z Uhr', FILLER)
  for (const locale of locales) {
    const partsOf = (options: Intl.DateTimeFormatOptions) => {
      const format = new Intl.DateTimeFormat(locale, { calendar: calendarOf(locale), timeZone: 'UTC', ...options })
      return (at: Date) => format.formatToParts(at)
    }
    // Some languages inflect the names in a whole date, which also has the words between them.
    const [day, year, hour] = ['numeric', 'numeric', 'numeric'] as const
    const styles = [
      partsOf({ month: 'long' }),
      partsOf({ month: 'short' }),
      partsOf({ weekday: 'long' }),
      partsOf({ weekday: 'short' }),
      partsOf({ weekday: 'long', day, month: 'long', year, hour, hour12: true }),
      partsOf({ weekday: 'short', day, month: 'short' }),
    ]
    for (const at of MOMENTS) {
      for (const { type, value } of styles.flatMap((style) => style(at))) {
        if (type === 'weekday') add(value, 1 << (FIRST_WEEKDAY + at.getUTCDay()))
        if (type === 'dayPeriod') add(value, DAY_PERIOD)
        if (type === 'literal' || type === 'era') add(value, FILLER)
        if (type !== 'month') continue
        // `1月` and `Tháng 1` are a number and its unit.
        add(value, /\p{Nd}/u.test(value) ? FILLER : 1 << at.getUTCMonth())
        // Older editions of CLDR, and Google, cut many names to three letters.
        if (/^\p{L}{4,}$/u.test(value)) add(value.slice(0, 3), 1 << at.getUTCMonth())
      }
    }
  }
  return words
}

function calendarOf(locale: string): string {
  return /-u-ca-(\w+)/.exec(locale)?.[1] ?? 'gregory'
}
