import { readFile, writeFile } from 'node:fs/promises'
import { DAY_PERIOD, FILLER, FIRST_WEEKDAY, normalized, UNSPACED, WEAK } from '../src/sheets/date-words.ts'

/**
 * `node scripts/date-words.ts` writes the table of the words that dates are shown with; `--check` says whether it has
 * drifted. Made ahead because Node's Intl takes 35 MB and an eighth of a second for all these locales, in each process.
 */
const FILE = new URL('../src/sheets/date-word-table.ts', import.meta.url)

/**
 * The locales that Google Sheets offers (File > Settings), and some that a format may name. How each of them names months,
 * weekdays and halves of the day is Unicode's CLDR, which Google shows dates by and which Node has with it.
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

const WORD = /[\p{L}\p{M}]+(?:[.'’ʼ׳״·-][\p{L}\p{M}]+)*/gu

const english = wordsOf(['en-US'])
const all = wordsOf(['en-US', ...LOCALES.split(' ')], english)
const byBits = Map.groupBy([...all.keys()].sort(), (word) => english.get(word) ?? all.get(word) ?? 0)
const lines = [...byBits].sort(([one], [other]) => one - other).map(([bits, words]) => `${bits} ${words.join(' ')}\n`)
const text = `// Written by scripts/date-words.ts from Unicode's CLDR, as Node has it.

/** Words that dates are shown with: on each line what the words on it may be, in the bits of date-words.ts. */
export const DATE_WORDS = \`
${lines.join('')}\`
`

if (!process.argv.includes('--check')) {
  await writeFile(FILE, text)
} else if ((await readFile(FILE, 'utf8')) !== text) {
  process.stderr.write('src/sheets/date-word-table.ts has drifted; run npm run date-words\n')
  process.exitCode = 1
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
