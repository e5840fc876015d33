import t from 'tap'
import { chartTab, tabFromRows, type Workbook } from '../../emulator/workbook.ts'
import { get, start } from './support.ts'

const workbook: Workbook = {
  id: 'book',
  title: 'Book',
  locale: 'de_DE',
  timeZone: 'Europe/Berlin',
  version: 41,
  tabs: [
    tabFromRows(0, 'One', [['a']], {
      rowCount: 10,
      columnCount: 4,
      frozenRowCount: 1,
      merges: [{ startRowIndex: 0, endRowIndex: 1, startColumnIndex: 0, endColumnIndex: 2 }],
    }),
    tabFromRows(7, 'Two', [], { hidden: true }),
    chartTab(8, 'Chart'),
  ],
  namedRanges: [
    { name: 'N', gid: 7, range: { startRowIndex: 0, endRowIndex: 1, startColumnIndex: 0, endColumnIndex: 1 } },
  ],
}

t.test('spreadsheets.get tells grids, hidden tabs, object tabs, merges and named ranges', async (t) => {
  const emulator = await start(t, { workbooks: [workbook] })
  const { body } = await get(emulator, 'v4/spreadsheets/book', { includeGridData: 'false' })
  const merge = { startRowIndex: 0, endRowIndex: 1, startColumnIndex: 0, endColumnIndex: 2 }
  t.match(body, {
    properties: { title: 'Book', locale: 'de_DE', timeZone: 'Europe/Berlin', autoRecalc: 'ON_CHANGE' },
    namedRanges: [{ name: 'N', range: { sheetId: 7, startRowIndex: 0 } }],
  })
  t.strictSame((body as { sheets: unknown }).sheets, [
    {
      properties: {
        sheetId: 0,
        title: 'One',
        index: 0,
        sheetType: 'GRID',
        gridProperties: { rowCount: 10, columnCount: 4, frozenRowCount: 1 },
      },
      merges: [merge],
    },
    {
      properties: {
        sheetId: 7,
        title: 'Two',
        index: 1,
        sheetType: 'GRID',
        gridProperties: { rowCount: 1, columnCount: 1 },
        hidden: true,
      },
    },
    {
      properties: { sheetId: 8, title: 'Chart', index: 2, sheetType: 'OBJECT' },
      charts: [{ chartId: 8, position: { sheetId: 8 } }],
    },
  ])
})

t.test('a mask keeps what it names, in any of its notations', async (t) => {
  const emulator = await start(t, { workbooks: [workbook] })
  const masked = async (fields: string) => (await get(emulator, 'v4/spreadsheets/book', { fields })).body
  t.strictSame(await masked('spreadsheetId,properties.title'), { spreadsheetId: 'book', properties: { title: 'Book' } })
  const titles = {
    sheets: [{ properties: { title: 'One' } }, { properties: { title: 'Two' } }, { properties: { title: 'Chart' } }],
  }
  for (const fields of [
    'sheets.properties.title',
    'sheets/properties/title',
    'sheets(properties(title))',
    'sheets(properties/title)',
  ]) {
    t.strictSame(await masked(fields), titles, fields)
  }
  t.strictSame(await masked('sheets(properties(sheetId,gridProperties(rowCount))),properties(locale,timeZone)'), {
    properties: { locale: 'de_DE', timeZone: 'Europe/Berlin' },
    sheets: [
      { properties: { sheetId: 0, gridProperties: { rowCount: 10 } } },
      { properties: { sheetId: 7, gridProperties: { rowCount: 1 } } },
      { properties: { sheetId: 8 } },
    ],
  })
  t.strictSame(await masked('sheets.properties.title,sheets.properties.sheetId,sheets.merges.endRowIndex'), {
    sheets: [
      { properties: { sheetId: 0, title: 'One' }, merges: [{ endRowIndex: 1 }] },
      { properties: { sheetId: 7, title: 'Two' } },
      { properties: { sheetId: 8, title: 'Chart' } },
    ],
  })
  t.strictSame(Object.keys((await masked('*')) as object), Object.keys((await masked('')) as object))
})

t.test('a mask that names nothing is Google’s 400', async (t) => {
  const emulator = await start(t, { workbooks: [workbook] })
  for (const fields of ['nope', 'sheets.nope', 'sheets(properties', 'sheets)', ',']) {
    const { status, body } = await get(emulator, 'v4/spreadsheets/book', { fields })
    t.equal(status, 400, fields)
    t.match(body, { error: { message: 'Request contains an invalid argument.', status: 'INVALID_ARGUMENT' } })
  }
})

t.test('ranges narrow the sheets', async (t) => {
  const emulator = await start(t, { workbooks: [workbook] })
  const query = { ranges: ["'Two'!A1"], fields: 'sheets.properties.sheetId' }
  t.strictSame((await get(emulator, 'v4/spreadsheets/book', query)).body, { sheets: [{ properties: { sheetId: 7 } }] })
})

t.test('Drive tells version and times; they move at an edit, and the version alone at a touch', async (t) => {
  let now = Date.UTC(2025, 0, 1)
  const emulator = await start(t, { workbooks: [workbook], now: () => now })
  const file = async () =>
    (await get(emulator, 'drive/v3/files/book', { fields: 'version,modifiedTime', supportsAllDrives: 'true' })).body
  t.strictSame(await file(), { version: '41', modifiedTime: '2025-01-01T00:00:00.000Z' })
  now += 1000
  emulator.touch('book')
  t.strictSame(await file(), { version: '42', modifiedTime: '2025-01-01T00:00:00.000Z' })
  emulator.setCell('book', 0, 0, 0, 'b')
  t.strictSame(await file(), { version: '43', modifiedTime: '2025-01-01T00:00:01.000Z' })
  t.strictSame((await get(emulator, 'drive/v3/files/book')).body, {
    kind: 'drive#file',
    id: 'book',
    name: 'Book',
    mimeType: 'application/vnd.google-apps.spreadsheet',
  })
  t.match((await get(emulator, 'drive/v3/files/book', { fields: 'nope' })).body, {
    error: { code: 400, message: 'Invalid field selection nope' },
  })
})
