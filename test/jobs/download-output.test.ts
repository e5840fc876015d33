import t, { type Test } from 'tap'
import { tabFromRows, type Writable } from '../../emulator/workbook.ts'
import type { SyncRequestInput } from '../../src/model/sync-request.ts'
import { JobStop } from '../../src/ports/job-runner.ts'
import type { SnapshotStore } from '../../src/ports/snapshot-store.ts'
import { CallFault } from '../../src/sheets/call-fault.ts'
import type { SheetsApi } from '../../src/sheets/google-api.ts'
import { claimSync } from '../../src/syncs/sync.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { aDownloader, callsOf } from './downloads.ts'
import { aDownloaderOf, aroundRewrites, FORMATS, filesAsText, type Rows, WIDE_LATE } from './rewritten-downloads.ts'

async function csvOf(t: Test, rows: Rows, body: Partial<SyncRequestInput> = {}): Promise<string> {
  const downloader = await aDownloaderOf(t, rows)
  return downloader.text(await downloader.run({ ...body, formats: ['csv'] }), 'csv')
}

t.test('in CSV the numbers that are shown are no formulas, and what runs gets an apostrophe', async (t) => {
  const shown = [['n'], ['-$1,234.56'], ['-1.234,56 €'], ['-£9.50'], ['-1.20E+10'], ['-6:00'], ['=cmd']]
  t.equal(
    await csvOf(t, shown, { values: 'formatted' }),
    'n\r\n"-$1,234.56"\r\n"-1.234,56 €"\r\n-£9.50\r\n-1.20E+10\r\n-6:00\r\n\'=cmd\r\n',
  )
  t.equal(
    await csvOf(t, [['t'], ['\n=1+1'], ['＝1+1'], ['\ufeff=1+1'], ['a;=1+1']]),
    't\r\n"\'\n=1+1"\r\n\'＝1+1\r\n\'\ufeff=1+1\r\n"a;=1+1"\r\n',
  )
  t.equal(
    await csvOf(t, [
      ['=h', '-x'],
      [-5, '-5'],
    ]),
    "'=h,'-x\r\n-5,'-5\r\n",
    'a number is one whatever the text',
  )
})

/** Counts the files that are written once more. */
function countingRewrites(counted: string[]): (store: SnapshotStore) => SnapshotStore {
  return aroundRewrites((draft, name, content) => {
    counted.push(name)
    return draft.rewrite(name, content)
  })
}

t.test('short rows have a null for each blank up to the widest row, wherever that is', async (t) => {
  for (const [cells, rewritten] of [
    [50_000, []],
    [3, ['tab-0.csv', 'tab-0.json', 'tab-0.ndjson']],
  ] as const) {
    const rewrites: string[] = []
    const options = { tuning: callsOf(cells), aroundSnapshots: countingRewrites(rewrites) }
    const downloader = await aDownloaderOf(t, [[1, 2], [], [1, 2, 3]], options)
    const result = await downloader.run({ headerRow: 0, formats: FORMATS })
    t.match(result.report.tabs, [{ rows: 3, columns: 3 }])
    t.strictSame(await filesAsText(t, downloader.snapshots), [
      '[\n[1,2,null],\n[null,null,null],\n[1,2,3]\n]\n',
      '[1,2,null]\n[null,null,null]\n[1,2,3]\n',
      '1,2,\r\n,,\r\n1,2,3\r\n',
    ])
    t.strictSame(rewrites.sort(), rewritten, 'a file is written once more only if it grew')
  }
})

t.test('a column past the last header is in every row, by its letter', async (t) => {
  for (const cells of [50_000, 8, 4]) {
    const downloader = await aDownloaderOf(t, [['a', 'b'], [1], [], ['}]"\\', 2], [3, 4, null, '5, 6']], {
      tuning: callsOf(cells),
    })
    await downloader.run({ formats: FORMATS })
    const objects = [
      '{"a":1,"b":null,"C":null,"D":null}',
      '{"a":null,"b":null,"C":null,"D":null}',
      '{"a":"}]\\"\\\\","b":2,"C":null,"D":null}',
      '{"a":3,"b":4,"C":null,"D":"5, 6"}',
    ]
    t.strictSame(await filesAsText(t, downloader.snapshots), [
      `[\n${objects.join(',\n')}\n]\n`,
      `${objects.join('\n')}\n`,
      'a,b,C,D\r\n1,,,\r\n,,,\r\n"}]""\\",2,,\r\n3,4,,"5, 6"\r\n',
    ])
    const [manifest] = await downloader.snapshots.list('book')
    t.match(manifest?.tabs, [{ columns: 4, columnNames: ['a', 'b', 'C', 'D'] }])
  }
})

