import t from 'tap'
import { downloadOf, nameOf } from './support/one-tab.ts'

t.test('headers of 300 characters over blank rows before one cell', async (t) => {
  const { sync, peakMb } = await downloadOf(t, {
    rowCount: 20_001,
    columnCount: 100,
    cell: (row, column) => (row === 0 ? nameOf(column, 300) : row === 20_000 && column === 0 ? 1 : null),
  })
  t.match(sync, { state: 'succeeded', tabs: [{ rows: 20_000 }] })
  t.ok(peakMb <= 320, 'memory stays flat')
})
