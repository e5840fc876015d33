import { EventEmitter } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { startEmulator } from '../../emulator/emulator.ts'
import { date, tabFromRows } from '../../emulator/workbook.ts'
import { WorkerPool } from '../../src/concurrency/worker-pool.ts'
import type { SyncFault } from '../../src/model/sync.ts'
import { silentLog } from '../../src/ports/log.ts'
import { GoogleApi } from '../../src/sheets/google-api.ts'
import { asCredentialError } from '../../src/sheets/google-errors.ts'
import { GoogleSheets } from '../../src/sheets/google-sheets.ts'
import { ReadQuota } from '../../src/sheets/read-quota.ts'
import { aDownloader, callsOf, LeapingClock } from '../jobs/downloads.ts'
import { DEFAULT_READER, oneAccount } from '../support/accounts.ts'
import { aLocalBudget } from '../support/local-read-budget.ts'
import { testFolder } from '../support/test-folder.ts'

const workbook = {
  id: 'book',
  title: 'Book',
  tabs: ['Good', 'Bad', 'Good2'].map((title, gid) => tabFromRows(gid, title, [['A'], [title]])),
}

/** The faults that a download reported, one after the other, each followed by `null` once it was over. */
function faultsOf() {
  const faults: (SyncFault | null)[] = []
  const onReport = ({ progress }: { readonly progress?: { readonly fault?: SyncFault | null } }) => {
    if (progress?.fault !== undefined && progress.fault !== faults.at(-1)) faults.push(progress.fault)
  }
  return { faults, onReport }
}

t.test('a Google that answers nothing but 5xx is given up after minutes, and told of until then', async (t) => {
  const clock = new LeapingClock()
  const downloader = await aDownloader(t, { workbooks: [workbook], clock })
  downloader.emulator.fail({ on: { kind: 'spreadsheets.get', times: 'always' }, do: { status: 500 } })
  const { faults, onReport } = faultsOf()
  const before = clock.monotonic()
  await t.rejects(downloader.run({}, { onReport }), {
    code: 'GOOGLE_UNAVAILABLE',
    message: /status 500\. .*Internal error encountered\. It was tried \d+ times\./,
  })
  const tookMs = clock.monotonic() - before
  t.ok(tookMs >= 300_000 && tookMs < 430_000, `${tookMs} ms`)
  const told = faults.filter((fault) => fault !== null)
  t.match(told[0], { code: 'GOOGLE_UNAVAILABLE', detail: /status 500.*Internal error encountered/, tries: 1 })
  t.same(new Set(told.map(({ since }) => since)).size, 1, 'it began once')
  t.ok(
    told.some(({ nextTryAt, tries }) => nextTryAt === null && tries === 1),
    'a try that is under way has no time',
  )
  t.ok((told.at(-1)?.tries ?? 0) >= 5)
})

t.test('5xx in between, and a Retry-After of hours, do not end a sync or hold it up for longer', async (t) => {
  const clock = new LeapingClock()
  const downloader = await aDownloader(t, { workbooks: [workbook], clock })
  downloader.emulator.fail({
    on: { kind: 'spreadsheets.get', times: 2 },
    do: { status: 503, headers: { 'retry-after': '86400' } },
  })
  const before = clock.monotonic()
  const { faults, onReport } = faultsOf()
  t.match(await downloader.run({}, { onReport }), { outcome: 'downloaded' })
  t.ok(clock.monotonic() - before < 1_000_000)
  t.equal(faults.at(-1), null, 'nothing is told once it is over')
})

t.test('of several tabs in one call the one that Google cannot answer is found and named', async (t) => {
  for (const action of [{ status: 500 }, { kind: 'hang' } as const]) {
    const downloader = await aDownloader(t, {
      workbooks: [workbook],
      clock: new LeapingClock(),
      tuning: { callTimeoutMs: 300, unavailableMs: 60_000 },
    })
    downloader.emulator.fail({ on: { tab: 'Bad', times: 'always' }, do: action })
    const { faults, onReport } = faultsOf()
    await t.rejects(downloader.run({}, { onReport }), {
      code: 'GOOGLE_UNAVAILABLE',
      message: /It was asked for "Bad"\. It was tried/,
    })
    const reads = downloader.emulator.calls.filter(({ kind, status }) => kind === 'values.batchGet' && status === 200)
    t.strictSame(
      reads.map(({ query }) => query.getAll('ranges')),
      [["'Good'!A1:A2"], ["'Good2'!A1:A2"]],
      'the others are read alone',
    )
    t.match(
      faults.findLast((fault) => fault !== null),
      { detail: /"Bad"/ },
      'the fault names it too',
    )
  }
})

