import fc from 'fast-check'
import t, { type Test } from 'tap'
import { formatDate, shownAs } from '../../emulator/cells.ts'
import { NUMBER } from '../../src/blocks/block.ts'
import { CellReader } from '../../src/blocks/cell-reader.ts'
import { applyDates } from '../../src/sheets/dates.ts'
import { decodeRows, decodeShownCodes } from '../../src/sheets/decode.ts'

/** What comes out of numbers that the second read shows so: the first column of rows, read twice as Google sends them. */
function told(cells: readonly (readonly [number, string | number])[]): (string | number)[] {
  const rectangle = { startRow: 0, endRow: cells.length, startColumn: 0, endColumn: 1 }
  const answer = (values: readonly unknown[]) => {
    const ranges = [{ title: 'A', rectangle }]
    const text = JSON.stringify({
      valueRanges: [{ range: `A!A1:A${cells.length}`, values: values.map((one) => [one]) }],
    })
    return { body: new TextEncoder().encode(text), ranges }
  }
  const rows = decodeRows(answer(cells.map(([serial]) => serial)))
  const shown = decodeShownCodes(answer(cells.map(([, text]) => text)))
  if ('fault' in rows || 'fault' in shown) throw new Error('an answer was not taken')
  const [[part], [codes]] = [rows.parts, shown.parts]
  if (part === undefined || codes === undefined) throw new Error('an answer has no part')
  const reader = new CellReader(applyDates({ ...codes, cells: part.cells, rows: part.rows, columns: [0] }).cells)
  return cells.map(() => {
    reader.nextCell()
    const value = reader.kind === NUMBER ? reader.number() : reader.text()
    reader.nextCell()
    return value
  })
}

function tells(test: Test, samples: readonly (readonly [number, string | number, string | number])[]): void {
  const found = told(samples.map(([serial, text]) => [serial, text]))
  for (const [index, [serial, text, wanted]] of samples.entries()) {
    test.equal(found[index], wanted, `${serial} shown ${JSON.stringify(text)}`)
  }
}

t.test('elapsed hours, minutes and seconds are durations', async (t) => {
  tells(t, [
    [1.260_416_666_666_666_7, '30:15', '30:15:00'],
    [1.260_416_666_666_666_7, '30:15:00', '30:15:00'],
    [1.260_416_666_666_666_7, '30:15:00.000', '30:15:00'],
    [1.260_416_666_666_666_7, '1815:00', '30:15:00'],
    [1.260_416_666_666_666_7, '108900', '30:15:00'],
    [1.260_416_666_666_666_7, '30', '30:15:00'],
    [1.260_416_666_666_666_7, '30h 15m', '30:15:00'],
    [1.260_419_560_185_185, '30:15:00.250', '30:15:00.250'],
    [1, '24:00', '24:00:00'],
    [23, '552:00:00', '552:00:00'],
    [23.083_333_333_3, '554:00:00', '554:00:00'],
    [-0.25, '-6:00', '-06:00:00'],
    [-0.25, '−6:00', '-06:00:00'],
    [-0.25, '\u200e-6:00', '-06:00:00'],
    [-1.260_416_666_666_666_7, '-30:15:00', '-30:15:00'],
    [-0.5, '-12h 00m', '-12:00:00'],
    [-0.000_011_562_5, '-0h 00m', '-00:00:00.999'],
    [-0.5, '12h 00m', '12:00:00'],
    [0.0625, '90:00', '01:30:00'],
    [1.5, '36:05', '36:00:00'],
    [100.5, '100:30', '2412:00:00'],
  ])
})

