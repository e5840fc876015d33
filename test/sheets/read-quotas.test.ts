import t, { type Test } from 'tap'
import type { ReadAccount } from '../../src/model/reader.ts'
import { silentLog } from '../../src/ports/log.ts'
import type { ReadBudgets } from '../../src/ports/read-budget.ts'
import { LocalReadBudgets } from '../../src/sheets/local-read-budgets.ts'
import type { ReadQuota } from '../../src/sheets/read-quota.ts'
import { byCredential, ReadQuotas } from '../../src/sheets/read-quotas.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryReadBudgets } from '../support/memory-read-budget.ts'

const never = new AbortController().signal

const account = (name: string, project = 'project'): ReadAccount => ({ name, project })

/** One of those that share the budgets. */
function anInstance(t: Test, clock: FakeClock, budgets: ReadBudgets): ReadQuotas {
  const quotas = new ReadQuotas({ budgets, clock, log: silentLog })
  t.teardown(() => quotas.close())
  return quotas
}

/** Reads as fast as the quota lets; tells when each read was begun. */
function aReader(quota: ReadQuota, clock: FakeClock, key: string, { reads = 10_000, background = false } = {}) {
  const begun: number[] = []
  void (async () => {
    for (let count = 0; count < reads; count += 1) {
      const read = await quota.take({ key, background, signal: never })
      begun.push(clock.monotonic())
      await clock.sleep(100)
      read.done()
    }
  })()
  return begun
}

function mostInAnyMinute(times: readonly number[]): number {
  const sorted = [...times].sort((one, other) => one - other)
  return Math.max(...sorted.map((from) => sorted.filter((at) => at >= from && at < from + 60_000).length))
}

const LIMITS = { account: 30, project: 60 }

for (const [where, count, budgetsOf] of [
  ['in one process', 1, (clock: FakeClock) => new LocalReadBudgets({ limits: LIMITS, clock })],
  ['on two instances', 2, (clock: FakeClock) => new MemoryReadBudgets({ limits: LIMITS, clock })],
] as const) {
  t.test(`the accounts of a project share it evenly, ${where}, and use it up`, async (t) => {
    const clock = new FakeClock()
    const budgets = budgetsOf(clock)
    const first = anInstance(t, clock, budgets)
    const last = count === 1 ? first : anInstance(t, clock, budgets)
    const readers = Array.from({ length: 5 }, (_, n) => {
      const quota = (n % 2 === 0 ? first : last).of(account(`account ${n}`))
      // The first has as many syncs as all others together.
      const keys = Array.from({ length: n === 0 ? 40 : 10 }, (_, key) => `sync ${key}`)
      return keys.map((key) => aReader(quota, clock, key))
    })
    await clock.advance(120_000)
    const from = clock.monotonic()
    const late = aReader(first.of(account('late')), clock, 'one', { reads: 1 })
    await clock.advance(240_000)
    const begun = readers.map((keys) => keys.flat())
    t.ok(mostInAnyMinute([...begun.flat(), ...late]) <= LIMITS.project)
    const counts = begun.map((times) => times.filter((at) => at >= from).length)
    t.ok(Math.max(...counts) - Math.min(...counts) <= 5, counts.join(', '))
    t.ok(counts.reduce((sum, one) => sum + one) >= 4 * 54, counts.join(', '))
    t.ok(late.length === 1 && (late[0] ?? 0) - from <= 3000, `a single read came after ${(late[0] ?? 0) - from} ms`)
  })
}

t.test('an account has no more than its own reads, however free the project is', async (t) => {
  const clock = new FakeClock()
  const limits = { account: 20, project: 300 }
  const quotas = anInstance(t, clock, new LocalReadBudgets({ limits, clock }))
  const readers = ['a', 'b'].map((name) => {
    const quota = quotas.of(account(name))
    return ['x', 'y'].map((key) => aReader(quota, clock, key))
  })
  await clock.advance(300_000)
  for (const keys of readers) {
    t.ok(mostInAnyMinute(keys.flat()) <= 20)
    t.ok(keys.flat().length >= 4 * 18, `${keys.flat().length}`)
    const [one = 0, other = 0] = keys.map((begun) => begun.length)
    t.ok(Math.abs(one - other) <= 2, 'its syncs share them evenly')
  }
})

t.test('what nobody waits for leaves the project to what somebody does', async (t) => {
  const clock = new FakeClock()
  const quotas = anInstance(t, clock, new LocalReadBudgets({ limits: LIMITS, clock }))
  const nightly = ['a', 'b'].map((name) => aReader(quotas.of(account(name)), clock, 'nightly', { background: true }))
  await clock.advance(120_000)
  const awaited = aReader(quotas.of(account('c')), clock, 'sync')
  await clock.advance(60_000)
  t.ok(awaited.length >= 26, `${awaited.length} of the 30 reads that the account has`)
  const [one = 0, other = 0] = nightly.map((begun) => begun.length)
  t.ok(Math.abs(one - other) <= 4, `those share what is left: ${one}, ${other}`)
})

t.test('an account has one quota for as long as it is held', async (t) => {
  const clock = new FakeClock()
  const quotas = anInstance(t, clock, new LocalReadBudgets({ limits: LIMITS, clock }))
  const held = quotas.of(account('a'))
  t.equal(quotas.of(account('a')), held)
  t.not(quotas.of(account('a', 'another')), held)
  t.not(quotas.of(account('b')), held)
  await clock.advance(3_600_000)
  quotas.of(account('b'))
  t.equal(quotas.of(account('a')), held)
})

t.test('usage tells what is used, who waits, and until when', async (t) => {
  const clock = new FakeClock()
  const limits = { account: 2, project: 300 }
  const budgets = new MemoryReadBudgets({ limits, clock })
  const one = anInstance(t, clock, budgets)
  const other = anInstance(t, clock, budgets)
  t.same(await one.usage(), [])
  for (const key of ['x', 'y']) (await one.of(account('b')).take({ key, signal: never }))?.done()
  ;(await one.of(account('a')).take({ key: 'x', signal: never }))?.done({ kind: 'refused', retryAfterMs: 9000 })
  const leaving = new AbortController()
  const waiting = one.of(account('b')).take({ key: 'z', signal: leaving.signal })
  await clock.advance(100)
  const usage = await one.usage()
  t.match(usage, [
    { name: 'a', project: 'project', limit: 2, used: 0, waiting: 0, waitingUntil: Date },
    { name: 'b', project: 'project', limit: 2, used: 2, waiting: 1, waitingUntil: Date },
  ])
  const ms = usage.map(({ waitingUntil }) => (waitingUntil?.getTime() ?? 0) - clock.now().getTime())
  t.same(ms, [8900, 59_900])
  t.match(await other.usage(), [
    { name: 'a', waiting: 0, waitingUntil: Date },
    { name: 'b', used: 2, waiting: 0, waitingUntil: null },
  ])
  leaving.abort(new Error('gone'))
  await t.rejects(waiting, { message: 'gone' })
  budgets.fault = new Error('the storage is away')
  await t.rejects(one.usage(), /away/)
})

t.test('metrics tell credentials apart, and no people', async (t) => {
  const rows = ['agency', 'agency as ann@example.com', 'agency as bob@example.com', 'token', 'token 0123456789abcdef']
  const usage = rows.map((name, n) => ({ ...account(name), limit: 60, used: n + 1, waiting: n, waitingUntil: null }))
  t.same(byCredential(usage), [
    { credential: 'agency', used: 6, waiting: 3 },
    { credential: 'token', used: 4, waiting: 3 },
    { credential: 'own tokens', used: 5, waiting: 4 },
  ])
})
