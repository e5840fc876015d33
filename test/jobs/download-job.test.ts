import t from 'tap'
import {
  chartTab,
  date,
  dateTime,
  error,
  formula,
  syntheticWorkbook,
  tabFromRows,
  time,
} from '../../emulator/workbook.ts'
import type { SyncProgress } from '../../src/model/sync.ts'
import type { SyncRequestInput } from '../../src/model/sync-request.ts'
import type { Downloader } from './downloads.ts'
import { aDownloader, callsOf, ScaledClock } from './downloads.ts'

const book = (...tabs: Parameters<typeof tabFromRows>[2][]) => ({
  id: 'book',
  title: 'Book',
  tabs: tabs.map((rows, gid) => tabFromRows(gid, `Tab ${gid}`, rows)),
})

async function rowsOf(downloader: Downloader, body: Partial<SyncRequestInput> = {}, tab = 0): Promise<unknown> {
  return JSON.parse(await downloader.text(await downloader.run(body), 'json', tab))
}

t.test('rows come out as objects, in every format', async (t) => {
  const rows = [
    ['Name', 'Since', 'At', 'Seen', 'Ok'],
    ['Ada "A"', date('2024-01-31'), time('13:45:00'), dateTime('2024-01-31T13:45:00'), true],
    [],
    ['=cmd', '', '', '', false, 'more'],
  ]
  const downloader = await aDownloader(t, { workbooks: [book(rows)] })
  const result = await downloader.run({ formats: ['json', 'ndjson', 'csv'] })
  const first =
    '{"Name":"Ada \\"A\\"","Since":"2024-01-31","At":"13:45:00","Seen":"2024-01-31T13:45:00","Ok":true,"F":null}'
  const blank = '{"Name":null,"Since":null,"At":null,"Seen":null,"Ok":null,"F":null}'
  const last = '{"Name":"=cmd","Since":null,"At":null,"Seen":null,"Ok":false,"F":"more"}'
  t.equal(await downloader.text(result, 'json'), `[\n${first},\n${blank},\n${last}\n]\n`)
  t.equal(await downloader.text(result, 'ndjson'), `${first}\n${blank}\n${last}\n`)
  t.equal(
    await downloader.text(result, 'csv'),
    'Name,Since,At,Seen,Ok,F\r\n"Ada ""A""",2024-01-31,13:45:00,2024-01-31T13:45:00,TRUE,\r\n,,,,,\r\n\'=cmd,,,,FALSE,more\r\n',
  )
  t.match(result, { outcome: 'downloaded', consistent: true })
  t.match(result.report.tabs, [{ gid: 0, title: 'Tab 0', range: null, state: 'done', rows: 3, columns: 6 }])
  const [manifest] = await downloader.snapshots.list('book')
  t.strictSame(manifest?.tabs[0]?.columnNames, ['Name', 'Since', 'At', 'Seen', 'Ok', 'F'])
  t.equal(manifest?.spreadsheet.version, '1')
})

t.test('what cannot be taken as it stands is told in warnings', async (t) => {
  const rows = [
    ['a', 'a', '', 'd'],
    [error('#REF!'), 1, 2, 3, 'x', 'y'],
    [error('#N/A'), '#REF', '# 1'],
  ]
  const workbook = {
    ...book(rows),
    tabs: [...book(rows).tabs, chartTab(9, 'Chart'), tabFromRows(10, 'Short', [['h']])],
  }
  const downloader = await aDownloader(t, { workbooks: [workbook] })
  const { report } = await downloader.run({ headerRow: 1 })
  const told = report.warnings?.map(({ code, tab, count, message }) => [code, tab, count, message])
  t.strictSame(told, [
    ['TAB_SKIPPED', 'Chart', 1, 'Tab "Chart": no grid of cells (such as a chart), skipped'],
    ['ERROR_CELLS', 'Tab 0', 2, 'Tab "Tab 0": 2 cells with an error such as #REF!, kept as text'],
    ['HEADERS_REPEATED', 'Tab 0', 1, 'Tab "Tab 0": repeated header in column B, numbered as in Name_2'],
    ['HEADERS_EMPTY', 'Tab 0', 1, 'Tab "Tab 0": empty header in column C, named by letter'],
    ['COLUMNS_WITHOUT_HEADER', 'Tab 0', 2, 'Tab "Tab 0": no header above columns E, F, named by letter'],
  ])
  const part = await downloader.run({ headerRow: 1, ranges: ["'Tab 0'!B1:F3"] })
  t.same(
    part.report.warnings?.map(({ message }) => message),
    [
      `Tab "Tab 0", range "'Tab 0'!B1:F3": empty header in column C, named by letter`,
      `Tab "Tab 0", range "'Tab 0'!B1:F3": no header above columns E, F, named by letter`,
    ],
  )
  t.equal(report.progress?.tabsTotal, 2)
  const below = await downloader.run({ headerRow: 3, tabs: ['Short'], formats: ['json', 'csv'] })
  t.strictSame(
    below.report.warnings?.map(({ code }) => code),
    ['HEADER_ROW_MISSING'],
  )
  t.equal(await downloader.text(below, 'json'), '[]\n')
  t.equal(await downloader.text(below, 'csv'), '')
})

