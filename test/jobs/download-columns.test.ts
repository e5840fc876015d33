import t, { type Test } from 'tap'
import { changing, shownAs, tabFromRows, type Writable } from '../../emulator/workbook.ts'
import { columnType } from '../../src/model/column-schema.ts'
import type { ManifestTab } from '../../src/model/snapshot-manifest.ts'
import type { SyncRequestInput } from '../../src/model/sync-request.ts'
import { JobStop } from '../../src/ports/job-runner.ts'
import type { SnapshotDraft, SnapshotStore } from '../../src/ports/snapshot-store.ts'
import { claimSync } from '../../src/syncs/sync.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { aDownloader, callsOf, LeapingClock } from './downloads.ts'

const aBook = (rows: readonly (readonly Writable[])[]) => ({
  id: 'book',
  title: 'Book',
  tabs: [tabFromRows(0, 'Data', rows)],
})

async function tabOf(t: Test, rows: readonly (readonly Writable[])[], request: Partial<SyncRequestInput> = {}) {
  const downloader = await aDownloader(t, { workbooks: [aBook(rows)], clock: new LeapingClock() })
  const { snapshotId } = await downloader.run(request)
  return (await downloader.snapshots.find('book', snapshotId))?.tabs[0] as ManifestTab
}

const ELAPSED = ['30:15', '24:00', '-6:00', '552:00:00', '554:00:00']

/** Cells as they are shown, with the type that comes of each column. */
const CASES: readonly {
  readonly kind: string
  readonly cells: readonly (readonly Writable[])[]
  readonly types: readonly string[]
  readonly request?: Partial<SyncRequestInput>
}[] = [
  {
    kind: 'durations',
    cells: [['v'], ...[1.260_416_666_7, 1, -0.25, 23, 23.083_333_333_3].map((v, n) => [shown(v, ELAPSED[n] ?? '')])],
    types: ['duration'],
  },
  { kind: 'a time of day past 24 h', cells: [['t'], [shownAs(1.031_25, 'h:mm:ss AM/PM')]], types: ['time'] },
  {
    kind: 'midnight in a date-time',
    cells: [['at'], [shownAs(43_831, 'm/d/yyyy h:mm:ss')], [shownAs(43_831.5, 'm/d/yyyy h:mm:ss')]],
    types: ['datetime'],
  },
  { kind: 'the day 0', cells: [['d'], [shownAs(0, 'm/d/yyyy')]], types: ['date'] },
  {
    kind: 'recalculated between the reads',
    cells: [['v'], [changing(172.5, 'Loading...')], [changing(415, '#N/A')], [changing(7, 'out of stock')]],
    types: ['number'],
  },
  { kind: 'not loaded yet', cells: [['Loading...']], types: ['empty'] },
  {
    kind: 'shown numbers',
    request: { values: 'formatted' },
    cells: [['n'], [-1234.56], [shownAs(-0.25, '[h]:mm')], [true], ['=cmd']],
    types: ['text'],
  },
  {
    kind: 'formulas',
    request: { values: 'formula' },
    cells: [
      ['n', 'd'],
      [5, shownAs(5.5, 'm/d/yyyy')],
    ],
    types: ['integer', 'number'],
  },
  {
    kind: 'dates as numbers',
    request: { dates: 'serial' },
    cells: [['d'], [shownAs(43_831, 'm/d/yyyy')]],
    types: ['integer'],
  },
  {
    kind: 'what a spreadsheet program runs',
    cells: [['t'], ['\n=1+1'], ['＝1+1'], ['\ufeff=1+1'], ['a;=1+1']],
    types: ['text'],
  },
  {
    kind: 'short rows',
    request: { headerRow: 0 },
    cells: [[1, 2], [], [1, 2, 3]],
    types: ['integer', 'integer', 'integer'],
  },
  {
    kind: 'odd headers',
    cells: [
      [' Name', ' ', '\ufeffid'],
      ['x', 'y', 'z'],
    ],
    types: ['text', 'text', 'text'],
  },
]

function shown(serial: number, text: string): Writable {
  return shownAs(serial, text.split(':').length > 2 ? '[h]:mm:ss' : '[h]:mm')
}

t.test('each column has the type of what comes out of its cells', async (t) => {
  for (const { kind, cells, types, request } of CASES) {
    const { tallies } = await tabOf(t, cells, request)
    t.strictSame(
      tallies?.map(({ values }) => columnType(values)),
      types,
      kind,
    )
  }
})

t.test('the header is not counted, columns past it are, and blank rows in the middle are blank cells', async (t) => {
  const { rows, tallies } = await tabOf(t, [['a', 'never'], [1], [], [null, null, 'x'], [], []])
  t.equal(rows, 3)
  t.strictSame(tallies, [
    { values: { integer: 1 }, longest: 0, example: 1 },
    { values: {}, longest: 0, example: null },
    { values: { text: 1 }, longest: 1, example: 'x' },
  ])
  t.strictSame((await tabOf(t, [[]])).tallies, [])
  t.strictSame((await tabOf(t, [['a']], { headerRow: 9 })).tallies, [])
})

t.test('where an earlier release has checkpointed some rows, nothing is said of all of them', async (t) => {
  const tabs = [1, 2].map((gid) =>
    tabFromRows(gid, `Tab ${gid}`, [['n'], ...Array.from({ length: 200 }, (_, n) => [`${gid} ${n}`])]),
  )
  const options = { workbooks: [{ id: 'book', title: 'Book', tabs }], clock: new LeapingClock(), tuning: callsOf(20) }
  const downloader = await aDownloader(t, { ...options, aroundSnapshots: withoutTallies })
  const sync = claimSync(aQueuedSync({ spreadsheet: 'book' }), 'a test', new Date())
  const stop = new AbortController()
  const run = downloader.run(
    {},
    {
      sync,
      signal: stop.signal,
      onReport: ({ tabs: told }) => {
        if ((told?.[0]?.rows ?? 0) > 100) stop.abort(new JobStop('interrupted'))
      },
    },
  )
  await t.rejects(run, { message: /interrupted/ })
  const { snapshotId } = await downloader.run({}, { sync: downloader.claimedAgain(sync) })
  const [first] = (await downloader.snapshots.find('book', snapshotId))?.tabs ?? []
  t.match([first?.rows, first?.tallies], [200, null])
  const again = (await downloader.snapshots.find('book', (await downloader.run({})).snapshotId))?.tabs[0]
  t.match(again?.tallies, [{ values: { text: 200 } }], 'begun anew, all are counted')
})

/** Snapshots whose checkpoints hold no more than those of an earlier release. */
function withoutTallies(snapshots: SnapshotStore): SnapshotStore {
  const draftOf = (draft: SnapshotDraft) =>
    bound(draft, {
      saveCheckpoint: (value) => {
        const { written, ...rest } = value as { written: { tallies?: unknown }[] }
        return draft.saveCheckpoint({ ...rest, written: written.map(({ tallies: _, ...area }) => area) })
      },
    })
  return bound(snapshots, { openDraft: async (key, signal) => draftOf(await snapshots.openDraft(key, signal)) })
}

function bound<T extends object>(target: T, instead: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = name in instead ? instead[name as keyof T] : target[name as keyof T]
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