t.test('a head that is narrower than all rows is written once more, and the rows are not', async (t) => {
  const rewrites: string[] = []
  const options = { tuning: callsOf(2), aroundSnapshots: countingRewrites(rewrites) }
  const downloader = await aDownloaderOf(t, [['a'], [1, 2], [3, 4]], options)
  await downloader.run({ formats: FORMATS })
  t.strictSame(rewrites, ['tab-0.csv'])
  t.strictSame(await filesAsText(t, downloader.snapshots), [
    '[\n{"a":1,"B":2},\n{"a":3,"B":4}\n]\n',
    '{"a":1,"B":2}\n{"a":3,"B":4}\n',
    'a,B\r\n1,2\r\n3,4\r\n',
  ])
})

t.test('a head without a name, and rows that only come later', async (t) => {
  const downloader = await aDownloaderOf(t, [[], [], [null, 1], [], [2, null, 3]], { tuning: callsOf(3) })
  await downloader.run({ formats: FORMATS, csv: { bom: true } })
  const rows = ['{"A":null,"B":null,"C":null}', '{"A":null,"B":1,"C":null}', '{"A":null,"B":null,"C":null}']
  t.strictSame(await filesAsText(t, downloader.snapshots), [
    `[\n${[...rows, '{"A":2,"B":null,"C":3}'].join(',\n')}\n]\n`,
    `${[...rows, '{"A":2,"B":null,"C":3}'].join('\n')}\n`,
    '\ufeffA,B,C\r\n,,\r\n,1,\r\n,,\r\n2,,3\r\n',
  ])
})

t.test('blanks and marks around a header are left out of its name, which is told', async (t) => {
  const rows = [
    [' Name', ' ', '\ufeffid', 'Name\u200b', 'ok'],
    ['x', 'y', 'z', 'n', 1],
  ]
  const downloader = await aDownloaderOf(t, rows)
  const result = await downloader.run({ formats: FORMATS })
  t.strictSame(JSON.parse(await downloader.text(result, 'json')), [{ Name: 'x', B: 'y', id: 'z', Name_2: 'n', ok: 1 }])
  t.match(await downloader.text(result, 'csv'), /^Name,B,id,Name_2,ok\r\n/)
  t.strictSame(
    result.report.warnings?.map(({ code, count }) => [code, count]),
    [
      ['HEADERS_REPEATED', 1],
      ['HEADERS_TRIMMED', 3],
      ['HEADERS_EMPTY', 1],
    ],
  )
  const [manifest] = await downloader.snapshots.list('book')
  t.strictSame(manifest?.tabs[0]?.columnNames, ['Name', 'B', 'id', 'Name_2', 'ok'])
})

t.test('the zone and locale of the spreadsheet are told as soon as its title is, and kept with the rows', async (t) => {
  const settings = { timeZone: 'Asia/Tokyo', locale: 'ja_JP' }
  const workbook = { id: 'book', title: 'Book', ...settings, tabs: [tabFromRows(0, 'Tab', [['a'], [1]])] }
  const downloader = await aDownloader(t, { workbooks: [workbook] })
  const seen: unknown[] = []
  const onReport = (_: unknown, { spreadsheet: { title, timeZone, locale } }: { spreadsheet: object & Settings }) =>
    seen.push({ title, timeZone, locale })
  const result = await downloader.run({}, { onReport })
  t.strictSame(seen[0], { title: null, timeZone: null, locale: null })
  t.strictSame(
    seen.find((one) => (one as Settings).title !== null),
    { title: 'Book', ...settings },
  )
  t.match(result.report.spreadsheet, settings)
  t.match((await downloader.snapshots.list('book'))[0]?.spreadsheet, settings)
  t.match((await downloader.run({ ifUnchanged: 'skip' })).report.spreadsheet, settings, 'of an unchanged one too')
})

interface Settings {
  readonly title: string | null
  readonly timeZone: string | null
  readonly locale: string | null
}

