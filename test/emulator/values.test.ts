import t from 'tap'
import {
  changing,
  date,
  dateTime,
  duration,
  error,
  formula,
  shownAs,
  syntheticTab,
  syntheticWorkbook,
  tabFromRows,
  time,
  type Writable,
} from '../../emulator/workbook.ts'
import { control, get, start, values } from './support.ts'

const ROWS = [
  ['text', 1.5, true, date('2024-01-31'), time('13:45:00'), dateTime('2024-01-31T13:45:00')],
  [formula('=B1*2', 3), error('#REF!'), formula('=""', ''), formula('=TODAY()', date('2024-02-01')), 1 / 3, false],
]
const tabs = [
  tabFromRows(0, 'Kinds', ROWS),
  tabFromRows(1, 'Blanks', [['a', '', 'c', ''], [], ['', 'b'], [], ['', '', '']], { rowCount: 8, columnCount: 6 }),
  tabFromRows(
    2,
    'Merged',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
    {
      merges: [{ startRowIndex: 0, endRowIndex: 2, startColumnIndex: 0, endColumnIndex: 2 }],
    },
  ),
  tabFromRows(3, 'Empty', [], { rowCount: 5, columnCount: 5 }),
]
const workbook = { id: 'kinds', title: 'Kinds', tabs }

t.test('trailing blanks are left out, blanks between others are kept', async (t) => {
  const emulator = await start(t, { workbooks: [workbook] })
  t.strictSame((await values(emulator, 'kinds', 'Blanks')).body, {
    range: 'Blanks!A1:F8',
    majorDimension: 'ROWS',
    values: [['a', '', 'c'], [], ['', 'b']],
  })
  t.strictSame((await values(emulator, 'kinds', 'Blanks', { majorDimension: 'COLUMNS' })).body, {
    range: 'Blanks!A1:F8',
    majorDimension: 'COLUMNS',
    values: [['a'], ['', '', 'b'], ['c']],
  })
  t.strictSame(
    (await values(emulator, 'kinds', 'Blanks!A2:F8')).body,
    { range: 'Blanks!A2:F8', majorDimension: 'ROWS', values: [[], ['', 'b']] },
    'blank rows before the first value are kept',
  )
})

t.test('an empty range has no values at all', async (t) => {
  const emulator = await start(t, { workbooks: [workbook] })
  const { text } = await values(emulator, 'kinds', 'Empty')
  t.equal(text, '{\n  "range": "Empty!A1:E5",\n  "majorDimension": "ROWS"\n}\n')
})

t.test('only the top-left cell of a merge has a value', async (t) => {
  const emulator = await start(t, { workbooks: [workbook] })
  t.match((await values(emulator, 'kinds', 'Merged')).body, { values: [['a']] })
})

t.test('each render option shows each kind of cell as Google does', async (t) => {
  const emulator = await start(t, { workbooks: [workbook] })
  const read = async (valueRenderOption: string, dateTimeRenderOption: string) =>
    (await values(emulator, 'kinds', 'Kinds', { valueRenderOption, dateTimeRenderOption })).body
  const formatted = [
    ['text', '1.5', 'TRUE', '2024-01-31', '13:45:00', '2024-01-31 13:45:00'],
    ['3', '#REF!', '', '2024-02-01', '0.3333333333', 'FALSE'],
  ]
  const serial = 45_322 + 13.75 / 24
  t.match(await read('FORMATTED_VALUE', 'SERIAL_NUMBER'), { values: formatted })
  t.match(await read('FORMATTED_VALUE', 'FORMATTED_STRING'), { values: formatted })
  t.match(await read('UNFORMATTED_VALUE', 'SERIAL_NUMBER'), {
    values: [
      ['text', 1.5, true, 45_322, 13.75 / 24, serial],
      [3, '#REF!', '', 45_323, 1 / 3, false],
    ],
  })
  t.match(await read('UNFORMATTED_VALUE', 'FORMATTED_STRING'), {
    values: [
      ['text', 1.5, true, '2024-01-31', '13:45:00', '2024-01-31 13:45:00'],
      [3, '#REF!', '', '2024-02-01', 1 / 3, false],
    ],
  })
  t.match(await read('FORMULA', 'SERIAL_NUMBER'), {
    values: [
      ['text', 1.5, true, 45_322, 13.75 / 24, serial],
      ['=B1*2', '#REF!', '=""', '=TODAY()', 1 / 3, false],
    ],
  })
})