t.test('a Google that fails altogether is not given as many minutes as there are tabs', async (t) => {
  const clock = new LeapingClock()
  const tabs = Array.from({ length: 30 }, (_, gid) => tabFromRows(gid, `Tab ${gid}`, [['A'], [gid]]))
  const downloader = await aDownloader(t, { workbooks: [{ ...workbook, tabs }], clock })
  downloader.emulator.fail({ on: { kind: 'values.batchGet', times: 'always' }, do: { status: 503 } })
  const before = clock.monotonic()
  await t.rejects(downloader.run({}), { code: 'GOOGLE_UNAVAILABLE' })
  t.ok(clock.monotonic() - before < 600_000, `${clock.monotonic() - before} ms`)
})

for (const [name, action] of Object.entries({
  'a Drive that answers 500': { status: 500 },
  'a Drive that is no Drive': { status: 200, body: 'nonsense' },
  'a Drive that answers 429 and asks for an hour': { status: 429, headers: { 'retry-after': '3600' } },
  'a Drive that never answers': { kind: 'hang' } as const,
  'a Drive that resets connections': { kind: 'reset' } as const,
  'a version that is no text': { status: 200, body: '{"version":{"a":1}}' },
  'a version that is a number': { status: 200, body: '{"version":7}' },
  'an answer that is no object': { status: 200, body: '["version"]' },
})) {
  t.test(`${name} costs the knowledge of the version, and seconds`, async (t) => {
    const clock = new LeapingClock()
    const downloader = await aDownloader(t, { workbooks: [workbook], clock, tuning: { callTimeoutMs: 500 } })
    downloader.emulator.fail({ on: { kind: 'files.get', times: 'always' }, do: action })
    const before = clock.monotonic()
    const result = await downloader.run({})
    t.match(result, { consistent: 'unknown', report: { spreadsheet: { version: null } } })
    t.ok(clock.monotonic() - before < 10_000, `${clock.monotonic() - before} ms`)
    t.ok(downloader.emulator.count('files.get') <= 3)
  })
}

t.test('a token that Google does not take any more is replaced once', async (t) => {
  const path = `${testFolder(t)}/credential.json`
  const downloader = await aDownloader(t, {
    workbooks: [workbook],
    clock: new LeapingClock(),
    requireAuth: true,
    google: { credentialFile: path },
  })
  const { emulator } = downloader
  await writeFile(path, JSON.stringify(emulator.serviceAccountKey()))
  for (const kind of ['files.get', 'spreadsheets.get', 'values.batchGet'] as const) {
    emulator.resetCalls()
    emulator.fail({ on: { kind }, do: { status: 401 } })
    t.match(await downloader.run({}), { consistent: true }, kind)
    t.ok(emulator.count('token') >= 1, 'by a new one')
  }
  emulator.resetCalls()
  emulator.fail({ on: { kind: 'values.batchGet', times: 2 }, do: { status: 401 } })
  await t.rejects(downloader.run({}), { code: 'GOOGLE_CREDENTIAL_INVALID' }, 'and no more than once')
  t.equal(emulator.count('values.batchGet'), 2)
})

t.test('a token endpoint that never answers is given up in time, told of meanwhile, and asked anew', async (t) => {
  const path = `${testFolder(t)}/credential.json`
  const downloader = await aDownloader(t, {
    workbooks: [workbook],
    clock: new LeapingClock(),
    requireAuth: true,
    google: { credentialFile: path, tokenTimeoutMs: 700 },
    tuning: { slowMs: 200 },
  })
  const { emulator } = downloader
  await writeFile(path, JSON.stringify(emulator.serviceAccountKey()))
  emulator.fail({ on: { kind: 'token', times: 2 }, do: { kind: 'hang' } })
  const { faults, onReport } = faultsOf()
  t.match(await downloader.run({}, { onReport }), { consistent: true })
  t.equal(emulator.count('token'), 3)
  t.match(faults[1] ?? faults[0], { code: 'GOOGLE_UNAVAILABLE', tries: 0, nextTryAt: null, detail: /sign-in/ })
  t.ok(faults.some((fault) => fault?.tries === 2 && /sign-in did not answer in time/.test(fault.detail)))
  t.equal(new Set(faults.flatMap((fault) => fault?.since ?? [])).size, 1, 'since the first call that was slow')
  t.equal(faults.at(-1), null)
})

