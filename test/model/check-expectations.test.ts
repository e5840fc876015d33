import t from 'tap'
import { type CandidateTab, checkExpectations, expectationFailed } from '../../src/model/check-expectations.ts'
import { COLUMN_TYPES, type ColumnTally, type ColumnType, isOfType } from '../../src/model/column-schema.ts'
import { normalizeExpectations } from '../../src/model/expectation.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import type { SyncRequestInput } from '../../src/model/sync-request.ts'
import { warningAbout } from '../../src/model/sync-warning.ts'
import { aManifest, aTab } from '../snapshots/manifests.ts'
import { aQueuedSync } from '../support/syncs.ts'

type Expect = NonNullable<SyncRequestInput['expect']>

interface Shape {
  readonly gid?: number
  readonly rows?: number
  readonly range?: string
  /** What is counted of the columns; `null`: nothing is. */
  readonly columns?: Readonly<Record<string, ColumnTally['values']>>
  readonly isCounted?: boolean
}

function tab(title: string, { gid = 0, rows = 100, range, columns = {}, isCounted = true }: Shape = {}): CandidateTab {
  const names = Object.keys(columns)
  const tallies = Object.values(columns).map((values) => ({ values, longest: 0, example: null }))
  return {
    ...aTab(gid, title),
    range: range ?? null,
    rows,
    columns: names.length,
    columnNames: names,
    tallies: isCounted ? tallies : null,
    places: new Map(names.map((name, index) => [name, index])),
  }
}

const snapshot = (...tabs: CandidateTab[]) => ({ ...aManifest(newSyncId(), tabs), tabs })

function check(expect: Expect, candidate: ReturnType<typeof snapshot>, earlier = [] as ReturnType<typeof snapshot>[]) {
  const { request } = aQueuedSync({ expect })
  const { faults, warnings } = checkExpectations(request.expect, candidate, earlier)
  return { faults: faults.map(({ field, message }) => `${field}: ${message}`), warnings }
}

const orders = tab('Orders', { rows: 100, columns: { Order: { integer: 100 }, Price: { number: 98, text: 2 } } })

t.test('rows that are as expected pass without a word', async (t) => {
  const expect = { columns: ['Order', 'Price'], minRows: 100, types: { Order: 'integer', Price: ['mixed', 'empty'] } }
  t.strictSame(check(expect as Expect, snapshot(orders)), { faults: [], warnings: [] })
  t.strictSame(check({}, snapshot(tab('Empty', { rows: 0 }))), { faults: [], warnings: [] })
  t.strictSame(normalizeExpectations(undefined), [], 'nothing is expected unless somebody does')
})

t.test('every fault is told at once, with what was expected and what was found', async (t) => {
  const expect: Expect = {
    columns: ['Order', 'price', 'Customer'],
    minRows: 101,
    types: { Order: 'text', Price: ['number', 'empty'], Customer: 'text', Note: 'text' },
  }
  t.strictSame(check(expect, snapshot(orders)).faults, [
    'expect[0].columns: Tab "Orders": expected columns "price", "Customer", found columns "Order", "Price"',
    'expect[0].minRows: Tab "Orders": expected at least 101 rows, found 100',
    'expect[0].types.Order: Tab "Orders": expected text in column "Order", found integer (100 integer)',
    'expect[0].types.Price: Tab "Orders": expected number or empty in column "Price", found mixed (2 text, 98 number)',
    'expect[0].types.Note: Tab "Orders": expected text in column "Note", found no such column',
  ])
  t.strictSame(check([{ minRows: 5 }, { columns: ['a'] }], snapshot(tab('A', { rows: 1 }))).faults, [
    'expect[0].minRows: Tab "A": expected at least 5 rows, found 1',
    'expect[1].columns: Tab "A": expected column "a", found no columns',
  ])
})

t.test('without a tab it is expected of each, with one of all that is downloaded of that one', async (t) => {
  const book = snapshot(
    tab('Orders', { gid: 7, rows: 1, range: 'Orders!A1:B2' }),
    tab('Orders', { gid: 7, rows: 2, range: 'Orders!A1:B3' }),
    tab('Items', { gid: 8, rows: 3 }),
  )
  const fieldsOf = (expect: Expect) =>
    check(expect, book).faults.map((fault) => /range "[^"]+"|"Items"/.exec(fault)?.[0])
  const ranges = ['range "Orders!A1:B2"', 'range "Orders!A1:B3"']
  t.strictSame(fieldsOf({ minRows: 9 }), [...ranges, '"Items"'])
  for (const name of ['orders', 'gid:7', 7]) t.strictSame(fieldsOf({ tab: name, minRows: 9 }), ranges, String(name))
})

t.test('a tab that is not there any more is a fault, and so is no tab at all', async (t) => {
  const book = snapshot(tab('Orders', { gid: 7 }), tab('Items', { gid: 8 }))
  t.strictSame(check([{ tab: 'Stock' }, { tab: 9 }], book).faults, [
    'expect[0].tab: Tab "Stock": expected to be downloaded, found only "Orders", "Items"',
    'expect[1].tab: Tab gid 9: expected to be downloaded, found only "Orders", "Items"',
  ])
  t.strictSame(check({}, snapshot()).faults, [
    'expect[0].tab: Tabs: expected one at least to be downloaded, found none',
  ])
})

