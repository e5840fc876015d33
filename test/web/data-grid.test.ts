import t from 'tap'
import { ChangedCell, cellLine, cellText, columnWidth } from '../../web/parts/cells.ts'
import { columnStarts, columnWindow, scrollLeftFor } from '../../web/parts/column-window.ts'
import { cellAfter } from '../../web/parts/grid-keys.ts'
import { CHANGE_COLUMN, changeCounts, changeRow } from '../../web/state/change-rows.ts'
import { earlierSnapshots, formatsOf, type HeldSnapshot, newestTabs, tabNamed } from '../../web/state/held-tabs.ts'
import { barsOf, type Run, ruleWords, scheduleBody } from '../../web/state/schedules.ts'

t.test('of many columns those in sight are drawn, and no others', async (t) => {
  const starts = columnStarts(Array.from({ length: 18_278 }, () => 100))
  t.same(columnWindow(starts, 0, 1000), { first: 0, end: 11 })
  t.same(columnWindow(starts, 12_345, 1000), { first: 123, end: 134 })
  t.same(columnWindow(starts, 1e9, 1000), { first: 18_277, end: 18_278 })
  t.same(columnWindow(columnStarts([]), 0, 1000), { first: 0, end: 0 })
  for (let left = 0; left < 3000; left += 37) {
    const { first, end } = columnWindow(starts, left, 500)
    t.ok((starts[first] ?? 0) <= left && (starts[end] ?? 0) >= left + 500, `all from ${left} on is covered`)
  }
})

t.test('a column is scrolled to only as far as it needs', async (t) => {
  const starts = columnStarts([100, 100, 100, 900])
  t.equal(scrollLeftFor(starts, 1, 50, 400), 50, 'it is in sight')
  t.equal(scrollLeftFor(starts, 0, 50, 400), 0)
  t.equal(scrollLeftFor(starts, 2, 0, 250), 50)
  t.equal(scrollLeftFor(starts, 3, 0, 400), 300, 'one that is too wide shows how it begins')
})

t.test('keys lead through the cells, and never out of the table', async (t) => {
  const extent = { rows: 100, columns: 5, pageRows: 20 }
  const at = { row: 10, column: 2 }
  const after = (key: string, ctrlKey = false, from = at) => {
    const { row, column } = cellAfter(from, { key, ctrlKey }, extent) ?? {}
    return [row, column]
  }
  t.same(after('ArrowDown'), [11, 2])
  t.same(after('ArrowLeft'), [10, 1])
  t.same(after('PageDown'), [30, 2])
  t.same(after('PageUp'), [0, 2], 'a page up ends at the first row, and not in the header')
  t.same(after('ArrowUp', false, { row: 0, column: 2 }), [-1, 2], 'the header is above it')
  t.same(after('ArrowUp', false, { row: -1, column: 2 }), [-1, 2])
  t.same(after('End'), [10, 4])
  t.same(after('Home', true), [0, 0])
  t.same(after('End', true), [99, 4])
  t.same(after('ArrowRight', false, { row: 3, column: 4 }), [3, 4])
  t.equal(cellAfter(at, { key: 'a' }, extent), undefined)
})

t.test('a cell is shown as what it is, and a long one in part', async (t) => {
  t.same([null, undefined, false, 0, 1.5, 'x', [1]].map(cellText), ['', '', 'false', '0', '1.5', 'x', '[1]'])
  t.equal(cellText(new ChangedCell(null, 5)), 'blank → 5')
  t.equal(cellLine('x'.repeat(50_000)).length, 201)
  t.ok(columnWidth('A', 'text', 50_000) <= 320)
  t.ok(columnWidth('A', 'integer', 0) >= 80)
})

