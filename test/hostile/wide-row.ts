import t from 'tap'
import { downloadOf, type Grid } from './support/one-tab.ts'

/** Short names, and rows of 5,000 cells of so many characters each. */
function wideRows(rows: number, characters: number): Grid {
  const text = 'x'.repeat(characters)
  return { rowCount: rows + 1, columnCount: 5000, cell: (row, column) => (row === 0 ? `c${column}` : text) }
}

const FORMATS = ['json', 'ndjson', 'csv'] as const

t.test('rows of 20 MB', async (t) => {
  const { sync, peakMb } = await downloadOf(t, wideRows(3, 4000), { formats: [...FORMATS] })
  t.match(sync, { state: 'succeeded', tabs: [{ rows: 3, columns: 5000 }] })
  t.ok(peakMb <= 400, 'are written in pieces')
})

t.test('a row of 50 MB', async (t) => {
  const { sync, peakMb } = await downloadOf(t, wideRows(1, 10_000))
  t.match(sync, { state: 'failed', attempt: 1, error: { code: 'GOOGLE_ANSWER_TOO_LARGE', retryable: false } })
  t.match(sync.error?.detail, 'Row 2 of "Tab" has more than')
  t.ok(peakMb <= 400, 'is refused before it is held as a whole')
})

t.test('names of 3.5 MB, which each row repeats', async (t) => {
  const name = 'x'.repeat(690)
  const { sync, peakMb } = await downloadOf(t, {
    rowCount: 31,
    columnCount: 5000,
    cell: (row, column) => (row === 0 ? `${column} ${name}` : 1),
  })
  t.match(sync, { state: 'succeeded', tabs: [{ rows: 30, columns: 5000 }] })
  t.ok(peakMb <= 320, 'are written in pieces')
})

t.test('names of 10 MB', async (t) => {
  const name = 'x'.repeat(2000)
  const grid = { rowCount: 2, columnCount: 5000, cell: (row: number) => (row === 0 ? name : 1) }
  const named = await downloadOf(t, grid)
  t.match(named.sync, { state: 'failed', attempt: 1, error: { code: 'HEADER_TOO_LARGE', retryable: false } })
  t.match(named.sync.error?.hint, /"headerRow" to 0/)
  const unnamed = await downloadOf(t, grid, { headerRow: 0 })
  t.match(unnamed.sync, { state: 'succeeded', tabs: [{ rows: 2, columns: 5000 }] })
  t.ok(Math.max(named.peakMb, unnamed.peakMb) <= 320, 'are refused, or are a row like any other')
})

t.test('100 MB of cells of 50,000 characters', async (t) => {
  const text = 'x'.repeat(50_000)
  const grid = { rowCount: 200, columnCount: 10, cell: () => text }
  const { sync, peakMb } = await downloadOf(t, grid, { headerRow: 0, formats: ['ndjson'] })
  t.match(sync, { state: 'succeeded', tabs: [{ rows: 200, columns: 10 }] })
  t.ok(peakMb <= 400, 'come a few at a time')
})
