import t, { type Test } from 'tap'
import { changing, formula, shownAs, tabFromRows, type Workbook, type Writable } from '../../emulator/workbook.ts'
import type { SyncRequestInput } from '../../src/model/sync-request.ts'
import { aDownloader, callsOf, type Downloader, LeapingClock } from './downloads.ts'

function aBook(rows: readonly (readonly Writable[])[]): Workbook {
  return { id: 'book', title: 'Book', tabs: [tabFromRows(0, 'Data', rows)] }
}

async function aBookDownloader(t: Test, rows: readonly (readonly Writable[])[]): Promise<Downloader> {
  return aDownloader(t, { workbooks: [aBook(rows)], clock: new LeapingClock() })
}

async function rowsOf(downloader: Downloader, body: Partial<SyncRequestInput> = {}) {
  const result = await downloader.run(body)
  return { rows: JSON.parse(await downloader.text(result, 'json')) as unknown, warnings: result.report.warnings ?? [] }
}

/** A cell whose format shows this number just so. */
function shown(serial: number, text: string): Writable {
  return shownAs(serial, `"${text}"`)
}

t.test('cells that came out wrong come out right', async (t) => {
  const cases: [kind: string, cells: Writable[][], rows: unknown[], warnings?: string[]][] = [
    [
      'durations',
      [
        ['k', 'v'],
        ['a', shown(1.260_416_666_666_666_7, '30:15')],
        ['b', shown(1, '24:00')],
        ['c', shown(-0.25, '-6:00')],
        ['d', shown(23, '552:00:00')],
        ['e', shown(23.083_333_333_3, '554:00:00')],
      ],
      [
        { k: 'a', v: '30:15:00' },
        { k: 'b', v: '24:00:00' },
        { k: 'c', v: '-06:00:00' },
        { k: 'd', v: '552:00:00' },
        { k: 'e', v: '554:00:00' },
      ],
    ],
    ['a time of day past 24 h', [['t'], [shown(1.031_25, '12:45:00 AM')]], [{ t: '00:45:00' }]],
    [
      'midnight in a date-time',
      [['at'], [shown(43_831, '1/1/2020 0:00:00')], [shown(43_831.5, '1/1/2020 12:00:00')]],
      [{ at: '2020-01-01T00:00:00' }, { at: '2020-01-01T12:00:00' }],
    ],
    ['the day 0', [['d'], [shown(0, '12/30/1899')]], [{ d: '1899-12-30' }]],
    [
      'recalculated between the reads',
      [['v'], [changing(172.5, 'Loading...')], [changing(415, '#N/A')], [changing(7, 'out of stock')]],
      [{ v: 172.5 }, { v: 415 }, { v: 7 }],
    ],
    ['not loaded yet', [['Loading...']], [], ['LOADING_CELLS']],
  ]
  for (const [kind, cells, rows, warnings = []] of cases) {
    const told = await rowsOf(await aBookDownloader(t, cells))
    t.strictSame(told.rows, rows, kind)
    t.strictSame(
      told.warnings.map(({ code }) => code),
      warnings,
      `warnings: ${kind}`,
    )
  }
})

t.test('durations, times and both come out as their formats show them', async (t) => {
  const { rows } = await rowsOf(
    await aBookDownloader(t, [
      ['what', 'at'],
      ['elapsed hours', shownAs(1.260_416_666_666_666_7, '[h]:mm')],
      ['elapsed minutes', shownAs(1.260_416_666_666_666_7, '[mm]:ss')],
      ['elapsed seconds', shownAs(1.260_419_560_185_185, '[ss].000')],
      ['less than none', shownAs(-1.260_416_666_666_666_7, '[h]:mm:ss')],
      ['a whole day', shownAs(1, '[h]:mm:ss')],
      ['midnight', shownAs(43_831, 'm/d/yyyy h:mm:ss')],
      ['a time of a day', shownAs(43_831.75, 'h:mm AM/PM')],
      ['a day with a time', shownAs(43_831.75, 'd mmm yyyy')],
      ['a weekday', shownAs(43_831, 'dddd')],
      ['a number', 43_831],
      ['a part of one', 0.75],
    ]),
    { headerRow: 0 },
  )
  t.strictSame((rows as unknown[][]).slice(1), [
    ['elapsed hours', '30:15:00'],
    ['elapsed minutes', '30:15:00'],
    ['elapsed seconds', '30:15:00.250'],
    ['less than none', '-30:15:00'],
    ['a whole day', '24:00:00'],
    ['midnight', '2020-01-01T00:00:00'],
    ['a time of a day', '18:00:00'],
    ['a day with a time', '2020-01-01T18:00:00'],
    ['a weekday', '2020-01-01'],
    ['a number', 43_831],
    ['a part of one', 0.75],
  ])
})

