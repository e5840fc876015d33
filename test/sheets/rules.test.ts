import fc from 'fast-check'
import t from 'tap'
import { nameColumns } from '../../src/blocks/column-names.ts'
import { CallBudget } from '../../src/sheets/call-budget.ts'
import { isoFromSerial } from '../../src/sheets/dates.ts'
import { joinRows } from '../../src/sheets/join-rows.ts'
import { urlBytes } from '../../src/sheets/pack-calls.ts'
import { backoffMs, retryAfterMs } from '../../src/sheets/retry.ts'
import type { Moment } from '../../src/sheets/shown-moment.ts'

t.test('serial numbers become dates, times and both, exactly', async (t) => {
  const samples: [number, Moment, string | undefined][] = [
    [1, 'date', '1899-12-31'],
    [45_322, 'date', '2024-01-31'],
    [60, 'date', '1900-02-28'],
    [61, 'date', '1900-03-01'],
    [0, 'date', '1899-12-30'],
    [-1, 'date', '1899-12-29'],
    [0, 'time', '00:00:00'],
    [0.5, 'time', '12:00:00'],
    [0.572_916_666_666_667, 'time', '13:45:00'],
    [0.999_988_425_925_926, 'time', '23:59:59'],
    [0.999_999_999_999, 'time', '23:59:59.999'],
    [1.031_25, 'time', '00:45:00'],
    [-0.25, 'time', '18:00:00'],
    [45_322, 'time', '00:00:00'],
    [45_322, 'dateTime', '2024-01-31T00:00:00'],
    [45_322.572_916_666_7, 'dateTime', '2024-01-31T13:45:00'],
    [45_322.999_999_999_9, 'dateTime', '2024-02-01T00:00:00'],
    [45_322.999_999_999_9, 'date', '2024-02-01T00:00:00'],
    [45_322.000_011_574_07, 'date', '2024-01-31T00:00:01'],
    [45_322.500_002_893_5, 'date', '2024-01-31T12:00:00.250'],
    [1.25, 'date', '1899-12-31T06:00:00'],
    [-0.5, 'date', '1899-12-29T12:00:00'],
    [2_958_465, 'date', '9999-12-31'],
    [1e300, 'date', undefined],
    [1e300, 'duration', undefined],
    [1.260_416_666_666_666_7, 'duration', '30:15:00'],
    [23.083_333_333_3, 'duration', '554:00:00'],
    [-0.25, 'duration', '-06:00:00'],
    [-1.260_416_666_666_666_7, 'duration', '-30:15:00'],
    [0, 'duration', '00:00:00'],
    [1.000_011_577, 'duration', '24:00:01'],
    [1.000_014_467_6, 'duration', '24:00:01.250'],
  ]
  for (const [serial, moment, iso] of samples) t.equal(isoFromSerial(serial, moment), iso, `${serial} as ${moment}`)
})

t.test('every second of a day comes back as itself from its serial number', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 80_000 }), fc.integer({ min: 1, max: 86_399 }), (day, second) => {
      const iso = new Date(Date.UTC(1899, 11, 30 + day, 0, 0, second)).toISOString().slice(0, 19)
      // Google sends fifteen digits.
      return isoFromSerial(Number((day + second / 86_400).toPrecision(15)), 'dateTime') === iso
    }),
    { numRuns: 2000 },
  )
})

