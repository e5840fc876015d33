import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { parseCsv } from '../../emulator/csv.ts'
import { loadWorkbook, loadWorkbooks } from '../../emulator/workbook-files.ts'
import { testFolder } from '../support/test-folder.ts'
import { get, start, values } from './support.ts'

const FOLDER = join(import.meta.dirname, '../../emulator/workbooks')
const DEMO = '1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms'

t.test('CSV reads as RFC 4180 writes it', async (t) => {
  t.same(parseCsv('a,"b ""q"", c"\r\n"x\ny",\n,\n'), [
    ['a', 'b "q", c'],
    ['x\ny', ''],
    ['', ''],
  ])
  t.same(parseCsv(''), [])
  t.same(parseCsv('a'), [['a']])
  const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é', '🌵') })
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { minLength: 1 }), (rows) => {
      const text = rows.map((row) => row.map((field) => `"${field.replaceAll('"', '""')}"`).join(',')).join('\n')
      t.same(parseCsv(`${text}\n`), rows)
    }),
    { numRuns: 300 },
  )
})

t.test('the demo workbook has what a demanding client must cope with', async (t) => {
  const emulator = await start(t, { folder: FOLDER })
  t.equal(DEMO.length, 44)
  t.match(emulator.workbooks, [{ id: DEMO }])
  const { body } = await get(emulator, `v4/spreadsheets/${DEMO}`, {
    fields: 'sheets.properties(title,sheetType,hidden)',
  })
  const { sheets } = body as { sheets: { properties: { title: string; sheetType: string; hidden?: boolean } }[] }
  t.match(
    sheets.map(({ properties: { title } }) => title),
    ['Orders', 'Customers', "Q1 'Targets'!", 'CRM26', 'Revenue chart', 'Scratch'],
  )
  t.ok(sheets.some(({ properties }) => properties.sheetType === 'OBJECT'))
  t.ok(sheets.some(({ properties }) => properties.hidden))

  const read = async (range: string, dateTimeRenderOption: string) => {
    const query = { valueRenderOption: 'UNFORMATTED_VALUE', dateTimeRenderOption }
    return ((await values(emulator, DEMO, range, query)).body as { values: unknown[][] }).values
  }
  const [header, first] = await read("'Orders'!A1:L2", 'FORMATTED_STRING')
  t.same(header, [
    'Order',
    'Date',
    'Placed at',
    'Customer',
    'Item',
    'Quantity',
    'Price',
    'Total',
    'Paid',
    'Note',
    '',
    'Note',
  ])
  t.match(first, [1001, '2025-01-02', /^\d\d:\d\d$/, String, String, Number])
  const [serials] = await read("'Orders'!B2:B2", 'SERIAL_NUMBER')
  t.same(serials, [45_659])
  t.match(await read("'Customers'!A2:F2", 'FORMATTED_STRING'), [
    ['Ana Müller', 'Köln', 'DE', '1 Jan 2015', '0049000000', '2025-01-01 08:00:30'],
  ])
  t.match((await values(emulator, DEMO, 'Regions')).body, { range: "'Q1 ''Targets''!'!A2:D6" })
  t.match((await values(emulator, DEMO, "'Scratch'")).body, { range: 'Scratch!A1:Z1000' })
  const totals = await values(emulator, DEMO, 'OrderTotals', { valueRenderOption: 'FORMULA' })
  t.match(totals.body, { values: [['Total'], ['=F2*G2']] })
})

t.test('a folder without workbook.json, or with a wrong one, is an error that names the file', async (t) => {
  const folder = testFolder(t, {
    wrong: { 'workbook.json': '{"id":"a b","title":"t","tabs":[]}' },
    missing: { 'workbook.json': '{"id":"a","title":"t","tabs":[{"gid":0,"title":"x","csv":"no.csv"}]}' },
    bare: {},
  })
  await t.rejects(loadWorkbook(join(folder, 'wrong')), /wrong\/workbook\.json: .*id/s)
  await t.rejects(loadWorkbook(join(folder, 'missing')), { code: 'ENOENT' })
  await t.rejects(loadWorkbooks(folder), { code: 'ENOENT' })
})