t.test('a clock that shows the hours or minutes of the day is a time of day, above one day too', async (t) => {
  tells(t, [
    [1.031_25, '12:45:00 AM', '00:45:00'],
    [1.031_25, '0:45', '00:45:00'],
    [1.031_25, '45:00', '00:45:00'],
    [1.260_416_666_666_666_7, '6:15', '06:15:00'],
    [0.5, '12:00', '12:00:00'],
    [1, '0:00', '00:00:00'],
    [-0.25, '18:00', '18:00:00'],
    [45_322.5, '12:01', '12:00:00'],
    [0.010_416_666_666_666_7, '15:00', '00:15:00'],
    [0.572_916_666_666_666_7, '1:45 PM', '13:45:00'],
    [0.572_916_666_666_666_7, '1:45 p. m.', '13:45:00'],
    [0.572_916_666_666_666_7, '1:45 p.m.', '13:45:00'],
    [0.572_916_666_666_666_7, '下午1:45', '13:45:00'],
    [0.572_916_666_666_666_7, '오후 1:45', '13:45:00'],
    [0.572_916_666_666_666_7, '13.45.00', '13:45:00'],
    [0.572_916_666_666_666_7, '13h45', '13:45:00'],
    [0.572_916_666_666_666_7, '1 PM', '13:45:00'],
    [0.572_916_666_666_666_7, '13 Uhr', '13:45:00'],
    [0, '0 Uhr', '00:00:00'],
    [0, '0h', '00:00:00'],
    [0, '0.00', '00:00:00'],
    [0.25, '6.00', '06:00:00'],
    [0.572_919_560_185_185, '13:45:00.250', '13:45:00.250'],
    [0.572_919_560_185_185, '45:00,25', '13:45:00.250'],
  ])
})

t.test('a text with a day and a time is both, midnight too; a day alone is a date', async (t) => {
  tells(t, [
    [43_831, '1/1/2020 0:00:00', '2020-01-01T00:00:00'],
    [43_831.5, '1/1/2020 12:00:00', '2020-01-01T12:00:00'],
    [43_831.5, '1/1/2020', '2020-01-01T12:00:00'],
    [43_831, '1.1.2020 00.00.00', '2020-01-01T00:00:00'],
    [43_831, '2020-01-01T00:00:00Z', '2020-01-01T00:00:00'],
    [43_831, '2020年1月1日 上午12:00', '2020-01-01T00:00:00'],
    [0, '12/30/1899', '1899-12-30'],
    [-1, '12/29/1899', '1899-12-29'],
    [2_958_465, '12/31/9999', '9999-12-31'],
  ])
})

t.test('dates are known in the locales that Google Sheets offers, also by a month or a weekday alone', async (t) => {
  const texts = `Jan|January|Wed|Wednesday|mercredi|1月|一月|среда|январь|31 января|31.1.2024|31. 1. 2024|31-01-2024|
    2024년 1월 31일|2024. 1. 31|2024年1月31日|2024年1月31日星期三|31 de enero de 2024|quarta-feira, 31 de janeiro|
    Ngày 31 tháng 1 năm 2024|31 thg 1, 2024|31 มกราคม 2567|31 ม.ค. 67|๓๑/๑/๒๕๖๗|३१/१/२०२४|\u200f٣١\u200f/١\u200f/٢٠٢٤|
    令和6年1月31日|יום רביעי, 31 בינואר 2024|31/01/24|1/31|Jan 24|31-Jan-24|J|J 24|2024|31|Week of 31 Jan|Week of 31|mié`
  tells(
    t,
    texts.split('|').map((text) => [45_322, text.trim(), '2024-01-31']),
  )
  for (const locale of 'de fr es it pt-BR ru uk pl cs tr el he ar-EG hi th ja ko zh-CN zh-TW vi fi hu sv'.split(' ')) {
    const days = [45_322, 45_360, 45_393, 45_428, 45_650]
    const made = (style: Intl.DateTimeFormatOptions) =>
      days.map((serial): [number, string, string] => {
        const at = new Date(Date.UTC(1899, 11, 30 + serial))
        const text = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', calendar: 'gregory', ...style }).format(at)
        return [serial, text, at.toISOString().slice(0, 10)]
      })
    tells(t, [
      ...made({ dateStyle: 'full' }),
      ...made({ dateStyle: 'medium' }),
      ...made({ dateStyle: 'short' }),
      ...made({ month: 'long' }),
      ...made({ month: 'short' }),
      ...made({ weekday: 'long' }),
      ...made({ weekday: 'short' }),
    ])
  }
})

