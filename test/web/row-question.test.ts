import t from 'tap'
import {
  nextSort,
  questionIn,
  questionParameters,
  type RowQuestion,
  rowsQuery,
  testsFor,
} from '../../web/state/row-question.ts'
import { lineStart, placeInSql } from '../../web/state/sql-place.ts'

const ODD = `a "quoted", name') --`

t.test('what a table asks is in the address, and read from there as it was', async (t) => {
  const question: RowQuestion = {
    sort: { column: ODD, isDescending: true },
    filters: [
      { column: ODD, test: 'contains', value: '100%' },
      { column: 'Total', test: 'blank', value: '' },
    ],
  }
  t.same(questionIn(questionParameters(question)), question)
  t.same(questionParameters({ sort: undefined, filters: [] }), {})
})

t.test('an address that somebody has spoilt asks for nothing, and never throws', async (t) => {
  const nothing = { sort: undefined, filters: [] }
  for (const more of [
    { order: 'Total desc; DROP TABLE x', filters: '{' },
    { order: '"Total" sideways', filters: '"text"' },
    { order: '', filters: '[["a","__proto__","x"],["a","toString","x"],[1,"is","x"],["a","is"],null]' },
  ])
    t.same(questionIn(more), nothing)
  const many = JSON.stringify(Array.from({ length: 99 }, () => ['a', 'is', 'x']))
  t.equal(questionIn({ filters: many }).filters.length, 20)
})

t.test('values are bound and names are quoted: nothing that was typed is SQL', async (t) => {
  t.same(
    rowsQuery({
      sort: { column: ODD, isDescending: false },
      filters: [
        { column: ODD, test: 'from', value: "1' OR 1=1" },
        { column: 'b', test: 'filled', value: 'unused' },
        { column: 'c', test: 'contains', value: '%' },
      ],
    }),
    {
      order: `"a ""quoted"", name') --" asc`,
      where: `("a ""quoted"", name') --" >= ?) AND ("b" IS NOT NULL) AND (contains(lower(CAST("c" AS VARCHAR)), lower(?)))`,
      params: ["1' OR 1=1", '%'],
    },
  )
  t.same(rowsQuery({ sort: undefined, filters: [] }), {})
})

t.test('a header sorts up, then down, then not at all', async (t) => {
  const up = nextSort(undefined, 'a')
  t.same(up, { column: 'a', isDescending: false })
  const down = nextSort(up, 'a')
  t.same(down, { column: 'a', isDescending: true })
  t.equal(nextSort(down, 'a'), undefined)
  t.same(nextSort(down, 'b'), { column: 'b', isDescending: false })
})

t.test('a column is asked for what its type can answer', async (t) => {
  t.ok(testsFor('text').includes('contains'))
  t.notOk(testsFor('number').includes('contains'))
  t.ok(testsFor('date').includes('from'))
  t.same(testsFor('boolean'), ['is', 'not', 'blank', 'filled'])
})

t.test('the place of a fault in SQL is found, and none is made up', async (t) => {
  t.same(placeInSql('Binder Error: no x\nCandidates (line 2, column 19)'), { line: 2, column: 19 })
  t.equal(placeInSql('it took too long'), undefined)
  t.equal(lineStart('SELECT 1\nFROM x', 2), 9)
  t.equal(lineStart('SELECT 1', 1), 0)
})
