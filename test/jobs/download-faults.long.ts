import t from 'tap'
import type { EmulatorCall, FaultAction } from '../../emulator/emulator.ts'
import { date, syntheticTab, tabFromRows } from '../../emulator/workbook.ts'
import { aDownloader, callsOf, LeapingClock } from './downloads.ts'

/** Small tabs and a large one, with dates, for a dozen calls of 400 cells. */
const workbook = {
  id: 'book',
  title: 'Book',
  tabs: [
    tabFromRows(1, 'Small', [
      ['when', 'what'],
      [date('2024-01-31'), 'one'],
    ]),
    syntheticTab({ gid: 2, title: "It's large", rows: 150, columns: 10, kind: 'mixed' }),
    tabFromRows(3, 'Last', [['n'], [1]]),
  ],
}

const faults: Record<string, FaultAction> = {
  'a 429': { status: 429 },
  'a 500': { status: 500 },
  'a 503': { status: 503 },
  'a 408': { status: 408 },
  'a reset connection': { kind: 'reset' },
  'no answer': { kind: 'hang' },
  'a cut-off body': { kind: 'cut' },
  'a body cut off near its end': { kind: 'cut', afterBytes: 1e9 },
  'an HTML page': { kind: 'html' },
  'an HTML page that says 200': { kind: 'html', status: 200 },
}

/** Calls that asked for what another one asks for as well. The version is asked for twice in any case. */
function repeats(calls: readonly EmulatorCall[]): number {
  return calls.length - new Set(calls.map(({ path, query }) => `${path}?${query}`)).size - 1
}

for (const [name, action] of Object.entries(faults)) {
  t.test(`each call in turn met with ${name}: the rows are exact, and one call more is made`, async (t) => {
    // Only a call that hangs is waited for; the others must not be given up because the machine is busy.
    const isHang = 'kind' in action && action.kind === 'hang'
    const tuning = { ...callsOf(400), callTimeoutMs: isHang ? 800 : 30_000 }
    const downloader = await aDownloader(t, { workbooks: [workbook], clock: new LeapingClock(), tuning })
    const { emulator } = downloader
    const whole = await downloader.run({ formats: ['ndjson'] })
    const rows = await Promise.all([0, 1, 2].map((tab) => downloader.text(whole, 'ndjson', tab)))
    const calls = emulator.count()
    t.equal(whole.report.progress?.apiCalls, calls, 'every call is counted')
    t.ok(calls > 8, `${calls} calls`)
    for (let nth = 1; ; nth += 1) {
      emulator.resetCalls()
      emulator.fail({ on: { nth }, do: action })
      const result = await downloader.run({ formats: ['ndjson'] })
      const again = await Promise.all([0, 1, 2].map((tab) => downloader.text(result, 'ndjson', tab)))
      t.strictSame(again, rows, `call ${nth}`)
      // How the calls for dates are gathered depends on what comes first, and so does their number.
      if (emulator.count() < nth) break
      t.equal(repeats(emulator.calls), 1, `call ${nth} is made twice, the others once`)
      t.equal(result.report.progress?.apiCalls, emulator.count())
      t.equal(result.consistent, true)
    }
  })
}

t.test('a large block that Google finds too much is read in halves', async (t) => {
  for (const action of [{ status: 503 }, { kind: 'hang' }] as FaultAction[]) {
    const tuning = { startCells: 50_000, leastCells: 100, callTimeoutMs: 250 }
    const downloader = await aDownloader(t, { workbooks: [workbook], clock: new LeapingClock(), tuning })
    const whole = await downloader.run({ dates: 'serial', tabs: [2] })
    downloader.emulator.resetCalls()
    downloader.emulator.fail({ on: { kind: 'values.batchGet' }, do: action })
    const result = await downloader.run({ dates: 'serial', tabs: [2] })
    t.equal(await downloader.text(result, 'json'), await downloader.text(whole, 'json'))
    const asked = downloader.emulator.calls.flatMap(({ query }) => query.getAll('ranges'))
    t.strictSame(asked, ["'It''s large'!A1:J150", "'It''s large'!A1:J75", "'It''s large'!A76:J150"])
  }
})