t.test('changes are rows of a table, told by sign and word', async (t) => {
  t.same(changeRow({ change: 'added', row: { a: 1 } }), { a: 1, [CHANGE_COLUMN]: '+ added' })
  t.same(changeRow({ change: 'changed', key: { id: 7 }, columns: { a: { old: 1, new: 2 } } }), {
    ...{ id: 7, a: new ChangedCell(1, 2) },
    [CHANGE_COLUMN]: '± changed',
  })
  t.equal(changeCounts({ added: 1, removed: 2000, changed: 0 }), '1 row added, 2,000 removed')
  t.equal(changeCounts({ added: 0, removed: 0, changed: 3 }), '3 rows changed')
  t.equal(changeCounts({ added: 0, removed: 0, changed: 0 }), undefined)
})

const tab = (gid: number, title: string, formats: HeldSnapshot['tabs'][number]['formats']) => ({
  ...{ gid, title, range: null, rows: 1, columns: 1, formats },
  isQueryable: formats.some((format) => format === 'json' || format === 'ndjson'),
})
const snapshot = (syncId: string, ...tabs: HeldSnapshot['tabs']): HeldSnapshot => ({
  ...{ syncId, publishedAt: '2026-01-01T00:00:00.000Z', consistent: true as const },
  tabs,
})

t.test(
  'each tab is that of the newest snapshot that holds it, to download in every format that there is',
  async (t) => {
    const snapshots = [
      snapshot('new', tab(1, 'B now', ['csv'])),
      snapshot('old', tab(0, 'A', ['ndjson']), tab(1, 'B', ['json', 'parquet'])),
      snapshot('oldest', tab(1, 'B', ['json'])),
    ]
    const tabs = newestTabs(snapshots)
    t.same(
      tabs.map(({ title, snapshot: { syncId } }) => `${title} of ${syncId}`),
      ['B now of new', 'A of old'],
    )
    t.equal(tabNamed(tabs, 'gid:0')?.title, 'A')
    t.equal(tabNamed(tabs, 'b NOW')?.gid, 1)
    t.equal(tabNamed(tabs, '')?.gid, 1)
    t.equal(tabNamed(tabs, 'C'), undefined)
    t.same(formatsOf(snapshots, 1), ['json', 'ndjson', 'csv', 'parquet'])
    t.same(formatsOf([snapshot('one', tab(0, 'A', ['csv']))], 0), ['csv'])
    t.same(
      earlierSnapshots(snapshots, 1).map(({ syncId }) => syncId),
      ['oldest'],
      'the newest that can be asked is the one that is compared',
    )
  },
)

t.test('a schedule tells when it runs, and its runs how much they changed', async (t) => {
  const rule = { cron: null, every: null, timeZone: 'UTC', onChange: false }
  t.equal(ruleWords({ ...rule, every: '15m' }), 'every 15m')
  t.equal(ruleWords({ ...rule, cron: '0 6 * * *', onChange: true }), '0 6 * * *, UTC, and on change')
  t.equal(ruleWords({ ...rule, onChange: true }), 'on change')
  const run = (added: number, removed: number) => ({ changed: { added, removed } }) as Run
  t.same(barsOf([run(100, 0), run(25, 100)]), [
    { added: 1, removed: 0 },
    { added: 0.5, removed: 1 },
  ])
  t.same(barsOf([{ changed: null } as Run]), [{ added: 0, removed: 0 }])
  t.ok((barsOf([run(1_000_000, 1)])[0]?.removed ?? 0) > 0.1, 'few beside many stay to be seen')
  const form = {
    name: ' N ',
    spreadsheet: ' S ',
    kind: 'every',
    every: ' 1h ',
    cron: '0 6 * * *',
    timeZone: 'UTC',
  } as const
  t.same(scheduleBody(form), { name: 'N', request: { spreadsheet: 'S' }, every: '1h' })
  t.same(scheduleBody({ ...form, kind: 'cron' }), {
    name: 'N',
    request: { spreadsheet: 'S' },
    cron: '0 6 * * *',
    timeZone: 'UTC',
  })
})