t.test('values as shown, as formulas, and dates as numbers', async (t) => {
  const rows = [
    ['n', 'd', 'f'],
    [1.5, date('2024-01-31', 'd mmm yyyy'), formula('=1+1', 2)],
    [-2, null, true],
  ]
  const downloader = await aDownloader(t, { workbooks: [book(rows)] })
  t.strictSame(await rowsOf(downloader, { values: 'formatted' }), [
    { n: '1.5', d: '31 Jan 2024', f: '2' },
    { n: '-2', d: null, f: 'TRUE' },
  ])
  t.strictSame(await rowsOf(downloader, { values: 'formula' }), [
    { n: 1.5, d: 45_322, f: '=1+1' },
    { n: -2, d: null, f: true },
  ])
  t.strictSame(await rowsOf(downloader, { dates: 'serial' }), [
    { n: 1.5, d: 45_322, f: 2 },
    { n: -2, d: null, f: true },
  ])
  const csv = await downloader.text(await downloader.run({ values: 'formatted', formats: ['csv'] }), 'csv')
  t.equal(csv, 'n,d,f\r\n1.5,31 Jan 2024,2\r\n-2,,TRUE\r\n', 'a number that is shown is no formula')
})

t.test('the header row may be any, or none', async (t) => {
  const downloader = await aDownloader(t, { workbooks: [book([['title'], ['a', 'b'], [1, 2], [], [3]])] })
  t.strictSame(await rowsOf(downloader, { headerRow: 2 }), [
    { a: 1, b: 2 },
    { a: null, b: null },
    { a: 3, b: null },
  ])
  t.strictSame(await rowsOf(downloader, { headerRow: 0 }), [
    ['title', null],
    ['a', 'b'],
    [1, 2],
    [null, null],
    [3, null],
  ])
  const [first] = (await downloader.run({ headerRow: 0, formats: ['csv'] })).report.tabs ?? []
  t.match(first, { rows: 5, columns: 2 })
  const [manifest] = await downloader.snapshots.list('book')
  t.equal(manifest?.tabs[0]?.columnNames, null)
})