t.test('a ratio is of the newest earlier rows of the same tab, range and header row', async (t) => {
  const now = (rows: number, shape: Shape = {}) => snapshot(tab('Orders', { rows, ...shape }))
  const ratio = (candidate: ReturnType<typeof now>, earlier: ReturnType<typeof now>[], minRowsRatio = 0.55) =>
    check({ minRowsRatio }, candidate, earlier).faults.length === 0
  t.ok(ratio(now(55), [now(100), now(1000)]), 'the newest, and just as many pass')
  t.notOk(ratio(now(54), [now(100)]))
  t.notOk(ratio(now(0), [now(1)], 0.001), 'an emptied tab never does')
  t.ok(ratio(now(0), [now(0)], 1), 'unless it was empty before')
  t.notOk(ratio(now(1), [now(900, { range: 'A1:B9' }), now(100)]), 'a range is no reason for a whole tab')
  t.notOk(ratio(now(1, { range: 'A:B' }), [now(1), now(100, { range: 'A:B' })]))
  const below = { ...now(1), request: { ...now(1).request, headerRow: 3 } }
  t.notOk(ratio(now(1), [below, now(100)]), 'rows below another header are others')
  t.notOk(ratio(now(1), [now(100, { gid: 9 })]), 'a tab that was put in place of another of that title')
  t.ok(ratio(now(1), [now(1), now(100, { gid: 9 })]), 'though its own rows count first')
  t.strictSame(check({ minRowsRatio: 0.5 }, now(2), [now(5)]).faults, [
    'expect[0].minRowsRatio: Tab "Orders": expected at least 0.5 of the 5 rows of the snapshot of 2026-01-01T00:00:00.000Z, found 2',
  ])
})

t.test('a ratio without earlier rows passes, and each tab is warned of once', async (t) => {
  const book = snapshot(tab('Orders'), tab('Items', { gid: 1 }))
  t.match(check([{ minRowsRatio: 1 }, { minRowsRatio: 0.5, tab: 'Items' }], book), {
    faults: [],
    warnings: [
      { code: 'EXPECTATION_UNCHECKED', tab: 'Orders', message: /^Tab "Orders": no earlier rows/ },
      { code: 'EXPECTATION_UNCHECKED', tab: 'Items', count: 1 },
    ],
  })
})

t.test('a type stands for the narrower one too, and a column without a value is nothing but empty', async (t) => {
  const wider = { integer: 'number', date: 'datetime', time: 'duration' }
  const pairs = COLUMN_TYPES.flatMap((type) => COLUMN_TYPES.map((wanted): [ColumnType, ColumnType] => [type, wanted]))
  const other = pairs.filter(([type, wanted]) => type !== wanted && isOfType(type, wanted))
  t.strictSame(Object.fromEntries(other), wider)
  t.ok(COLUMN_TYPES.every((type) => isOfType(type, type)))
  const blank = snapshot(tab('Orders', { columns: { Price: {} } }))
  t.strictSame(check({ types: { Price: 'number' } }, blank).faults, [
    'expect[0].types.Price: Tab "Orders": expected number in column "Price", found empty',
  ])
  t.strictSame(check({ types: { Price: ['number', 'empty'] } }, blank).faults, [])
})

t.test('what was not counted is not as expected, whatever it is', async (t) => {
  const wide = snapshot(tab('Wide', { columns: { a: {} }, isCounted: false }))
  t.match(check({ types: { a: ['empty'] } }, wide).faults, [/found more columns than can be counted$/])
  t.strictSame(check({ columns: ['a'] }, wide).faults, [], 'their names are known')
})

t.test('cells that have not loaded are a fault of each expected tab once, unless they are allowed', async (t) => {
  const ranges = [tab('Orders', { range: 'A1:B2' }), tab('Orders', { range: 'A3:B4' }), tab('Items', { gid: 1 })]
  const warnings = [
    warningAbout({ tab: 'Orders', range: 'A1:B2' }, 'LOADING_CELLS', 2, ''),
    warningAbout({ tab: 'Orders', range: 'A3:B4' }, 'LOADING_CELLS', 3, ''),
    warningAbout({ tab: 'Items' }, 'ERROR_CELLS', 3, ''),
  ]
  const book = { ...snapshot(...ranges), warnings }
  t.strictSame(check({}, book).faults, [
    'expect[0].loading: Tab "Orders": expected all cells to have loaded, found Loading... in 5 cells',
  ])
  t.strictSame(check([{ loading: 'allow' }, { tab: 'Items' }], book).faults, [])
})

t.test('the failure names the first faults, tells the first hundred, and how to go on', async (t) => {
  const fault = (field: string) => ({ field, message: `Tab "${field}": …` })
  const few = expectationFailed(['a', 'b', 'c', 'd', 'e'].map(fault))
  t.equal(few.message, 'Tab "a": …; Tab "b": …; Tab "c": …; and 2 more.')
  t.match(few, { code: 'EXPECTATION_FAILED', status: 422, retryable: false, hint: /Mend the spreadsheet/ })
  t.equal(few.errors?.length, 5)
  t.match(expectationFailed([fault('expect[0].loading')]).hint, /Retry the sync in some minutes/)
  t.match(
    expectationFailed([fault('expect[0].loading'), fault('expect[0].types.loading')]).hint,
    /Mend the spreadsheet/,
  )
  const many = snapshot(...Array.from({ length: 300 }, (_, gid) => tab(`Tab ${gid}`, { gid, rows: 0 })))
  const { faults } = checkExpectations(aQueuedSync({ expect: { minRows: 1 } }).request.expect, many, [])
  t.equal(faults.length, 100)
  t.match(expectationFailed(faults).message, /; and many more\.$/)
})
