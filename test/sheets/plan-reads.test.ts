import t from 'tap'
import type { AreaToRead } from '../../src/ports/sheet-source.ts'
import {
  type AreaPlan,
  nextWave,
  type PlannedRead,
  planArea,
  planFirstReads,
  planLateDates,
  planRestOfReads,
} from '../../src/sheets/plan-reads.ts'

const CELLS = 1000
const limits = { cells: CELLS, urlBytes: 6000 }

function area(rows: number, columns: number, known: Partial<AreaToRead> = {}): AreaToRead {
  const rectangle = { startRow: 0, endRow: rows, startColumn: 0, endColumn: columns }
  return { title: 'Tab', rectangle, fromRow: 0, header: null, numberColumns: [], ...known }
}

function plans(...areas: AreaToRead[]): AreaPlan[] {
  return areas.map(planArea)
}

/** What each read asks for: `kind area:rows of columns`. */
function told(reads: Iterable<PlannedRead>): string[] {
  return [...reads].map(({ kind, ranges }) => {
    const parts = ranges.map(({ plan, rectangle: { startRow, endRow, startColumn, endColumn } }) => {
      return `${plan.area}:${startRow}-${endRow} of ${startColumn}-${endColumn}`
    })
    return `${kind} ${parts.join(', ')}`
  })
}

t.test('the first phase reads small areas whole, and a first block of each large one', async (t) => {
  const all = plans(area(100, 4), area(10_000, 10), area(30, 10))
  const wave = nextWave(all, CELLS)
  t.strictSame(
    wave.map((plan) => plan.area),
    [0, 2, 1],
    'whole ones need not wait for large ones',
  )
  t.strictSame(told(planFirstReads(wave, limits)), ['first 0:0-100 of 0-4, 2:0-30 of 0-10, 1:0-33 of 0-10'])
})

t.test('the second phase reads all that is left once, dates ahead of the rows that need them', async (t) => {
  const all = plans(area(100, 4), area(400, 10))
  const wave = nextWave(all, CELLS)
  told(planFirstReads(wave, limits))
  const [small, large] = all
  if (small === undefined || large === undefined) throw new Error('no plans')
  small.numberColumns = [1]
  large.numberColumns = [0, 2]
  t.strictSame(told(planRestOfReads(wave, limits, limits)), [
    'dates 0:0-100 of 1-2, 1:0-400 of 0-1, 1:0-400 of 2-3',
    'rest 1:50-137 of 0-10',
    'rest 1:137-224 of 0-10',
    'rest 1:224-312 of 0-10',
    'rest 1:312-400 of 0-10',
  ])
})

t.test('without numbers no dates are read, and what was read before is not read again', async (t) => {
  const all = plans(area(150, 10, { fromRow: 100, header: ['a'] }), area(10, 10))
  const wave = nextWave(all, CELLS)
  t.strictSame(told(planFirstReads(wave, limits)), ['first 1:0-10 of 0-10'])
  t.strictSame(told(planRestOfReads(wave, limits, limits)), ['rest 0:100-150 of 0-10'])
})

t.test('of very many areas only some wait for their dates at a time', async (t) => {
  const all = plans(...Array.from({ length: 500 }, () => area(10, 10)))
  let areas = 0
  while (areas < all.length) {
    const wave = nextWave(all.slice(areas), CELLS)
    t.ok(wave.length > 0 && wave.length * 100 <= 6 * CELLS, `${wave.length} areas`)
    areas += wave.length
  }
})

t.test('a long header makes blocks of fewer rows, as each row repeats it', async (t) => {
  const header = Array.from({ length: 100 }, () => 'x'.repeat(240_000))
  const all = plans(area(100, 100, { fromRow: 1, header }))
  const rest = told(planRestOfReads(nextWave(all, CELLS), { ...limits, cells: 1e6 }, limits))
  t.equal(rest.length, 10)
  t.equal(rest[0], 'rest 0:1-11 of 0-100')
})

t.test('columns that hold numbers late are read from there on, as far as dates are planned', async (t) => {
  const [plan] = plans(area(1000, 4))
  if (plan === undefined) throw new Error('no plan')
  plan.nextRow = 300
  t.strictSame(told(planLateDates(plan, [1, 2], 100, limits)), ['dates 0:100-300 of 1-3'])
  t.equal(plan.nextDateRow, 300, 'rows that are not planned yet get their dates with those of the other columns')
  plan.numberColumns = [1, 2]
  t.strictSame(told(planLateDates(plan, [3], 200, { ...limits, cells: 50 })), [
    'dates 0:200-250 of 3-4',
    'dates 0:250-300 of 3-4',
  ])
})
