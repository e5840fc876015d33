import t, { type Test } from 'tap'
import { changing, date, tabFromRows, type Writable } from '../../emulator/workbook.ts'
import type { AppError } from '../../src/errors.ts'
import type { ActiveSync } from '../../src/model/sync.ts'
import type { SyncRequestInput } from '../../src/model/sync-request.ts'
import { JobStop } from '../../src/ports/job-runner.ts'
import { claimSync } from '../../src/syncs/sync.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { aDownloader, callsOf, type Downloader, LeapingClock } from './downloads.ts'

type Rows = readonly (readonly Writable[])[]

const HEADER = ['Order', 'Price', 'Date']
const GOOD: Rows = [HEADER, ...Array.from({ length: 10 }, (_, n) => [n, n + 0.5, date('2024-01-31')])]

/** A spreadsheet with the tabs Orders and Items, of which good rows are published, as `before` asked for them. */
async function aPublished(t: Test, before: Partial<SyncRequestInput> = {}) {
  const downloader = await aDownloader(t, {
    workbooks: [{ id: 'book', title: 'Book', tabs: [] }],
    clock: new LeapingClock(),
  })
  let version = 0
  const hold = (orders: Rows, title = 'Orders') => {
    version += 1
    const tabs = [tabFromRows(0, title, orders), tabFromRows(1, 'Items', [['Item'], ['x']])]
    downloader.emulator.addWorkbook({ id: 'book', title: 'Book', version, tabs })
  }
  hold(GOOD)
  const good = await downloader.run(before)
  return { downloader, hold, good }
}

/** The failure of a sync, which must leave the good snapshot, and nothing else. */
async function failureOf(
  t: Test,
  { downloader, good }: Pick<Awaited<ReturnType<typeof aPublished>>, 'downloader' | 'good'>,
  body: Partial<SyncRequestInput>,
  sync?: ActiveSync,
): Promise<AppError> {
  const kept = await downloader.snapshots.list('book')
  const error = await downloader.run(body, sync && { sync }).then(
    () => t.fail('it succeeded'),
    (failure) => failure,
  )
  t.match(error, { code: 'EXPECTATION_FAILED' })
  t.strictSame(await downloader.snapshots.list('book'), kept, 'what was published stays, and nothing else is')
  t.match(JSON.parse(await downloader.text(good, 'json')), { length: 10 }, 'the good rows can be read')
  t.equal(await downloader.snapshots.sweepDrafts(async () => false), 0, 'nothing staged is left')
  return error
}

t.test('an emptied tab does not replace good rows', async (t) => {
  const published = await aPublished(t)
  const expect = { tab: 'Orders', minRows: 1, types: { Price: 'number' as const } }
  published.hold([HEADER])
  const headerOnly = await failureOf(t, published, { expect })
  t.strictSame(
    headerOnly.errors?.map(({ field, message }) => [field, message]),
    [
      ['expect[0].minRows', 'Tab "Orders": expected at least 1 row, found 0'],
      ['expect[0].types.Price', 'Tab "Orders": expected number in column "Price", found empty'],
    ],
  )
  t.equal(headerOnly.message, `${headerOnly.errors?.map(({ message }) => message).join('; ')}.`)
  published.hold([])
  const nothing = await failureOf(t, published, { expect })
  t.match(nothing.message, /found 0; .* found no such column\.$/)
  published.hold([HEADER, [null, '', null], [null, '', null]])
  await failureOf(t, published, { expect })
  published.hold(GOOD)
  t.match(await published.downloader.run({ expect }), { outcome: 'downloaded' }, 'and once it is mended it goes on')
})

t.test('cells that have not loaded do not replace good rows, unless they are allowed', async (t) => {
  const published = await aPublished(t)
  published.hold([...GOOD, ['Loading...', 1, date('2024-01-31')]])
  for (const values of ['typed', 'formatted'] as const) {
    const error = await failureOf(t, published, { expect: {}, values })
    t.equal(error.message, 'Tab "Orders": expected all cells to have loaded, found Loading... in 1 cell.')
    t.match(error.hint, /Retry the sync in some minutes/)
  }
  const { downloader } = published
  t.match(await downloader.run({ expect: { tab: 'Items' } }), { outcome: 'downloaded' }, 'elsewhere they are no matter')
  t.match(await downloader.run({ expect: { loading: 'allow' } }), { outcome: 'downloaded' })
  published.hold([...GOOD, [changing('Loading...', 'Loading...', 7), 1, date('2024-01-31')]])
  t.match(await downloader.run({ expect: {} }), { outcome: 'downloaded' }, 'what loads at the third read is waited for')
})

t.test('a column that was renamed, or holds something else, does not replace good rows', async (t) => {
  const published = await aPublished(t)
  published.hold([
    ['Order', 'Price ($)', 'Date'],
    ['A-1', 1, 45_000],
    ['A-2', 2, 'soon'],
  ])
  const types = { Order: 'integer', Date: ['datetime', 'empty'] } as const
  const error = await failureOf(t, published, {
    expect: { tab: 0, columns: ['Price'], types: { ...types, Date: [...types.Date] } },
  })
  t.strictSame(
    error.errors?.map(({ message }) => message),
    [
      'Tab "Orders": expected column "Price", found columns "Order", "Price ($)", "Date"',
      'Tab "Orders": expected integer in column "Order", found text (2 text)',
      'Tab "Orders": expected datetime or empty in column "Date", found mixed (1 text, 1 integer)',
    ],
  )
  published.hold(GOOD)
  const good = { tab: 0, columns: HEADER, types: { Order: 'number', Date: 'datetime' } } as const
  const expect = { ...good, columns: [...good.columns] }
  t.match(await published.downloader.run({ expect }), { outcome: 'downloaded' }, 'a narrower type is one too')
})

