import { DATE_WORDS } from './date-word-table.ts'

/** What a word may be in a date, as bits: one for each month, one for each weekday, and the following. */
export const FIRST_WEEKDAY = 12
/** Says nothing by itself, such as `de` in `31 de enero` or `年`. */
export const FILLER = 1 << 19
/** Says which half of the day, such as `PM` or `上午`. */
export const DAY_PERIOD = 1 << 20
/** An abbreviation so short that it is another word elsewhere: `out` is October in Portuguese, `so` Sunday in German. */
export const WEAK = 1 << 21
const NAMES = (1 << 19) - 1

/** Words of scripts that write them without a space between. */
export const UNSPACED =
  /^[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Myanmar}]+$/u
const ASCII = /^[\x20-\x7e]*$/

let words: ReadonlyMap<string, number> | undefined

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
  words ??= new Map(DATE_WORDS.trim().split('\n').flatMap(wordsOf))
  return words.get(word) ?? (UNSPACED.test(word) ? inOneRun(word, words) : undefined)
}

function wordsOf(line: string): (readonly [string, number])[] {
  const [bits, ...list] = line.split(' ')
  return list.map((word) => [word, Number(bits)])
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
