import t, { type Test } from 'tap'
import { pageQuestion } from '../../../src/rows/page-question.ts'
import { anEngine } from './an-engine.ts'

const ROWS = 9000

interface Page {
  readonly order?: string
  readonly where?: string
  readonly params?: string[]
  readonly limit: number
  readonly offset: number
}

/** Asks pages of a table, and tells how each is put. */
async function aTable(t: Test, names: readonly [string, string] = ['n', 'few']) {
  const { ask, table } = await anEngine(t, { timeLimitMs: 20_000 })
  const [n, few] = names
  const rows = Array.from({ length: ROWS }, (_, row) => ({
    [n]: (row * 7919) % 10_007,
    [few]: row % 13 === 0 ? null : row % 7,
  }))
  await table({ [n]: 'BIGINT', [few]: 'BIGINT' }, rows)
  return {
    rows,
    async page({ order, where, params = [], limit, offset }: Page) {
      const asked = { order, where, params, limit, offset, select: undefined, count: false, format: 'ndjson' as const }
      const { sql, ...question } = pageQuestion(asked, names)
      const { text } = await ask(sql, question)
      return { sql, rows: text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)])) }
    },
  }
}

t.test('a page far down holds the rows that stand there, and is not looked for among all cells', async (t) => {
  const { rows, page } = await aTable(t)
  for (const offset of [1999, 2000, 5000, 8990, 9000, 20_000]) {
    const read = await page({ limit: 20, offset })
    t.same(read.rows, rows.slice(offset, offset + 20), `from ${offset} on`)
    t.equal(/BETWEEN/.test(read.sql), offset >= 2000)
  }
  const blanksLast = (value: number | null | undefined) => value ?? Number.POSITIVE_INFINITY
  const sorted = rows.toSorted((one, other) => blanksLast(one.few) - blanksLast(other.few))
  t.same((await page({ order: 'few', limit: 50, offset: 6000 })).rows, sorted.slice(6000, 6050), 'ties as in the tab')
  t.same((await page({ order: 'few', limit: 50, offset: 8980 })).rows, sorted.slice(8980), 'the last one')
  const fitting = (all: typeof rows) => all.filter(({ n }) => (n ?? 0) >= 500)
  const where = { where: '-- of a line\nn >= ?', params: ['500'] }
  t.same((await page({ ...where, limit: 30, offset: 4000 })).rows, fitting(rows).slice(4000, 4030))
  t.same((await page({ ...where, order: 'few', limit: 30, offset: 4000 })).rows, fitting(sorted).slice(4000, 4030))
})

t.test('a column that is called as the number of a row is none', async (t) => {
  const { page } = await aTable(t, ['RowId', 'few'])
  const { sql, rows } = await page({ limit: 5, offset: 3000 })
  t.notMatch(sql, 'BETWEEN')
  t.equal(rows.length, 5)
})
