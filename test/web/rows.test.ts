import t from 'tap'
import { rowWindow, scrollTopFor } from '../../web/parts/window.ts'
import type { ListedSync } from '../../web/state/listed-sync.ts'
import { callsPerMinute } from '../../web/state/rates.ts'
import { MOST_ROWS, SyncRows } from '../../web/state/sync-rows.ts'

const sync = (id: string, revision = 1) => ({ id, revision }) as ListedSync
const idsOf = ({ all }: SyncRows) => all.map(({ id, revision }) => `${id}${revision}`).join(' ')

t.test('changes come in where they belong, newest first, and an older revision changes nothing', async (t) => {
  const rows = new SyncRows([sync('d'), sync('c', 5), sync('b')])
  const changed = rows.changed(
    new Map([
      ['e', sync('e')],
      ['c', sync('c', 4)],
      ['b', sync('b', 2)],
      ['d', undefined],
      ['a', sync('a')],
    ]),
  )
  t.equal(idsOf(changed), 'e1 c5 b2 a1')
  t.equal(idsOf(rows), 'd1 c5 b1', 'what was is as it was')
})

t.test('a sync of a page that was not read yet waits for its page', async (t) => {
  const rows = new SyncRows([sync('d'), sync('c')], 'next')
  t.equal(idsOf(rows.changed(new Map([['b', sync('b')]]))), 'd1 c1')
  const further = rows.covered([sync('b')], null, 'c')
  t.equal(idsOf(further), 'd1 c1 b1')
  t.equal(further.nextPageToken, null)
})

t.test('a page that is listed again covers what was known of its syncs, and of no others', async (t) => {
  const rows = new SyncRows([sync('f'), sync('e', 3), sync('d'), sync('c'), sync('b')], 'after b')
  const first = rows.covered([sync('g'), sync('e', 2), sync('d', 2)], 'after d')
  t.equal(idsOf(first), 'g1 e3 d2 c1 b1')
  t.equal(first.nextPageToken, 'after b')
  t.equal(idsOf(first.covered([sync('b', 5), sync('a')], 'after a', 'd')), 'g1 e3 d2 b5 a1')
  t.equal(first.covered([sync('b', 5), sync('a')], 'after a', 'd').nextPageToken, 'after a')
  t.equal(idsOf(first.covered([], null, 'd')), 'g1 e3 d2')
  t.equal(idsOf(rows.covered([], null)), '')
})

t.test('no more rows are kept than can be scrolled', async (t) => {
  const many = Array.from({ length: MOST_ROWS + 5 }, (_, index) => sync(String(1e6 - index)))
  t.equal(new SyncRows(many).all.length, MOST_ROWS)
})

t.test('only the rows in sight are drawn, and what the keyboard is on comes into sight', async (t) => {
  const geometry = { count: 10_000, rowPx: 36, viewPx: 720 }
  const top = rowWindow(0, geometry)
  t.match(top, { areaPx: 360_000, first: 0, offsetPx: 0 })
  t.ok(top.end <= 30)
  const middle = rowWindow(3600, geometry)
  t.ok(middle.first <= 100 && middle.end >= 120 && middle.end - middle.first <= 40)
  t.equal(middle.offsetPx, middle.first * 36)
  t.equal(rowWindow(359_280, geometry).end, 10_000)
  t.equal(scrollTopFor(5, 3600, geometry), 180)
  t.equal(scrollTopFor(105, 3600, geometry), 3600, 'what is in sight stays')
  t.equal(scrollTopFor(120, 3600, geometry), 3636)
  t.same(rowWindow(0, { ...geometry, count: 0 }), { areaPx: 0, first: 0, end: 0, offsetPx: 0 })
})

t.test('of a million rows too the last one is reached, in an area that a browser can draw', async (t) => {
  const geometry = { count: 1_000_000, rowPx: 36, viewPx: 720 }
  const { areaPx } = rowWindow(0, geometry)
  t.ok(areaPx <= 10_000_000)
  const bottom = rowWindow(areaPx - 720, geometry)
  t.equal(bottom.end, 1_000_000)
  t.ok(Math.abs(bottom.offsetPx + (bottom.end - bottom.first) * 36 - areaPx) < 1, 'it ends where the area ends')
  for (const index of [0, 1, 500_000, 999_999]) {
    const scrollTop = scrollTopFor(index, 4_000_000, geometry)
    const { first, end } = rowWindow(scrollTop, geometry)
    t.ok(first <= index && index < end, String(index))
  }
})

t.test('calls a minute are those of the seconds before', async (t) => {
  const samples = [0, 1, 2, 3, 4, 5, 6, 60].map((second) => ({
    at: second * 1000,
    rows: 0,
    calls: Math.min(second, 6),
  }))
  const rates = callsPerMinute(samples)
  t.equal(rates.length, 7)
  t.same(
    rates.slice(0, 6).map(([, rate]) => Math.round(rate)),
    [60, 60, 60, 60, 60, 60],
  )
  t.ok((rates.at(-1)?.[1] ?? 99) < 1)
})