t.test('a download that is stopped while a file is written once more stops there', async (t) => {
  const stop = new AbortController()
  let isWritten = false
  const aroundSnapshots = aroundRewrites(async (draft, name, content) => {
    stop.abort(new JobStop('interrupted'))
    await draft.rewrite(name, content)
    isWritten = true
  })
  const downloader = await aDownloaderOf(t, WIDE_LATE, { tuning: callsOf(30), aroundSnapshots })
  const sync = claimSync(aQueuedSync({ spreadsheet: 'book', formats: ['json'] }), 'a test', new Date())
  await t.rejects(downloader.run({}, { sync, signal: stop.signal }), { message: /stopped: interrupted/ })
  t.equal((await downloader.snapshots.list('book')).length, 0)
  t.equal(isWritten, false, 'however long that would take')
  const cells = () => downloader.emulator.calls.reduce((sum, call) => sum + call.cells, 0)
  const first = cells()
  downloader.emulator.resetCalls()
  await downloader.run({}, { sync: downloader.claimedAgain(sync) })
  t.ok(cells() < first / 2, `only what came after the checkpoint is read again: ${cells()} of ${first} cells`)
  t.match(await filesAsText(t, downloader.snapshots), [/"C":3,"D":4}\n\]\n$/])
})

t.test('names that are too much for a checkpoint are refused at once, with what the user can do', async (t) => {
  const tab = (gid: number, columns: number) => {
    const names = Array.from({ length: columns }, (_, column) => `${column} ${'x'.repeat(49_000)}`)
    return tabFromRows(gid, `Tab ${gid}`, [names, names.map(() => 1)])
  }
  for (const [tabs, first] of [
    [[tab(0, 90)], 0],
    [[tab(0, 50), tab(1, 50)], 1],
  ] as const) {
    const downloader = await aDownloader(t, { workbooks: [{ id: 'book', title: 'Book', tabs }] })
    await t.rejects(downloader.run({}), {
      code: 'HEADER_TOO_LARGE',
      retryable: false,
      message: new RegExp(`"Tab ${first}"`),
      hint: /"headerRow" to 0/,
    })
    t.match(await downloader.run({ headerRow: 0 }), { outcome: 'downloaded' })
  }
})

/** Refuses answers of more bytes than these as too large. */
function answersUpTo(bytes: number): (api: SheetsApi) => SheetsApi {
  return (api) => ({
    describe: (...parameters) => api.describe(...parameters),
    version: (...parameters) => api.version(...parameters),
    async readValues(...parameters) {
      const body = await api.readValues(...parameters)
      if (body.length > bytes) throw new CallFault('too-large', 'It is larger than it may be.')
      return body
    },
  })
}

t.test('what comes in parts, as it is too much for one call, is written part by part', async (t) => {
  const rows = Array.from({ length: 200 }, (_, row): Writable[] => [
    row,
    { kind: 'date', serial: 36_526 + row },
    'text',
  ])
  const whole = await aDownloaderOf(t, [['n', 'day', 'text'], ...rows])
  const parts = await aDownloaderOf(t, [['n', 'day', 'text'], ...rows], { around: answersUpTo(900) })
  const readsOfRows = () =>
    parts.emulator.calls.filter(({ query }) => query.get('dateTimeRenderOption') === 'SERIAL_NUMBER').length
  let callsBefore = Number.POSITIVE_INFINITY
  const result = await parts.run(
    { formats: FORMATS },
    {
      onReport({ progress }) {
        if ((progress?.cellsDone ?? 0) > 0) callsBefore = Math.min(callsBefore, readsOfRows())
      },
    },
  )
  const expected = await whole.run({ formats: FORMATS })
  for (const format of FORMATS) t.equal(await parts.text(result, format), await whole.text(expected, format), format)
  t.ok(callsBefore < readsOfRows() / 2, 'the first rows are written long before the last are read')
})

t.test('a row that is read in parts comes out whole', async (t) => {
  const wide = (characters: number) => Array.from({ length: 80 }, () => '\n'.repeat(characters))
  const downloader = await aDownloaderOf(t, [wide(10), wide(50)], { around: answersUpTo(2000) })
  const result = await downloader.run({ headerRow: 0 })
  t.strictSame(JSON.parse(await downloader.text(result, 'json')), [wide(10), wide(50)])
})
