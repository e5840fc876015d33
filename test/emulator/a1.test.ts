import fc from 'fast-check'
import t from 'tap'
import { columnIndex, columnLetters, formatRange, quoteTitle, resolveRange } from '../../emulator/a1.ts'
import { GoogleError } from '../../emulator/google-error.ts'
import { LiveWorkbook } from '../../emulator/live-workbook.ts'
import { chartTab, tabFromRows } from '../../emulator/workbook.ts'

const grid = (gid: number, title: string, hidden = false) =>
  tabFromRows(gid, title, [], { rowCount: 100, columnCount: 10, hidden })
const workbook = new LiveWorkbook(
  {
    id: 'a1',
    title: 'A1',
    tabs: [
      grid(9, 'Hidden', true),
      grid(0, 'First'),
      grid(1, 'CRM26'),
      grid(2, "It's 'quoted'!"),
      grid(3, 'A:C'),
      grid(4, 'Totals'),
      chartTab(5, 'Chart'),
    ],
    namedRanges: [
      {
        name: 'Totals',
        gid: 1,
        range: { startRowIndex: 1, endRowIndex: 3, startColumnIndex: 0, endColumnIndex: 2 },
      },
    ],
  },
  0,
)
const find = (text: string) => {
  const place = resolveRange(workbook, text)
  return formatRange(place.tab.title, place)
}

t.test('every form of reference names the rectangle that Google gives it', async (t) => {
  const cases: Record<string, string> = {
    'First!A1:C10': 'First!A1:C10',
    'First!B3': 'First!B3',
    'First!b3:$c$4': 'First!B3:C4',
    'First!C4:B3': 'First!B3:C4',
    'First!A:C': 'First!A1:C100',
    'First!2:5': 'First!A2:J5',
    'First!A2:C': 'First!A2:C100',
    'First!A5:A': 'First!A5:A100',
    'First!A1:5': 'First!A1:J5',
    'First!J100:ZZ2000': 'First!J100',
    'First!A1:C5000': 'First!A1:C100',
    First: 'First!A1:J100',
    first: 'First!A1:J100',
    "'First'": 'First!A1:J100',
  }
  for (const [asked, answered] of Object.entries(cases)) t.equal(find(asked), answered, asked)
})

t.test('a reference without a tab is one of the first visible tab', async (t) => {
  t.equal(find('A1:B2'), 'First!A1:B2')
  t.equal(find('3:4'), 'First!A3:J4')
  t.equal(find('A:C'), 'First!A1:C100', 'even where a tab has that title')
})

t.test('a title that looks like a cell is a tab only in quotes', async (t) => {
  t.equal(find("'CRM26'"), "'CRM26'!A1:J100")
  t.equal(find("'CRM26'!A2"), "'CRM26'!A2")
  t.equal(find('CRM26!A2'), "'CRM26'!A2", 'before ! it can only be a title')
  t.throws(() => find('CRM26'), { message: 'Range (First!CRM26) exceeds grid limits. Max rows: 100, max columns: 10' })
})

t.test('quotes in a title are doubled', async (t) => {
  t.equal(find("'It''s ''quoted''!'!A1"), "'It''s ''quoted''!'!A1")
  t.equal(find("'A:C'!B2:C3"), "'A:C'!B2:C3")
})

t.test('a named range goes before a tab of that title unless the title is quoted', async (t) => {
  t.equal(find('Totals'), "'CRM26'!A2:B3")
  t.equal(find("'Totals'"), 'Totals!A1:J100')
  t.equal(find("'First'!Totals"), "'CRM26'!A2:B3", 'after a title it keeps its own tab')
})

t.test('what names nothing is Google’s parse error', async (t) => {
  for (const text of [
    'Nowhere',
    "'Nowhere'!A1",
    'First!A0',
    'First!',
    'First!A1:B2:C3',
    'First!A:5',
    'Chart!A1',
    'First!A1:',
    '',
  ]) {
    t.throws(() => find(text), new GoogleError(400, `Unable to parse range: ${text}`), text)
  }
})

t.test('a start outside the grid is an error, an end is clipped', async (t) => {
  const limits = 'exceeds grid limits. Max rows: 100, max columns: 10'
  t.throws(() => find('First!101:200'), { message: `Range (First!101:200) ${limits}` })
  t.throws(() => find('First!K1:L'), { message: `Range (First!K1:L) ${limits}` })
  t.throws(() => find("'CRM26'!Z1"), { message: `Range ('CRM26'!Z1) ${limits}` })
})

t.test('a title is quoted in answers unless it is a plain word that is no cell', async (t) => {
  for (const plain of ['Sheet1', 'finances', 'Q_1', '_x']) t.equal(quoteTitle(plain), plain)
  for (const odd of ['D3', 'CRM26', 'R1C1', 'rc', 'Sheet 1', '2024', '🌵', "O'Neill"]) {
    t.equal(quoteTitle(odd), `'${odd.replaceAll("'", "''")}'`)
  }
})

t.test('columns and letters are inverse', async (t) => {
  t.equal(columnLetters(0), 'A')
  t.equal(columnLetters(25), 'Z')
  t.equal(columnLetters(26), 'AA')
  t.equal(columnLetters(18_277), 'ZZZ')
  fc.assert(fc.property(fc.nat(18_277), (column) => columnIndex(columnLetters(column)) === column))
})

t.test('any title in quotes finds its own tab', async (t) => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.nat(9), (title, column) => {
      const one = new LiveWorkbook({ id: 'x', title: 'x', tabs: [grid(0, 'Other'), grid(7, title)] }, 0)
      const quoted = `'${title.replaceAll("'", "''")}'`
      const place = resolveRange(one, `${quoted}!${columnLetters(column)}2:${columnLetters(column)}3`)
      return place.tab.title === title && resolveRange(one, quoted).tab.title === title
    }),
    { numRuns: 2_000 },
  )
  t.pass()
})