t.test('fewer rows than a share of those before do not replace them', async (t) => {
  const published = await aPublished(t)
  const { downloader, hold } = published
  const expect = { tab: 'Orders', minRowsRatio: 0.8 }
  hold(GOOD.slice(0, 8))
  const error = await failureOf(t, published, { expect })
  t.match(error.message, /^Tab "Orders": expected at least 0\.8 of the 10 rows of the snapshot of 20.*Z, found 7\.$/)
  const other = claimSync(
    { ...aQueuedSync({ spreadsheet: 'book', expect }), createdBy: 'another' },
    'a test',
    new Date(),
  )
  const { report } = await downloader.run({}, { sync: other })
  t.match(report.warnings, [{ code: 'EXPECTATION_UNCHECKED', tab: 'Orders' }], "another key's rows are no measure")
  t.match(
    await downloader.run({ expect, headerRow: 2 }),
    { outcome: 'downloaded' },
    'nor are those of another header row',
  )
  hold(GOOD.slice(0, 9))
  t.match(await downloader.run({ expect }), { outcome: 'downloaded', report: { warnings: [] } }, '8 of 10 are enough')
  const [manifest] = await downloader.snapshots.list('book')
  t.match(manifest?.request.expect, [{ ...expect, loading: 'fail' }], 'what was expected is kept with the rows')
  hold(GOOD.slice(0, 8))
  t.match(await downloader.run({ expect }), { outcome: 'downloaded' }, 'and 7 are of the 8 that are the newest now')
})

t.test('ranges are compared with the same range', async (t) => {
  const published = await aPublished(t, { ranges: ['Orders!A:B'] })
  published.hold(GOOD.slice(0, 3))
  const expect = { minRowsRatio: 0.5 }
  const error = await failureOf(t, published, { ranges: ['Orders!A:B'], expect })
  t.match(error.message, /^Tab "Orders", range "Orders!A:B": expected at least 0\.5 of the 10 rows/)
  const { report } = await published.downloader.run({ ranges: ['Orders!A:C'], expect })
  t.match(report.warnings, [{ code: 'EXPECTATION_UNCHECKED', message: /range "Orders!A:C": no earlier rows/ }])
})

t.test('a tab that is gone or has another title fails a sync that expects it', async (t) => {
  const published = await aPublished(t)
  published.hold(GOOD, 'Orders (old)')
  const error = await failureOf(t, published, { expect: [{ tab: 'Orders', minRows: 1 }, { tab: 'items' }] })
  t.strictSame(error.errors, [
    {
      field: 'expect[0].tab',
      message: 'Tab "Orders": expected to be downloaded, found only "Orders (old)", "Items"',
    },
  ])
})

t.test('rows without a header are expected by the letters of their columns', async (t) => {
  const published = await aPublished(t)
  const body = { headerRow: 0, ranges: ['Orders!B2:C'] }
  const types = { B: 'number', C: 'date' } as const
  t.match(await published.downloader.run({ ...body, expect: { columns: ['B', 'C'], types } }), {
    outcome: 'downloaded',
  })
  const error = await failureOf(t, published, { ...body, expect: { columns: ['A'] } })
  t.match(error.message, /expected column "A", found columns "B", "C"/)
})

t.test('an unchanged spreadsheet is skipped only if its snapshot is as expected; else it is read anew', async (t) => {
  const published = await aPublished(t)
  const { downloader, good } = published
  const skip = { ifUnchanged: 'skip' } as const
  const expect = { tab: 'Orders', columns: HEADER, minRows: 10, minRowsRatio: 1 }
  t.match(await downloader.run({ ...skip, expect }), { outcome: 'unchanged', snapshotId: good.snapshotId })
  // A sync that skips leaves its empty draft to the sweeper.
  await downloader.snapshots.sweepDrafts(async () => false)
  const error = await failureOf(t, published, { ...skip, expect: { tab: 'Orders', minRows: 11 } })
  t.match(error.message, /expected at least 11 rows, found 10/)

  const late = changing('Loading...', 'Loading...', 'Loading...', 7)
  published.hold([...GOOD, [late, 1, date('2024-01-31')]])
  t.match(await downloader.run({}), { report: { warnings: [{ code: 'LOADING_CELLS' }] } })
  t.match(await downloader.run(skip), { outcome: 'unchanged' })
  t.match(await downloader.run({ ...skip, expect: {} }), { outcome: 'downloaded', report: { warnings: [] } })
})

t.test('what an interrupted owner had read is checked by the next one, with the rest', async (t) => {
  const { downloader, good, hold } = await aPublished(t)
  hold(GOOD.with(2, [1, 'n/a', date('2024-01-31')]))
  downloader.tune(callsOf(9))
  const body = { expect: { tab: 'Orders', types: { Price: 'number' } } } as const
  const sync = claimSync(aQueuedSync({ spreadsheet: 'book', ...body }), 'a test', new Date())
  const stop = new AbortController()
  const onReport: NonNullable<Parameters<Downloader['run']>[1]>['onReport'] = ({ checkpointed }) => {
    if (checkpointed) stop.abort(new JobStop('interrupted'))
  }
  await t.rejects(downloader.run({}, { sync, signal: stop.signal, onReport }), { message: /interrupted/ })
  const error = await failureOf(t, { downloader, good }, {}, downloader.claimedAgain(sync))
  t.match(error.message, /found mixed \(1 text, 9 number\)/)
})