t.test('columns are named by their header, no two alike', async (t) => {
  const names = (header: string[], columns = header.length, start = 0) => nameColumns(header, start, columns).names
  t.strictSame(names(['a', 'b']), ['a', 'b'])
  t.strictSame(names(['Name', 'Name', 'Name']), ['Name', 'Name_2', 'Name_3'])
  t.strictSame(names(['Name', 'Name', 'Name_2', 'Name_2']), ['Name', 'Name_3', 'Name_2', 'Name_2_2'])
  t.strictSame(names(['a', '', 'c'], 5), ['a', 'B', 'c', 'D', 'E'])
  t.strictSame(names(['B', '', 'x']), ['B', 'B_2', 'x'], 'a letter that is a header too')
  t.strictSame(names(['', ''], 2, 26), ['AA', 'AB'], 'letters are those of the sheet')
  t.match(nameColumns(['a', '', 'a'], 2, 4), { empty: ['D'], repeated: ['E'] })
  fc.assert(
    fc.property(fc.array(fc.constantFrom('', 'A', 'B', 'A_2', 'A_2_2', 'B_3', 'C')), fc.nat(5), (header, more) => {
      const all = names(header, header.length + more)
      const isKept = header.every((name, at) => name === '' || header.indexOf(name) !== at || all[at] === name)
      return new Set(all).size === header.length + more && isKept
    }),
  )
  const started = performance.now()
  t.equal(new Set(names(Array.from({ length: 18_278 }, () => 'same'))).size, 18_278)
  t.ok(performance.now() - started < 1000, 'thousands of equal headers take no time')
})

t.test('pauses double with full jitter up to a minute, and honour what was asked for', async (t) => {
  t.equal(backoffMs(0, { random: () => 0 }), 0)
  t.equal(backoffMs(0, { random: () => 1 }), 2000)
  t.equal(backoffMs(3, { random: () => 0.5 }), 4250)
  t.equal(backoffMs(10, { random: () => 1 }), 64_000)
  t.equal(backoffMs(0, { random: () => 0.5, retryAfterMs: 30_000 }), 30_000)
  const now = new Date('2026-01-01T00:00:15.500Z')
  t.equal(retryAfterMs('7', now), 7000)
  t.equal(retryAfterMs('Thu, 01 Jan 2026 00:00:20 GMT', now), 4500)
  for (const header of [undefined, '', 'soon', '-5', 'Thu, 01 Jan 2015 00:00:20 GMT'])
    t.equal(retryAfterMs(header, now), undefined)
})

t.test('a call asks for what past answers say will weigh as much as it may', async (t) => {
  const options = { answerBytes: 2_000_000, startCells: 50_000, leastCells: 5_000, mostCells: 500_000, urlBytes: 6_000 }
  const budget = new CallBudget(options)
  t.equal(budget.cells, 50_000)
  budget.learn(50_000, 500_000)
  t.equal(budget.cells, 200_000)
  budget.halve()
  t.equal(budget.cells, 100_000)
  budget.learn(100_000, 1_000_000)
  budget.learn(100_000, 1_000_000)
  t.equal(budget.cells, 200_000, 'what was too much once is tried again later')
  for (const _ of Array.from({ length: 20 })) budget.halve()
  t.equal(budget.cells, 5_000)
  const blank = new CallBudget(options, budget)
  t.equal(blank.cells, 5_000, 'before its first answer it goes by another one')
  blank.learn(500_000, 100)
  t.equal(blank.cells, 500_000)
  const heavy = new CallBudget(options)
  heavy.learn(10_000, 10_000_000)
  t.equal(heavy.cells, 5_000)
  heavy.learn(20_000, 2_000_000_000)
  t.ok(heavy.cells < 200, 'few cells that are huge')
})

t.test('the bytes of a range in a URL are those that the client sends', async (t) => {
  const area = { startRow: 0, endRow: 10, startColumn: 0, endColumn: 3 }
  t.equal(urlBytes('Data', area), '&ranges=%27Data%27%21A1%3AC10'.length)
  t.equal(urlBytes("é'", area), '&ranges=%27%C3%A9%27%27%27%21A1%3AC10'.length)
})

t.test('a row that would be more than memory should hold is refused', async (t) => {
  const part = (bytes: number) => ({
    cells: new Uint8Array(bytes),
    ...{ rows: 1, filledCells: 1, errorCells: 0, loadingCells: 0, width: 1, numberColumns: [] },
  })
  const row = { title: 'Tab', rectangle: { startRow: 1, endRow: 2, startColumn: 0, endColumn: 9 } }
  t.throws(() => joinRows(part(20_000_000), part(20_000_000), 5, row), {
    code: 'GOOGLE_ANSWER_TOO_LARGE',
    message: /Row 2 of "Tab"/,
    hint: /"ranges"/,
    retryable: false,
  })
})