t.test('what was shown may be of a later value: a moment goes on, a day becomes the next', async (t) => {
  tells(t, [
    [45_322.5, '1/31/2024 12:07:30', '2024-01-31T12:00:00'],
    [45_322, '2/1/2024', '2024-01-31'],
    [45_322, '1.2.24', '2024-01-31'],
    [45_322, '3/5/2024', '2024-01-31'],
    [45_322, 'February', '2024-01-31'],
    [45_322.5, 'Updated 12:07', '12:00:00'],
    [45_322.5, '12.07.30', '12:00:00'],
    [45_322.999, '1 févr. 0:07', '2024-01-31T23:58:33.600'],
  ])
})

t.test('a text that is none of the number makes no date of it', async (t) => {
  const never = [
    'Loading...',
    '#N/A',
    '#REF!',
    '#DIV/0!',
    'out of stock',
    'N/A',
    'n/a',
    '$7',
    '7 €',
    '10%',
    'TRUE',
    '-',
    'sold 3',
  ]
  const texts = [
    ...never,
    '172.5',
    '7',
    '1,234.50',
    '1.234.567',
    '12-34-5678',
    '192.168.1.1',
    '+49 30 123456',
    'out',
    'so',
  ]
  for (const serial of [7, 172.5, 415, 0, 45_310]) tells(t, [...texts.map((text) => [serial, text, serial] as const)])
  // One number among words is hardly midnight, nor the minutes or seconds of a number: it has taken the place of that.
  for (const text of ['0 left', '30 left', '0 in stock', '30 sec', '30 d', 'sold out 0', '0 of 30', '30th', '1 left']) {
    tells(t, [...[0, 7, 172, 172.5, 415, 1500, 0.75].map((serial) => [serial, text, serial] as const)])
  }
  tells(t, [
    [45_322, '0 left', 45_322],
    [7, '1/2/2024', 7],
    [7, 'May', 7],
    [3, '2:15', 3],
    [12.5, '12.5', 12.5],
    [12.5, '12,5', 12.5],
    [45_322, '45322', 45_322],
    [0, '0', 0],
    [1e300, '1/1/2024', 1e300],
    [7, 'x'.repeat(50_000), 7],
    [415, 416, 415],
    [102.981_609_056_712_95, '1,023', 102.981_609_056_712_95],
  ])
})

/** Formats, what they must make of a number, and from which number on it is a day that people write. */
const formats = fc.constantFrom(
  ...['yyyy-mm-dd', 'm/d/yyyy', 'd mmm yyyy', 'dddd, mmmm d, yyyy', 'dd.mm.yy', 'd/m', 'mmm yy', '"Week of" d mmm'].map(
    (pattern) => ({ pattern, what: 'date' }),
  ),
  ...['mmmm', 'mmm', 'dddd', 'ddd', 'yyyy', 'yyyy"年"m"月"d"日"', 'd', 'mm/yyyy'].map((pattern) => ({
    pattern,
    what: 'date',
  })),
  ...['m/d/yyyy h:mm:ss', 'yyyy-mm-dd"T"hh:mm:ss', 'd mmm h:mm am/pm', 'dd.mm.yyyy hh.mm.ss'].map((pattern) => ({
    pattern,
    what: 'dateTime',
  })),
  ...['h:mm', 'h:mm:ss', 'h:mm:ss.000', 'hh:mm AM/PM', 'h am/pm', 'mm:ss', 'mm:ss.0', 'hh.mm.ss', 'h"h"mm'].map(
    (pattern) => ({ pattern, what: 'time' }),
  ),
  ...['[h]:mm', '[h]:mm:ss', '[hh]:mm:ss.000', '[mm]:ss', '[m]:ss.00', '[ss]', '[ss].000', '[h]', '[h]"h" mm"m"'].map(
    (pattern) => ({ pattern, what: 'duration' }),
  ),
)
const locales = fc.constantFrom(...'en en-GB de fr es pt-BR ru pl ja ko zh-CN zh-TW th vi ar-EG he hi fi'.split(' '))
const seconds = fc.integer({ min: 0, max: 86_399_999 }).map((ms) => ms / 86_400_000)
const moments = fc.record({
  format: formats,
  locale: locales,
  day: fc.integer({ min: 18_300, max: 73_000 }),
  days: fc.integer({ min: -3000, max: 3000 }),
  part: fc.oneof(fc.constant(0), seconds),
})

