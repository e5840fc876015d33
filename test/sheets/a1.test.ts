import t from 'tap'
import { columnLetters } from '../../src/blocks/column-names.ts'
import { clipToGrid, columnIndex, formatRange, isSameRange, parseReference } from '../../src/sheets/a1.ts'

t.test('columns have letters, and letters columns', async (t) => {
  for (const [index, letters] of [
    [0, 'A'],
    [25, 'Z'],
    [26, 'AA'],
    [701, 'ZZ'],
    [702, 'AAA'],
    [18_277, 'ZZZ'],
  ] as const) {
    t.equal(columnLetters(index), letters)
    t.equal(columnIndex(letters), index)
    t.equal(columnIndex(letters.toLowerCase()), index)
  }
})

t.test('a range is always written with a quoted title', async (t) => {
  const area = { startRow: 0, endRow: 10, startColumn: 1, endColumn: 3 }
  t.equal(formatRange('CRM26', area), "'CRM26'!B1:C10")
  t.equal(formatRange("It's", area), "'It''s'!B1:C10")
})

t.test('references are read as Google reads them', async (t) => {
  t.strictSame(parseReference('B2'), { startColumn: 1, endColumn: 2, startRow: 1, endRow: 2 })
  t.strictSame(parseReference('$B$2:D10'), { startColumn: 1, endColumn: 4, startRow: 1, endRow: 10 })
  t.strictSame(
    parseReference('D10:B2'),
    { startColumn: 1, endColumn: 4, startRow: 1, endRow: 10 },
    'corners in any order',
  )
  t.strictSame(parseReference('A:C'), { startColumn: 0, endColumn: 3 })
  t.strictSame(parseReference('2:5'), { startRow: 1, endRow: 5 })
  t.strictSame(parseReference('A2:C'), { startColumn: 0, endColumn: 3, startRow: 1 })
  t.strictSame(parseReference('A5:A'), { startColumn: 0, endColumn: 1, startRow: 4 })
  for (const text of ['', 'A', '1', 'A0', 'A:5', 'ABCD1', 'A1:B2:C3', ':B2', 'A1:', 'a b', 'R1C1']) {
    t.equal(parseReference(text), undefined, text)
  }
})

t.test('a reference is cut to the grid, and one that begins outside names nothing', async (t) => {
  const grid = { rows: 10, columns: 5 }
  t.strictSame(clipToGrid({}, grid), { startRow: 0, endRow: 10, startColumn: 0, endColumn: 5 })
  t.strictSame(clipToGrid({ startRow: 5, endRow: 99, startColumn: 4, endColumn: 9 }, grid), {
    startRow: 5,
    endRow: 10,
    startColumn: 4,
    endColumn: 5,
  })
  t.equal(clipToGrid({ startRow: 10 }, grid), undefined)
  t.equal(clipToGrid({ startColumn: 5 }, grid), undefined)
})

t.test('an answered range is the asked one only if every bound and the title are', async (t) => {
  const area = { startRow: 1, endRow: 10, startColumn: 0, endColumn: 3 }
  t.ok(isSameRange("'It''s'!A2:C10", "It's", area))
  t.ok(isSameRange('Sheet1!A2:C10', 'Sheet1', area))
  t.ok(isSameRange('A!B1!A2:C10', 'A!B1', area), 'a bare title with an exclamation mark')
  t.notOk(isSameRange('Sheet1!A2:C9', 'Sheet1', area))
  t.notOk(isSameRange('Sheet1!A2:B10', 'Sheet1', area))
  t.notOk(isSameRange('Sheet2!A2:C10', 'Sheet1', area))
  t.notOk(isSameRange('Sheet1', 'Sheet1', area))
  t.ok(isSameRange('Sheet1!B2', 'Sheet1', { startRow: 1, endRow: 2, startColumn: 1, endColumn: 2 }), 'one cell')
})