t.test('ranges, named ranges and tabs by title or gid', async (t) => {
  const one = [
    ['x', 'a', 'b'],
    ['x', 1, 2],
    ['x', 3, 4],
    ['x', 5, 6],
  ]
  const workbook = {
    ...book(one, [['h'], [date('2024-01-31')]]),
    namedRanges: [
      { name: 'Body', gid: 0, range: { startRowIndex: 0, endRowIndex: 2, startColumnIndex: 1, endColumnIndex: 3 } },
    ],
  }
  const downloader = await aDownloader(t, { workbooks: [workbook] })
  const result = await downloader.run({ ranges: ["'Tab 0'!B1:C3", 'Body', "'Tab 1'", 'C2:C4', 'tab 1!A:A'] })
  const texts = await Promise.all(
    [0, 1, 2, 3, 4].map(async (tab) => JSON.parse(await downloader.text(result, 'json', tab))),
  )
  t.strictSame(texts, [
    [
      { a: 1, b: 2 },
      { a: 3, b: 4 },
    ],
    [{ a: 1, b: 2 }],
    [{ h: '2024-01-31' }],
    [{ 2: 4 }, { 2: 6 }],
    [{ h: '2024-01-31' }],
  ])
  t.strictSame(
    result.report.tabs?.map(({ range }) => range),
    ["'Tab 0'!B1:C3", 'Body', "'Tab 1'", 'C2:C4', 'tab 1!A:A'],
  )
  t.strictSame(
    result.report.tabs?.map(({ files }) => files[0]?.name),
    ['tab-0-0-1.json', 'tab-0-0-2.json', 'tab-1-1-3.json', 'tab-0-0-4.json', 'tab-1-1-5.json'],
  )
  const [manifest] = await downloader.snapshots.list('book')
  const cells = [
    [0, 3, 1, 3],
    [0, 2, 1, 3],
    [0, 2, 0, 1],
    [1, 4, 2, 3],
    [0, 2, 0, 1],
  ].map(([startRow, endRow, startColumn, endColumn]) => ({ startRow, endRow, startColumn, endColumn }))
  t.match(
    manifest?.tabs.map(({ rectangle }) => rectangle),
    cells,
    'however it was spelled, these are the cells',
  )
  t.strictSame(
    (await downloader.run({ tabs: [1, 'Tab 1', 'TAB 0'] })).report.tabs?.map(({ gid }) => gid),
    [1, 0],
  )
  await t.rejects(downloader.run({ tabs: ['Tab 0', 'Nope', 99] }), {
    code: 'TAB_NOT_FOUND',
    errors: [{ field: 'tabs[1]' }, { field: 'tabs[2]', hint: /"Tab 0", "Tab 1"/ }],
  })
  await t.rejects(downloader.run({ ranges: ['A1:B2', 'Z1:Z2', 'nope', "'Tab 0'!nope"] }), {
    code: 'RANGE_NOT_FOUND',
    errors: [{ field: 'ranges[1]', message: /outside the grid/ }, { field: 'ranges[2]' }, { field: 'ranges[3]' }],
  })
})

t.test('progress is told all along: percent never falls, and ends below 100', async (t) => {
  const downloader = await aDownloader(t, {
    workbooks: [syntheticWorkbook({ id: 'book', rows: 500, columns: 6 })],
    tuning: callsOf(300),
  })
  const seen: SyncProgress[] = []
  const result = await downloader.run({}, { onReport: (_, sync) => seen.push(sync.progress) })
  const percents = seen.map(({ percent }) => percent)
  t.ok(percents.every((percent, at) => at === 0 || percent >= (percents[at - 1] ?? 0)))
  t.ok(new Set(percents).size > 5)
  t.equal(percents.at(-1), 99)
  t.strictSame([...new Set(seen.map(({ phase }) => phase))], ['reading-metadata', 'downloading', 'publishing'])
  t.match(result.report.progress, { tabsDone: 1, tabsTotal: 1, rowsDone: 500, rowsTotal: 500 })
  t.ok((result.report.progress?.cellsDone ?? 0) > 2900)
})

t.test('with worker threads it is all the same, and no thread outlives the job', async (t) => {
  const workbook = syntheticWorkbook({ id: 'book', rows: 3000, columns: 10 })
  const downloader = await aDownloader(t, { workbooks: [workbook], tuning: callsOf(5000) })
  const formats: ('json' | 'csv')[] = ['json', 'csv']
  const inline = await downloader.run({ formats })
  downloader.tune({ ...callsOf(5000), threads: 2 })
  const threaded = await downloader.run({ formats })
  for (const format of formats) t.equal(await downloader.text(threaded, format), await downloader.text(inline, format))
})

t.test('the quota of Google is waited for, told, and never provoked', async (t) => {
  const workbook = syntheticWorkbook({ id: 'book', rows: 400, columns: 5 })
  const clock = new ScaledClock(120)
  const downloader = await aDownloader(t, {
    workbooks: [workbook],
    clock,
    now: () => clock.now().getTime(),
    quota: { readsPerMinute: 20 },
    readsPerMinute: 20,
    tuning: callsOf(50),
  })
  const waits: (string | null)[] = []
  const result = await downloader.run({}, { onReport: (_, sync) => waits.push(sync.progress.waitingUntil) })
  t.ok(downloader.emulator.count('values.batchGet') > 40)
  t.ok(
    downloader.emulator.calls.every(({ status }) => status === 200),
    'no 429 was provoked',
  )
  t.ok(
    waits.some((until) => until !== null),
    'the wait was told',
  )
  t.equal(result.report.progress?.waitingUntil, null)
})