t.test('whatever number a format shows comes out as what it is, and is the number when it is read back', async () => {
  fc.assert(
    fc.property(fc.array(moments, { minLength: 1, maxLength: 50 }), (all) => {
      const cells = all.map(({ format, locale, day, days, part }): [number, string, string] => {
        const whole = format.what === 'duration' ? days : format.what === 'time' ? Math.abs(days) : day
        const serial = whole + part
        return [serial, formatDate(shownAs(serial, `[$-${locale}]${format.pattern}`)), format.what]
      })
      for (const [index, iso] of told(cells.map(([serial, text]) => [serial, text])).entries()) {
        const [serial, text, what] = cells[index] ?? [0, '', '']
        const about = `${serial} shown ${JSON.stringify(text)} (${what}) came out as ${iso}`
        // A duration that is no number but its own, such as 0, is told as the number that it is shown as.
        if (Number(text) === serial) continue
        if (typeof iso === 'number') throw new Error(about)
        const back = readBack(iso)
        const own = back.what === 'time' ? serial - Math.floor(serial) : serial
        if (Math.abs(back.serial - own) > 0.000_6 / 86_400) throw new Error(about)
        const isSame = back.what === what || (what === 'date' && serial % 1 !== 0 && back.what === 'dateTime')
        // From 0 up to 1 a time and a duration have the same digits; durations of two digits of hours look like times.
        const isClock = ['time', 'duration'].includes(what) && ['time', 'duration'].includes(back.what)
        if (!isSame && !(isClock && serial >= 0 && serial < 1)) throw new Error(about)
      }
    }),
    { numRuns: 300 },
  )
})

/** The number of an ISO text, and what the text says it is. */
function readBack(iso: string): { serial: number; what: string } {
  const [, sign = '', hours = '', minutes = '', rest = ''] = /^(-?)(\d{2,}):(\d\d):(\d\d(?:\.\d{3})?)$/.exec(iso) ?? []
  if (hours !== '') {
    const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(rest)) / 86_400
    const isDuration = sign !== '' || size >= 1
    return { serial: sign === '' ? size : -size, what: isDuration ? 'duration' : 'time' }
  }
  const at = Date.parse(iso.includes('T') ? `${iso}Z` : iso)
  return { serial: (at - Date.UTC(1899, 11, 30)) / 86_400_000, what: iso.includes('T') ? 'dateTime' : 'date' }
}

t.test('no number becomes a date by a text of words, money or other numbers', async () => {
  const words = fc.array(fc.constantFrom('open', 'closed', 'room', 'stock', 'left', 'units', 'pending', 'ok'), {
    minLength: 1,
  })
  const texts = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => `$${n.toFixed(2)}`),
    fc.double({ min: -1, max: 5 }).map((n) => `${(n * 100).toFixed(1)}%`),
    fc.integer({ min: 1000 }).map((n) => n.toLocaleString('en-US')),
    fc.double({ min: 100, max: 1e6, noNaN: true }).map((n) => n.toFixed(3)),
    words.map((some) => some.join(' ')),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.double({ min: 2, max: 1e6, noNaN: true }), texts), { minLength: 1 }), (cells) =>
      told(cells).every((value, index) => value === cells[index]?.[0]),
    ),
    { numRuns: 300 },
  )
})