t.test('dates are told in whatever locale they are shown', async (t) => {
  for (const locale of ['de', 'fr', 'ru', 'zh-CN', 'ja', 'ko', 'ar-EG', 'th', 'fi', 'pt-BR']) {
    const downloader = await aBookDownloader(
      t,
      ['mmmm', 'mmm', 'dddd', 'd mmmm yyyy', 'd.m.yyyy', 'd mmm', 'h:mm am/pm', 'dddd h:mm am/pm'].map((pattern) => [
        shownAs(45_322.562_5, `[$-${locale}]${pattern}`),
      ]),
    )
    const at = '2024-01-31T13:30:00'
    const { rows } = await rowsOf(downloader, { headerRow: 0 })
    t.strictSame(rows, [[at], [at], [at], [at], [at], [at], ['13:30:00'], [at]], locale)
  }
})

t.test('a number is a date by what its own second read shows, whatever else moved meanwhile', async (t) => {
  const day = (serial: number) => shownAs(serial, 'yyyy-mm-dd')
  const { rows } = await rowsOf(
    await aBookDownloader(t, [
      [changing(172.5, '172.5')],
      [changing(172.5, '$7')],
      [changing(172.5, 180)],
      [changing(415, '2024-01-31')],
      [changing(45_322, 'out of stock')],
      [changing(day(45_322), day(45_323))],
      [changing(shownAs(45_322.5, 'd.m.yyyy h:mm:ss'), shownAs(45_322.500_1, 'd.m.yyyy h:mm:ss'))],
      [changing(day(45_322), '#REF!')],
    ]),
    { headerRow: 0 },
  )
  t.strictSame(rows, [[172.5], [172.5], [172.5], [415], [45_322], ['2024-01-31'], ['2024-01-31T12:00:00'], [45_322]])
})

t.test('cells that have not loaded are read again, twice at most, and only the ranges that hold them', async (t) => {
  const clock = new LeapingClock()
  const downloader = await aDownloader(t, { workbooks: [aBook([])], clock })
  const { emulator } = downloader
  const reads = async (times: number) => {
    const before = Array.from({ length: times }, () => 'Loading...')
    const at = formula('=IMPORTRANGE("x","A1")', shownAs(45_322, 'yyyy-mm-dd'))
    const tabs = [tabFromRows(0, 'Data', [['at'], [changing(...before, at)]]), tabFromRows(1, 'Other', [['x'], ['y']])]
    emulator.addWorkbook({ id: 'book', title: 'Book', tabs })
    emulator.resetCalls()
    const started = clock.monotonic()
    const result = await downloader.run({})
    const { warnings, progress } = result.report
    t.equal(progress?.apiCalls, emulator.count(), 'every call is counted')
    return {
      rows: JSON.parse(await downloader.text(result, 'json')) as unknown,
      warnings,
      asked: emulator.calls.filter(({ kind }) => kind === 'values.batchGet').map(({ query }) => query.getAll('ranges')),
      seconds: (clock.monotonic() - started) / 1000,
    }
  }
  const [both, data, dates] = [["'Data'!A1:A2", "'Other'!A1:A2"], ["'Data'!A1:A2"], ["'Data'!A1:A2"]]
  const ready = await reads(0)
  t.match(ready, { rows: [{ at: '2024-01-31' }], warnings: [], asked: [both, dates] })
  const once = await reads(1)
  t.match(once, { rows: [{ at: '2024-01-31' }], warnings: [], asked: [both, data, dates] })
  t.ok(once.seconds > 1.9 && once.seconds < 4, `after some seconds: ${once.seconds}`)
  const twice = await reads(2)
  t.match(twice, { rows: [{ at: '2024-01-31' }], warnings: [], asked: [both, data, data, dates] })
  t.ok(twice.seconds > 5.9 && twice.seconds < 9, `after some seconds more: ${twice.seconds}`)
  const never = await reads(3)
  t.match(never, { rows: [{ at: 'Loading...' }], asked: [both, data, data] })
  t.match(never.warnings, [{ code: 'LOADING_CELLS', tab: 'Data', count: 1 }])
})

t.test('a date that loads late comes out as a date, also where dates are read ahead of their rows', async (t) => {
  const downloader = await aDownloader(t, { workbooks: [aBook([])], clock: new LeapingClock(), tuning: callsOf(40) })
  for (const times of [0, 1, 2]) {
    const before = Array.from({ length: times }, () => 'Loading...')
    const late = changing(...before, shownAs(45_322, 'yyyy-mm-dd'))
    const rows: Writable[][] = [['k', 'at'], ...Array.from({ length: 99 }, (_, n): Writable[] => [`k${n}`, 45_000 + n])]
    rows[60] = ['late', late]
    downloader.emulator.addWorkbook(aBook(rows))
    const told = await rowsOf(downloader)
    t.match((told.rows as unknown[])[59], { at: '2024-01-31' }, `${times} reads before it has loaded`)
    t.strictSame(told.warnings, [])
  }
})

t.test('text that only looks like it is loading is no such cell', async (t) => {
  const rows = [['a'], ['Loading'], ['Loading....'], ['loading...'], ['Loading…']]
  const downloader = await aBookDownloader(t, rows)
  t.strictSame((await rowsOf(downloader)).warnings, [])
  t.equal(downloader.emulator.count('values.batchGet'), 1)
  const shown = await aBookDownloader(t, [['a'], ['Loading...']])
  t.match((await rowsOf(shown, { values: 'formatted' })).warnings, [{ code: 'LOADING_CELLS', count: 1 }])
})