t.test('date patterns and the decimal sign of the locale shape formatted values', async (t) => {
  const rows = [
    [
      date('2024-03-05', 'd mmm yyyy'),
      time('15:04:09', 'h:mm AM/PM'),
      dateTime('2024-03-05T09:08:07', 'dd.mm.yy hh:mm:ss'),
    ],
    [date('2024-03-05', 'dddd, mmmm d'), 1.5, 1234567],
  ]
  const french = { id: 'fr', title: 'fr', locale: 'fr_FR', tabs: [tabFromRows(0, 'A', rows)] }
  const emulator = await start(t, { workbooks: [french] })
  t.match((await values(emulator, 'fr', 'A')).body, {
    values: [
      ['5 Mar 2024', '3:04 PM', '05.03.24 09:08:07'],
      ['Tuesday, March 5', '1,5', '1234567'],
    ],
  })
})

t.test('elapsed time, fractions of a second and names of other languages are shown as a pattern says', async (t) => {
  const rows: Writable[][] = [
    [shownAs(1.260_416_666_666_666_7, '[h]:mm'), shownAs(1, '[h]:mm'), shownAs(-0.25, '[h]:mm'), duration('30:15:00')],
    [shownAs(1.260_416_666_666_666_7, '[mm]:ss'), shownAs(1.260_419_560_185_185, '[ss].000'), duration('-06:00:00')],
    [shownAs(23.083_333_333_3, '[hh]:mm:ss'), shownAs(0.5, '[hhh]:mm'), shownAs(-0.25, 'h:mm'), shownAs(0.25, 'mm:ss')],
    [shownAs(1.031_25, 'h:mm:ss AM/PM'), shownAs(0.75, 'h am/pm'), shownAs(43_831, 'm/d/yyyy h:mm:ss')],
    [
      shownAs(0, 'm/d/yyyy'),
      shownAs(45_322.562_502_9, 'h:mm:ss.000'),
      shownAs(45_322, 'mmmmm'),
      shownAs(1.5, '[h]"h" mm'),
    ],
    [shownAs(45_322, '[$-fr]dddd d mmmm'), shownAs(45_322.75, '[$-zh-CN]am/pmh:mm'), shownAs(45_322, '[$-ru]d mmmm')],
  ]
  const emulator = await start(t, { workbooks: [{ id: 'f', title: 'f', tabs: [tabFromRows(0, 'A', rows)] }] })
  t.match((await values(emulator, 'f', 'A')).body, {
    values: [
      ['30:15', '24:00', '-6:00', '30:15:00'],
      ['1815:00', '108900.250', '-6:00:00'],
      ['554:00:00', '012:00', '18:00', '00:00'],
      ['12:45:00 AM', '6 pm', '1/1/2020 0:00:00'],
      ['12/30/1899', '13:30:00.251', 'J', '36h 00'],
      ['mercredi 31 janvier', '下午6:00', '31 январь'],
    ],
  })
})

t.test('a cell that changes shows each value to one read, and the last one ever after', async (t) => {
  const rows = [[changing('Loading...', 172.5, date('2024-01-31')), 1]]
  const emulator = await start(t, { workbooks: [{ id: 'c', title: 'c', tabs: [tabFromRows(0, 'A', rows)] }] })
  const read = async (range: string, dateTimeRenderOption = 'SERIAL_NUMBER') => {
    const query = { valueRenderOption: 'UNFORMATTED_VALUE', dateTimeRenderOption }
    return ((await values(emulator, 'c', range, query)).body as { values: unknown[][] }).values
  }
  t.strictSame(await read('A'), [['Loading...', 1]])
  t.strictSame(await read('A!B1'), [[1]], 'a read of other cells changes nothing')
  t.strictSame(await read('A'), [[172.5, 1]])
  t.strictSame(await read('A', 'FORMATTED_STRING'), [['2024-01-31', 1]])
  t.strictSame(await read('A'), [[45_322, 1]])
  const body = { spreadsheetId: 'c', gid: 0, row: 0, column: 0 }
  const value = { changing: ['Loading...', { duration: '30:15:00' }, { serial: 0.5, pattern: '[m]:ss' }] }
  t.equal((await control(emulator, 'cells', { ...body, value })).status, 200)
  t.strictSame(await read('A!A1', 'FORMATTED_STRING'), [['Loading...']])
  t.strictSame(await read('A!A1', 'FORMATTED_STRING'), [['30:15:00']])
  t.strictSame(await read('A!A1', 'FORMATTED_STRING'), [['720:00']])
})

