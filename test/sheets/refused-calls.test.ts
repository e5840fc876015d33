import t from 'tap'
import { WorkerPool } from '../../src/concurrency/worker-pool.ts'
import { AppError } from '../../src/errors.ts'
import { silentLog } from '../../src/ports/log.ts'
import type { ReadEnd } from '../../src/ports/read-budget.ts'
import { CallFault } from '../../src/sheets/call-fault.ts'
import type { SheetsApi } from '../../src/sheets/google-api.ts'
import { ReadQuota } from '../../src/sheets/read-quota.ts'
import { DEFAULT_READ_TUNING } from '../../src/sheets/read-tuning.ts'
import { SpreadsheetCalls } from '../../src/sheets/spreadsheet-calls.ts'
import { DEFAULT_READER, oneAccount } from '../support/accounts.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { aLocalBudget } from '../support/local-read-budget.ts'

const never = new AbortController().signal
const spreadsheet = { title: 'Book', namedRanges: [], tabs: [] }
const refused = new CallFault('quota', 'Google refuses more reads for now.')

/** The calls of one sync to a Google that answers each call for the description with the next of these. */
function callsTo(
  answers: readonly (Error | typeof spreadsheet)[],
  { quota, clock, signal = never }: { quota: Pick<ReadQuota, 'take'>; clock: FakeClock; signal?: AbortSignal },
) {
  const sentAt: number[] = []
  const waits: (Date | undefined)[] = []
  const describe = async () => {
    sentAt.push(clock.monotonic())
    const answer = answers[sentAt.length - 1]
    if (answer instanceof Error || answer === undefined) throw answer
    return answer
  }
  const calls = new SpreadsheetCalls({
    ...oneAccount({ describe } as unknown as SheetsApi, quota as ReadQuota),
    clock,
    workers: new WorkerPool({ threads: 0 }),
    log: silentLog,
    tuning: DEFAULT_READ_TUNING,
    spreadsheetId: 'book',
    context: {
      reader: DEFAULT_READER,
      key: 'sync',
      signal,
      onCall() {},
      onRows() {},
      onFault() {},
      onWait: (until) => waits.push(until),
    },
  })
  return { calls, sentAt, waits }
}

t.test('a refused call is made again when the pause is over, with no backoff of its own on top', async (t) => {
  // A backoff would take as long as it may: 2, 3, 5 s.
  const { random } = Math
  Math.random = () => 0.999
  t.teardown(() => {
    Math.random = random
  })
  const clock = new FakeClock()
  const quota = new ReadQuota({ budget: aLocalBudget(60, clock), clock, log: silentLog })
  const { calls, sentAt, waits } = callsTo([refused, refused, refused, spreadsheet], { quota, clock })
  const described = calls.describe()
  await settle()
  const waitMs = (waits.at(-1)?.getTime() ?? 0) - clock.now().getTime()
  t.ok(waitMs >= 1000 && waitMs <= 1250, `waits for ${waitMs} ms`)
  await clock.advance(9000)
  t.equal(sentAt.length, 4)
  for (const [n, pauseMs] of [1000, 2000, 4000].entries()) {
    const passed = (sentAt[n + 1] ?? 0) - (sentAt[n] ?? 0)
    t.ok(passed >= pauseMs && passed <= pauseMs * 1.25 + 1, `${passed} ms`)
  }
  t.equal(waits.at(-1), undefined)
  t.equal((await described).title, 'Book')
})

const ends: readonly [string, Error | typeof spreadsheet, ReadEnd][] = [
  ['a spreadsheet is an answer', spreadsheet, { kind: 'answered' }],
  ['another error is an answer', new AppError('SHEET_NOT_FOUND', 'No such spreadsheet.'), { kind: 'answered' }],
  ['a 503 is an answer', new CallFault('unavailable', 'Google answered with status 503.'), { kind: 'answered' }],
  [
    'a 429 is a refusal of the account',
    new CallFault('quota', 'No more.', 7000),
    { kind: 'refused', retryAfterMs: 7000, limit: 'account' },
  ],
  [
    'a 429 for the limit of the project is one of the project',
    new CallFault('quota', 'No more.', undefined, 'project'),
    { kind: 'refused', retryAfterMs: undefined, limit: 'project' },
  ],
  ['a network fault is no answer', new CallFault('network', 'Google is not there.'), { kind: 'unanswered' }],
  ['a timeout is no answer', new CallFault('timeout', 'Google did not answer.'), { kind: 'unanswered' }],
]

for (const [name, answer, end] of ends) {
  t.test(`to the budget ${name}`, async (t) => {
    const clock = new FakeClock()
    const told: (ReadEnd | undefined)[] = []
    const quota = { take: async () => ({ done: (how?: ReadEnd) => told.push(how) }) } as unknown as ReadQuota
    const stop = new AbortController()
    const { calls } = callsTo([answer], { quota, clock, signal: stop.signal })
    const described = calls.describe().catch(() => {})
    await settle()
    t.same(told.slice(0, 1), [end])
    stop.abort()
    await described
  })
}

t.test('to the budget a call that was cancelled is no answer', async (t) => {
  const told: (ReadEnd | undefined)[] = []
  const quota = { take: async () => ({ done: (how?: ReadEnd) => told.push(how) }) } as unknown as ReadQuota
  const cancelled = new AppError('GOOGLE_UNAVAILABLE', 'The deadline has passed.')
  const signal = AbortSignal.abort(cancelled)
  const { calls } = callsTo([cancelled], { quota, clock: new FakeClock(), signal })
  await t.rejects(calls.describe())
  t.same(told, [{ kind: 'unanswered' }])
})