t.test(
  'a token endpoint that speaks no TLS, or shows the wrong certificate, is none that refuses the credential',
  async (t) => {
    for (const code of [
      undefined,
      'CERT_HAS_EXPIRED',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ]) {
      const path = `${testFolder(t)}/credential.json`
      const downloader = await aDownloader(t, {
        workbooks: [workbook],
        clock: new LeapingClock(),
        google: { credentialFile: path },
      })
      const { emulator } = downloader
      const tokenUrl = emulator.tokenUrl.replace('http:', 'https:')
      await writeFile(path, JSON.stringify({ ...emulator.serviceAccountKey(), token_uri: tokenUrl }))
      if (code === undefined) {
        await t.rejects(downloader.run({}), { code: 'GOOGLE_UNREACHABLE' })
      } else {
        const refused = Promise.reject(
          Object.assign(new Error('no token'), { cause: Object.assign(new Error(), { code }) }),
        )
        await t.rejects(
          asCredentialError(refused),
          { message: `Google's sign-in could not be reached (${code}).` },
          code,
        )
      }
    }
  },
)

t.test('a call that is long under way is told of, until it answers', async (t) => {
  const downloader = await aDownloader(t, { workbooks: [workbook], tuning: { slowMs: 100 } })
  downloader.emulator.fail({ on: { kind: 'values.batchGet' }, do: { kind: 'slow', ms: 400 } })
  const { faults, onReport } = faultsOf()
  t.match(await downloader.run({}, { onReport }), { outcome: 'downloaded' })
  const told = faults.filter((fault) => fault !== null)
  t.match(told, [{ code: 'GOOGLE_UNAVAILABLE', detail: 'Google has not answered for 0.1 s.', tries: 0 }])
  t.equal(faults.at(-1), null)
})

t.test('a shared read budget that cannot be reached is told of, until it can', async (t) => {
  const emulator = await startEmulator({ workbooks: [workbook] })
  t.teardown(() => emulator.close())
  const clock = new LeapingClock()
  const budget = aLocalBudget(1000, clock)
  let failures = 3
  const take = budget.take.bind(budget)
  budget.take = async (key) => {
    failures -= 1
    if (failures >= 0) throw new Error('ECONNREFUSED')
    return take(key)
  }
  const quota = new ReadQuota({ budget, clock, log: silentLog })
  const workers = new WorkerPool({ threads: 0 })
  t.teardown(() => workers.close())
  const api = new GoogleApi({ rootUrl: emulator.rootUrl, clock })
  const faults: (SyncFault | null)[] = []
  const spreadsheet = new GoogleSheets({ ...oneAccount(api, quota), workers, clock, log: silentLog }).open('book', {
    reader: DEFAULT_READER,
    signal: new AbortController().signal,
    key: 'a sync',
    onCall() {},
    onWait() {},
    onRows() {},
    onFault: (fault) => faults.push(fault),
  })
  await spreadsheet.describe({ tabs: null, ranges: null, headerRow: 1 })
  t.match(faults[0], { code: 'STORAGE_UNAVAILABLE', detail: /shared read budget/, tries: 0, nextTryAt: String })
  t.equal(faults.at(-1), null)
})

t.test('a snapshot store that does not answer is told of, until it does', async (t) => {
  for (const method of ['openDraft', 'saveCheckpoint', 'publish'] as const) {
    const slowly = <T extends object>(object: T): T =>
      new Proxy(object, {
        get(target, key) {
          const member: unknown = Reflect.get(target, key, target)
          if (typeof member !== 'function') return member
          return async (...args: unknown[]) => {
            if (key === method) await delay(250)
            const value: unknown = await member.apply(target, args)
            return key === 'openDraft' ? slowly(value as object) : value
          }
        },
      })
    const downloader = await aDownloader(t, { workbooks: [workbook], slowStoreMs: 100, aroundSnapshots: slowly })
    const { faults, onReport } = faultsOf()
    t.match(await downloader.run({}, { onReport }), { outcome: 'downloaded' })
    const told = faults.filter((fault) => fault !== null)
    t.match(told, [{ code: 'STORAGE_UNAVAILABLE', detail: 'The snapshot store has not answered for 0.1 s.' }], method)
    t.equal(faults.at(-1), null)
  }
})

