import { isDeepStrictEqual } from 'node:util'
import t, { type Test } from 'tap'
import { pageQuestion } from '../../../src/rows/page-question.ts'
import { anEngine } from './an-engine.ts'

const ROWS = 30_000
const COLUMNS = { n: 'BIGINT', price: 'DOUBLE', day: 'DATE', at: 'TIMESTAMP', name: 'VARCHAR', few: 'BIGINT' } as const

interface Page {
  readonly order: string
  readonly where?: string
  readonly params?: string[]
  readonly limit?: number
  readonly offset?: number
  readonly select?: string
}

/** Asks pages of a table that is large enough to be read in part: as they are put, and of all rows. */
async function aTable(t: Test) {
  const { ask, table } = await anEngine(t, { timeLimitMs: 20_000 })
  const day = (number: number) => new Date(number * 86_400_000).toISOString().slice(0, 10)
  const rows = Array.from({ length: ROWS }, (_, n) => ({
    n,
    // In no order, with blanks and ties.
    price: n % 11 === 0 ? null : ((n * 7919) % 10_007) / 4,
    day: n % 3 === 0 ? null : day((n * 31) % 9000),
    at: `${day((n * 17) % 5000)}T${String(n % 24).padStart(2, '0')}:30:00`,
    name: `text ${(n * 13) % 997}`,
    few: n < 50 ? n : null,
  }))
  await table(COLUMNS, rows)
  const asked = ({ order, where, params = [], limit = 20, offset = 0, select }: Page) =>
    pageQuestion({ order, where, params, limit, offset, select, count: false, format: 'ndjson' }, Object.keys(COLUMNS))
  const page = async (of: Page) => {
    const { sql, ...question } = asked(of)
    return ask(sql, question)
  }
  const ofAll = async (of: Page) => {
    const { sql, sorted: _, ...question } = asked(of)
    return ask(sql, question)
  }
  return { page, ofAll }
}

t.test('a sorted page is the same whether all rows are looked at or not', async (t) => {
  const { page, ofAll } = await aTable(t)
  const orders = [
    'n',
    'n desc',
    'price',
    'price desc',
    'price desc nulls first',
    'price desc, n desc',
    'day desc',
    'at',
  ]
  orders.push('name desc', 'few')
  const pages: Omit<Page, 'order'>[] = [
    {},
    { limit: 100, offset: 150 },
    { limit: 1, offset: 29_990 },
    { limit: 900, offset: 500 },
    { where: "name ilike '%99%'", select: 'n,name' },
    { where: 'price >= ? -- more than that\n', params: ['2000'] },
    // Few rows, or none, and such as one bound leaves out.
    { where: 'n < 30' },
    { where: 'few IS NOT NULL or price IS NULL', limit: 60 },
    { where: 'false' },
    { where: 'NULL' },
    { where: 'n % 7', limit: 300 },
    { where: 'price > (SELECT avg(price) FROM f0.t)' },
  ]
  const unlike: unknown[] = []
  for (const order of orders) {
    for (const one of pages) {
      // Twice, as what was not enough is remembered.
      for (let time = 0; time < 2; time += 1) {
        const [some, all] = [await page({ ...one, order }), await ofAll({ ...one, order })]
        const of = (answer: typeof some) => [answer.text, answer.rows, answer.hasMore, answer.columns]
        if (!isDeepStrictEqual(of(some), of(all))) unlike.push([order, one, of(some), of(all)])
      }
    }
  }
  t.same(unlike, [])
})

t.test('the first rows of a sorted table are found without a look at all others', async (t) => {
  const { page, ofAll } = await aTable(t)
  // Fails in every row that it is asked of, but for the last ones.
  const where = "CASE WHEN n < 20000 THEN error('looked at') ELSE n % 3 = 0 END"
  t.equal((await page({ order: 'n desc', where, limit: 5 })).rows, 5)
  await t.rejects(ofAll({ order: 'n desc', where, limit: 5 }), { code: 'QUERY_INVALID' })
  await t.rejects(
    page({ order: 'n', where, limit: 5 }),
    { code: 'QUERY_INVALID' },
    'where they are needed they are read',
  )
})

t.test('what is wrong with a filter is told at its own place', async (t) => {
  const { page, ofAll } = await aTable(t)
  for (const where of ['price >= ?', 'nothing = 1', 'n = 1 and\n  nothing = 2', 'n) or (true', 'sum(n) > 1']) {
    const failures = await Promise.all(
      [page, ofAll].map((asked) => asked({ order: 'price', where }).catch((error: unknown) => error)),
    )
    t.match(failures[0], { code: 'QUERY_INVALID' })
    t.same(String(failures[0]), String(failures[1]))
  }
})
