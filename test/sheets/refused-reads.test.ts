import t, { type Test } from 'tap'
import { ReadWindow } from '../../emulator/read-window.ts'
import { silentLog } from '../../src/ports/log.ts'
import { DEFAULT_ACCOUNT } from '../../src/ports/read-budget.ts'
import { ReadQuota } from '../../src/sheets/read-quota.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryReadBudgets } from '../support/memory-read-budget.ts'

interface SentRead {
  readonly sentAt: number
  readonly endedAt: number
  readonly isRefused: boolean
}

/** A Google that grants so many reads in any 60 seconds, and four syncs on two instances that read as fast as they may. */
function setUp(t: Test, { granted, readsPerMinute }: { readonly granted: number; readonly readsPerMinute: number }) {
  const clock = new FakeClock()
  const google = new ReadWindow()
  const budget = new MemoryReadBudgets({ limits: { account: readsPerMinute, project: 300 }, clock }).of(DEFAULT_ACCOUNT)
  const quotas = Array.from({ length: 2 }, () => new ReadQuota({ budget, clock, log: silentLog }))
  t.teardown(() => Promise.all(quotas.map((quota) => quota.close())))
  const { signal } = new AbortController()
  const reads: SentRead[] = []
  const readOn = async (quota: ReadQuota, key: string) => {
    for (;;) {
      const read = await quota.take({ key, signal })
      const sentAt = clock.monotonic()
      const isRefused = !google.take(granted, sentAt)
      await clock.sleep(isRefused ? 80 : 400)
      reads.push({ sentAt, endedAt: clock.monotonic(), isRefused })
      read.done({ kind: isRefused ? 'refused' : 'answered' })
    }
  }
  const start = () => {
    for (const quota of quotas) {
      for (const key of ['a', 'b']) for (let call = 0; call < 7; call += 1) void readOn(quota, key)
    }
  }
  return { clock, google, reads, start }
}

/** Reads that were sent within a second after one was refused, though nobody may read then. */
function sentInPauses(reads: readonly SentRead[]): number {
  const refusals = reads.filter(({ isRefused }) => isRefused)
  return refusals.reduce(
    (sum, { endedAt }) => sum + reads.filter(({ sentAt }) => sentAt > endedAt && sentAt < endedAt + 1000).length,
    0,
  )
}

/** How many reads were answered, and how many refused, in each minute. */
function perMinute(reads: readonly SentRead[], minutes: number) {
  return Array.from({ length: minutes }, (_, minute) => {
    const sent = reads.filter(({ sentAt }) => Math.floor(sentAt / 60_000) === minute)
    const refused = sent.filter(({ isRefused }) => isRefused).length
    return { answered: sent.length - refused, refused }
  })
}

for (const [granted, readsPerMinute] of [
  [20, 60],
  [60, 300],
] as const) {
  t.test(`where Google grants ${granted} reads of the ${readsPerMinute} that are set, few are refused`, async (t) => {
    const { clock, reads, start } = setUp(t, { granted, readsPerMinute })
    start()
    await clock.advance(600_000)
    t.equal(sentInPauses(reads), 0, 'one at a time tries')
    const minutes = perMinute(reads, 10)
    const [first, ...later] = minutes.map(({ refused }) => refused)
    t.ok((first ?? 0) <= 28 + 6, `${first} at first: what was under way, and six steps of a minute`)
    for (const refused of later) t.ok(refused <= 6, `then ${refused}`)
    const settled = minutes.slice(4)
    const answered = settled.reduce((sum, minute) => sum + minute.answered, 0)
    t.ok(answered > 0.75 * granted * settled.length, `${answered} answered in ${settled.length} minutes`)
  })
}

t.test('after a restart, when Google still counts what was read before, reads soon go on', async (t) => {
  const { clock, google, reads, start } = setUp(t, { granted: 60, readsPerMinute: 60 })
  for (let read = 0; read < 57; read += 1) {
    google.take(60, clock.monotonic())
    await clock.advance(1000)
  }
  start()
  await clock.advance(300_000)
  t.equal(sentInPauses(reads), 0)
  const [, ...minutes] = perMinute(reads, 5)
  for (const { answered, refused } of minutes) t.ok(answered >= 50 && refused === 0, `${answered} and ${refused}`)
})

t.test('a single refusal costs a second and a half, and no minute', async (t) => {
  const { clock, google, reads, start } = setUp(t, { granted: 60, readsPerMinute: 60 })
  const { take } = google
  let taken = 0
  google.take = (limit, now) => ++taken !== 6 && take.call(google, limit, now)
  start()
  await clock.advance(120_000)
  const refused = reads.filter(({ isRefused }) => isRefused)
  const ended = Math.max(...refused.map(({ endedAt }) => endedAt))
  t.equal(refused.length, 1)
  t.ok(reads.some(({ sentAt, isRefused }) => !isRefused && sentAt > ended && sentAt <= ended + 1500))
  const [first, second] = perMinute(reads, 2)
  t.ok((first?.answered ?? 0) >= 50 && (second?.answered ?? 0) >= 50, `${first?.answered}, ${second?.answered}`)
})
