import t from 'tap'
import { chartTab, date, syntheticTab, syntheticWorkbook, tabFromRows } from '../../emulator/workbook.ts'
import { aDownloader, callsOf } from './downloads.ts'

const _book = (...tabs: Parameters<typeof tabFromRows>[2][]) => ({
  id: 'book',
  title: 'Book',
  tabs: tabs.map((rows, gid) => tabFromRows(gid, `Tab ${gid}`, rows)),
})

t.test('an edge of every kind: no tabs, no cells, rows far apart, numbers late, merged and hidden cells', async (t) => {
  const far = { rowCount: 30_000, columnCount: 2 }
  const workbook = {
    id: 'book',
    title: 'Book',
    tabs: [
      {
        ...tabFromRows(1, 'Far', [['h']], far),
        cell: (row: number, column: number) => (column === 0 && (row === 0 || row === 25_000) ? 'x' : null),
      },
      tabFromRows(2, 'Empty', []),
      tabFromRows(3, 'Late', [
        ['d', 'e'],
        ...Array.from({ length: 300 }, () => ['text', 'x']),
        [date('2024-01-31'), date('2024-02-01')],
        [1, 2],
      ]),
      tabFromRows(
        4,
        'Merged',
        [
          ['a', 'b'],
          ['top', 'gone'],
        ],
        { hidden: true, merges: [{ startRowIndex: 1, endRowIndex: 2, startColumnIndex: 0, endColumnIndex: 2 }] },
      ),
    ],
  }
  const downloader = await aDownloader(t, {
    workbooks: [workbook, { id: 'none', title: 'None', tabs: [chartTab(1, 'Chart')] }],
    tuning: callsOf(100),
  })
  downloader.tune({})
  const result = await downloader.run({ formats: ['json', 'csv'] })
  const rows = JSON.parse(await downloader.text(result, 'json'))
  t.equal(rows.length, 25_000)
  t.strictSame([rows[0], rows[24_999]], [{ x: null }, { x: 'x' }])
  t.equal((await downloader.text(result, 'csv')).split('\r\n').length, 25_002)
  t.equal(await downloader.text(result, 'json', 1), '[]\n')
  downloader.tune(callsOf(100))
  const late = await downloader.run({ tabs: [3, 4] })
  t.strictSame(JSON.parse(await downloader.text(late, 'json')).slice(-2), [
    { d: '2024-01-31', e: '2024-02-01' },
    { d: 1, e: 2 },
  ])
  t.strictSame(JSON.parse(await downloader.text(late, 'json', 1)), [{ a: 'top', b: null }])
})

t.test('few calls do', async (t) => {
  const many = syntheticWorkbook({ id: 'many', tabs: 60, rows: 200, columns: 8 })
  const large = {
    id: 'large',
    title: 'Large',
    tabs: [syntheticTab({ gid: 0, title: 'Data', rows: 100_000, columns: 10, kind: 'mixed' })],
  }
  const downloader = await aDownloader(t, { workbooks: [many, large] })
  const reads = async (spreadsheet: string) => {
    downloader.emulator.resetCalls()
    const { report } = await downloader.run({ spreadsheet, formats: ['ndjson'] })
    t.equal(report.progress?.apiCalls, downloader.emulator.count())
    return downloader.emulator.count('spreadsheets.get') + downloader.emulator.count('values.batchGet')
  }
  t.ok((await reads('many')) <= 4, '60 tabs of 200 × 8 with dates: at most 4')
  t.ok((await reads('large')) <= 12, 'one tab of 100,000 × 10 with dates: at most 12')
  t.ok(downloader.emulator.calls.every(({ path, query }) => path.length + String(query).length < 6000))
})