t.test('an answer that covers less than was asked', async (t) => {
  for (const kind of ['first', 'second'] as const) {
    const downloader = await aDownloader(t, { workbooks: [workbook], clock: new LeapingClock(), tuning: callsOf(400) })
    const whole = await downloader.run({})
    const calls = downloader.emulator.calls.filter((call) => call.kind === 'values.batchGet')
    const wanted = kind === 'first' ? 'SERIAL_NUMBER' : 'FORMATTED_STRING'
    const nth = calls.findIndex(({ query }) => query.get('dateTimeRenderOption') === wanted) + 2
    downloader.emulator.fail({ on: { kind: 'values.batchGet', nth }, do: { kind: 'short', rows: 1 } })
    const result = await downloader.run({})
    t.equal(
      await downloader.text(result, 'json', 1),
      await downloader.text(whole, 'json', 1),
      `${kind}: once, is asked again`,
    )
    downloader.emulator.fail({ on: { kind: 'values.batchGet', nth, times: 'always' }, do: { kind: 'short', rows: 1 } })
    await t.rejects(
      downloader.run({}),
      { code: 'GOOGLE_ANSWER_INCOMPLETE', message: /where rows \d+ to \d+/ },
      `${kind}: always, fails`,
    )
    t.equal((await downloader.snapshots.list('book')).length, 2, 'and publishes nothing')
  }
})

t.test('errors that no repeat can mend fail at once, with what the user can do', async (t) => {
  const downloader = await aDownloader(t, { workbooks: [workbook], clock: new LeapingClock() })
  const failure = async (code: string, hint: RegExp, body = {}) => {
    downloader.emulator.resetCalls()
    await t.rejects(downloader.run(body), { code, hint }, code)
    t.ok(downloader.emulator.count() <= 3, `${code}: ${downloader.emulator.count()} calls`)
  }
  downloader.emulator.setAccess('book', 'forbidden')
  await failure('SHEET_FORBIDDEN', /Share the spreadsheet with .* as Viewer/)
  downloader.emulator.setAccess('book', 'xlsx')
  await failure('SHEET_NOT_GOOGLE', /Save as Google Sheets/)
  downloader.emulator.setAccess('book', 'missing')
  await failure('SHEET_NOT_FOUND', /Check the id/)
  downloader.emulator.setAccess('book', 'ok')
  downloader.emulator.fail({ on: { kind: 'spreadsheets.get' }, do: { status: 403, reason: 'SERVICE_DISABLED' } })
  await failure('GOOGLE_API_DISABLED', /console\.developers\.google\.com/)
  downloader.emulator.fail({ on: { kind: 'spreadsheets.get' }, do: { status: 401 } })
  await failure('GOOGLE_CREDENTIAL_INVALID', /Check the clock of this machine/)
  await failure('TAB_NOT_FOUND', /"Small", "It's large", "Last"/, { tabs: ['Nope'] })
  await failure('RANGE_NOT_FOUND', /Tabs of the spreadsheet/, { ranges: ['Nope!A1:B2'] })
})

t.test('a request that Google refuses is made once, if the spreadsheet is what it was', async (t) => {
  const downloader = await aDownloader(t, { workbooks: [workbook], clock: new LeapingClock() })
  downloader.emulator.fail({ on: { kind: 'values.batchGet' }, do: { status: 400 } })
  await t.rejects(downloader.run({}), { code: 'GOOGLE_REQUEST_REFUSED', message: /status 400/ })
  t.equal(downloader.emulator.count('values.batchGet'), 1)
})

t.test("Drive's usage limits are waited for, its other refusals only cost the knowledge of a version", async (t) => {
  const downloader = await aDownloader(t, { workbooks: [workbook], clock: new LeapingClock() })
  for (const reason of ['rateLimitExceeded', 'userRateLimitExceeded']) {
    downloader.emulator.fail({ on: { kind: 'files.get', times: 2 }, do: { status: 403, reason } })
    t.equal((await downloader.run({})).consistent, true)
  }
  downloader.emulator.setAccess('book', 'drive-forbidden')
  const result = await downloader.run({})
  t.equal(result.consistent, 'unknown')
  t.equal(result.report.spreadsheet?.version, null)
})

t.test(
  'a Google that is not there is given up after a while, and told apart from one that talks nonsense',
  async (t) => {
    const clock = new LeapingClock()
    const downloader = await aDownloader(t, { workbooks: [workbook], clock, tuning: { unreachableMs: 20_000 } })
    downloader.emulator.fail({ on: { times: 'always' }, do: { kind: 'html', status: 200 } })
    await t.rejects(downloader.run({}), { code: 'GOOGLE_UNAVAILABLE' })
    downloader.emulator.clearFaults()
    downloader.emulator.fail({ on: { nth: 4, times: 'always' }, do: { kind: 'reset' } })
    await t.rejects(downloader.run({}), { code: 'GOOGLE_UNREACHABLE' })
    await downloader.emulator.close()
    const before = clock.monotonic()
    await t.rejects(downloader.run({}), { code: 'GOOGLE_UNREACHABLE', message: /ECONNREFUSED/ })
    t.ok(clock.monotonic() - before >= 20_000, 'after the time that was set for it')
  },
)