t.test('a sync that meets nothing but faults releases its slot, and has it again before it goes on', async (t) => {
  const downloader = await aDownloader(t, { workbooks: [workbook], clock: new LeapingClock() })
  downloader.emulator.fail({ on: { kind: 'spreadsheets.get', times: 7 }, do: { status: 500 } })
  const events = new EventEmitter()
  let isHeld = true
  let offers = 0
  const slot = {
    offer() {
      offers += 1
    },
    release() {
      isHeld = false
    },
    async acquire() {
      if (isHeld) return
      events.emit('asked')
      await turn()
      t.equal(downloader.emulator.count('values.batchGet'), 0, 'nothing is read without it')
      isHeld = true
    },
  }
  let asked = 0
  events.on('asked', () => {
    asked += 1
  })
  t.match(await downloader.run({}, { slot }), { outcome: 'downloaded' })
  t.equal(asked, 1)
  t.ok(offers > 0, 'it is on offer before')
  offers = 0
  t.equal(isHeld, true)
  downloader.emulator.fail({ on: { kind: 'spreadsheets.get' }, do: { status: 500 } })
  await downloader.run({}, { slot })
  t.same([asked, offers], [1, 1], 'one fault is a reason to offer it only')
})

t.test('a row that is too large for one answer is read in columns', async (t) => {
  const long = 'x'.repeat(50_000)
  const tab = tabFromRows(0, 'Wide', [
    ['text', 'day', ...Array.from({ length: 798 }, (_, at) => `c${at}`)],
    ['a', date('2024-01-31'), ...Array.from({ length: 798 }, (_, at) => (at % 2 === 0 ? long : date('2024-02-29')))],
    ['b', date('2024-03-01'), 7],
    [],
    ['c', null, ...Array.from({ length: 600 }, (_, at) => (at >= 340 && at < 360 ? null : long)), null, null, 1.5],
  ])
  const downloader = await aDownloader(t, { workbooks: [{ ...workbook, tabs: [tab] }], clock: new LeapingClock() })
  const result = await downloader.run({ formats: ['ndjson'] })
  const rows = (await downloader.text(result, 'ndjson'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.equal(rows.length, 4)
  t.match(rows[0], { text: 'a', day: '2024-01-31', c1: '2024-02-29', c797: '2024-02-29' })
  t.equal(rows[0].c796.length, 50_000)
  t.match(rows[1], { text: 'b', day: '2024-03-01', c0: 7 })
  t.match(rows[3], { text: 'c', day: null, c602: 1.5 })
  t.equal(rows[3].c599.length, 50_000)
  t.strictSame([rows[3].c339.length, rows[3].c340, rows[3].c359, rows[3].c360.length], [50_000, null, null, 50_000])
  t.equal(rows[3].c600, null)
})

t.test('a cell that is too large for an answer ends the sync at once, and is named', async (t) => {
  const clock = new LeapingClock()
  const tab = tabFromRows(0, 'Wide', [
    ['A', 'B'],
    [1, 2],
    [3, 'x'.repeat(51_000_000)],
  ])
  const downloader = await aDownloader(t, { workbooks: [{ ...workbook, tabs: [tab] }], clock })
  const before = clock.monotonic()
  await t.rejects(downloader.run({}), {
    code: 'GOOGLE_ANSWER_TOO_LARGE',
    message: /asked for the cell 'Wide'!B3:B3/,
  })
  t.ok(clock.monotonic() - before < 10_000)
})

t.test('small calls are still split when they keep failing, and only then', async (t) => {
  const downloader = await aDownloader(t, { workbooks: [workbook], clock: new LeapingClock(), tuning: callsOf(100) })
  downloader.emulator.fail({ on: { kind: 'values.batchGet', times: 2 }, do: { status: 500 } })
  t.match(await downloader.run({}), { outcome: 'downloaded' })
  t.ok(
    downloader.emulator.calls.every(
      ({ kind, query }) => kind !== 'values.batchGet' || query.getAll('ranges').length === 3,
    ),
  )
})
