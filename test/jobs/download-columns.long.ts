import t from 'tap'
import { tabFromRows } from '../../emulator/workbook.ts'
import { aDownloader, LeapingClock } from './downloads.ts'

t.test('of tens of thousands of columns the examples go first, then the counts; the rows stay', async (t) => {
  const wide = (gid: number, columns: number) => ({
    ...tabFromRows(gid, `Tab ${gid}`, [[]], { rowCount: 2, columnCount: columns }),
    cell: (_row: number, column: number) => `${column} `.repeat(30),
  })
  const tabs = [wide(0, 15_000), wide(1, 5_000), wide(2, 18_000), tabFromRows(3, 'Small', [[5]])]
  const downloader = await aDownloader(t, {
    workbooks: [{ id: 'book', title: 'Book', tabs }],
    clock: new LeapingClock(),
  })
  const { snapshotId } = await downloader.run({ headerRow: 0, formats: ['ndjson'] })
  const manifest = await downloader.snapshots.find('book', snapshotId)
  t.strictSame(
    manifest?.tabs.map(({ columns, rows }) => [columns, rows]),
    [
      [15_000, 2],
      [5_000, 2],
      [18_000, 2],
      [1, 1],
    ],
  )
  const kept = manifest?.tabs.map(({ tallies }) => tallies?.[0] ?? null)
  t.ok(kept?.includes(null), 'one of them has no counts')
  t.ok(
    kept?.some((tally) => tally?.example === null && tally.values.text === 2),
    'one has counts without examples',
  )
  t.match(kept?.[3], { values: { integer: 1 }, example: 5 }, 'a small one has both')
  const bytes = Buffer.byteLength(JSON.stringify(manifest, undefined, 2))
  t.ok(bytes < 5_000_000, `${bytes} bytes of manifest`)
})