t.test('a batch answers every range in the order asked, repeated ones too', async (t) => {
  const emulator = await start(t, { workbooks: [workbook] })
  const ranges = ['Merged', 'Empty!A1:B2', 'Merged', 'Kinds!A1']
  const { body } = await get(emulator, 'v4/spreadsheets/kinds/values:batchGet', { ranges })
  t.strictSame(body, {
    spreadsheetId: 'kinds',
    valueRanges: [
      { range: 'Merged!A1:B2', majorDimension: 'ROWS', values: [['a']] },
      { range: 'Empty!A1:B2', majorDimension: 'ROWS' },
      { range: 'Merged!A1:B2', majorDimension: 'ROWS', values: [['a']] },
      { range: 'Kinds!A1', majorDimension: 'ROWS', values: [['text']] },
    ],
  })
  const one = await get(emulator, 'v4/spreadsheets/kinds/values:batchGet', { ranges: ['Empty', 'Nowhere!A1'] })
  t.equal(one.status, 400, 'one bad range fails the whole batch')
})

t.test('masks and prettyPrint=false shape value answers', async (t) => {
  const emulator = await start(t, { workbooks: [workbook] })
  const plain = await values(emulator, 'kinds', 'Blanks', { prettyPrint: 'false' })
  t.equal(plain.text, '{"range":"Blanks!A1:F8","majorDimension":"ROWS","values":[["a","","c"],[],["","b"]]}\n')
  t.strictSame((await values(emulator, 'kinds', 'Empty', { fields: 'values' })).body, {})
  const query = { ranges: ['Merged', 'Empty'], fields: 'valueRanges(range,values)' }
  t.strictSame((await get(emulator, 'v4/spreadsheets/kinds/values:batchGet', query)).body, {
    valueRanges: [{ range: 'Merged!A1:B2', values: [['a']] }, { range: 'Empty!A1:E5' }],
  })
  t.strictSame(
    (await get(emulator, 'v4/spreadsheets/kinds/values:batchGet', { ...query, fields: 'valueRanges.values' })).body,
    { valueRanges: [{ values: [['a']] }, {}] },
  )
})

t.test('an edit shows at once, and the grid grows to hold it', async (t) => {
  const emulator = await start(t, { workbooks: [workbook] })
  emulator.setCell('kinds', 3, 6, 1, 'new')
  t.match((await values(emulator, 'kinds', "'Empty'!B7")).body, { values: [['new']] })
  t.match((await values(emulator, 'kinds', 'Empty')).body, { range: 'Empty!A1:E7' })
  emulator.setCell('kinds', 0, 0, 0, '')
  t.match((await values(emulator, 'kinds', 'Kinds!A1:B1')).body, { values: [['', '1.5']] }, 'a cell can be emptied')
})

t.test('odd text survives: quotes, newlines, emoji, a leading =, fifty thousand characters', async (t) => {
  const row = ['"q"', 'a\nb\r\nc', '🌵', '=1+1', 'x'.repeat(50_000), '\u2028\u0000\\', "'s"]
  const emulator = await start(t, { workbooks: [{ id: 'odd', title: 'odd', tabs: [tabFromRows(0, 'A', [row])] }] })
  t.match((await values(emulator, 'odd', 'A')).body, { values: [row] })
})

t.test('a synthetic tab is the same at every read and in every block', async (t) => {
  const tab = syntheticTab({ gid: 5, title: 'S', rows: 60, columns: 7, kind: 'mixed', dateColumns: [6] })
  const emulator = await start(t, { workbooks: [{ id: 's', title: 's', tabs: [tab] }] })
  const read = async (range: string) => {
    const { body } = await values(emulator, 's', range, { valueRenderOption: 'UNFORMATTED_VALUE' })
    return (body as { values: unknown[][] }).values
  }
  const whole = await read('S')
  t.strictSame([...(await read('S!A1:G20')), ...(await read('S!A21:G60'))], whole)
  t.equal(whole.length, 60)
  t.same(whole[0], ['id_1', 'text_2', 'amount_3', 'date_4', 'flag_5', 'id_6', 'date_7'])
  t.type(whole[1]?.[6], 'number')
})

t.test('ten million cells exist without being stored', async (t) => {
  const emulator = await start(t, { workbooks: [syntheticWorkbook({ id: 'big', rows: 1_000_000, columns: 10 })] })
  const last = await values(emulator, 'big', 'Data!A1000000:C1000000')
  t.match(last.body, { range: 'Data!A1000000:C1000000', values: [[/^99999\d\d$/]] })
})
