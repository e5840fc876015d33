import t, { type Test } from 'tap'
import { AppError } from '../../src/errors.ts'
import { silentLog } from '../../src/ports/log.ts'
import { DEFAULT_ACCOUNT } from '../../src/ports/read-budget.ts'
import { ReadQuota } from '../../src/sheets/read-quota.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { MemoryReadBudgets } from '../support/memory-read-budget.ts'

const never = new AbortController().signal
const unreachable = new AppError('STORAGE_UNAVAILABLE', 'The budget is away.')

/** Instances that share one budget. */
function setUp(t: Test, { readsPerMinute, instances = 1 }: { readsPerMinute: number; instances?: number }) {
  const clock = new FakeClock()
  const budgets = new MemoryReadBudgets({ limits: { account: readsPerMinute, project: 300 }, clock })
  const quotas = Array.from(
    { length: instances },
    () => new ReadQuota({ budget: budgets.of(DEFAULT_ACCOUNT), clock, log: silentLog }),
  )
  t.teardown(() => Promise.all(quotas.map((quota) => quota.close())))
  const [quota] = quotas
  if (quota === undefined) throw new Error('no instance')
  return { clock, budgets, quota, quotas }
}

/** Somebody who reads as fast as the quota lets, each read taking so long; tells when each was begun. */
function aReader(quota: ReadQuota | undefined, clock: FakeClock, key: string, reads: number, each = 200) {
  const begun: number[] = []
  const waits: (Date | undefined)[] = []
  const finished = (async () => {
    for (let count = 0; count < reads; count += 1) {
      const read = await quota?.take({ key, signal: never, onWait: (until) => waits.push(until) })
      begun.push(clock.monotonic())
      await clock.sleep(each)
      read?.done()
    }
  })()
  return { begun, waits, finished }
}

/** Has Google refuse a read of this instance. */
async function refuse(quota: ReadQuota | undefined, retryAfterMs?: number): Promise<void> {
  const read = await quota?.take({ key: 'refused', signal: never })
  read?.done({ kind: 'refused', retryAfterMs })
}

function mostInAnyMinute(times: readonly number[]): number {
  const sorted = [...times].sort((one, other) => one - other)
  return Math.max(...sorted.map((from) => sorted.filter((at) => at >= from && at < from + 60_000).length))
}

t.test('in no minute do all instances together begin more reads than there are, and nearly all are used', async (t) => {
  const { clock, quotas } = setUp(t, { readsPerMinute: 60, instances: 3 })
  const readers = quotas.flatMap((quota, n) => ['a', 'b'].map((key) => aReader(quota, clock, `${key}${n}`, 200)))
  await clock.advance(600_000)
  const all = readers.flatMap(({ begun }) => begun)
  t.ok(mostInAnyMinute(all) <= 60, `${mostInAnyMinute(all)} in a minute`)
  t.ok(all.length > 9 * 54, `${all.length} in ten minutes`)
})

t.test('within one instance reads are shared out evenly, whoever came first', async (t) => {
  const { clock, quota } = setUp(t, { readsPerMinute: 60 })
  const readers = ['a', 'b', 'c', 'd'].map((key) => aReader(quota, clock, key, 1000, 10))
  await clock.advance(300_000)
  const counts = readers.map(({ begun }) => begun.length)
  t.ok(Math.max(...counts) - Math.min(...counts) <= 2, counts.join(', '))
})

t.test(
  'a small sync on one instance soon gets its reads while a large one reads on another, and on its own',
  async (t) => {
    for (const place of [0, 1]) {
      for (const after of [500, 20_000, 59_900, 100_000]) {
        const { clock, quotas } = setUp(t, { readsPerMinute: 60, instances: 2 })
        for (const _ of Array.from({ length: 8 })) aReader(quotas[0], clock, 'large', 1000, 1000)
        await clock.advance(after)
        const small = aReader(quotas[place], clock, 'small', 4)
        await clock.advance(10_000)
        t.equal(small.begun.length, 4, `after ${after} ms all of its reads are made within 10 s`)
      }
    }
  },
)

t.test('whoever waits is told until when, and when it is over', async (t) => {
  const { clock, quota } = setUp(t, { readsPerMinute: 3 })
  const reader = aReader(quota, clock, 'a', 4)
  await clock.advance(1000)
  const until = reader.waits.at(-1)
  t.type(until, Date)
  t.ok((until?.getTime() ?? 0) > clock.now().getTime())
  await clock.advance(90_000)
  t.equal(reader.waits.at(-1), undefined)
  t.equal(reader.begun.length, 4)
})

t.test('what Google refuses one instance holds all of them back', async (t) => {
  const { clock, quotas } = setUp(t, { readsPerMinute: 60, instances: 2 })
  await refuse(quotas[0], 30_000)
  await settle()
  const readers = quotas.map((quota, n) => aReader(quota, clock, `reader ${n}`, 1))
  await clock.advance(29_000)
  t.same(
    readers.flatMap(({ begun }) => begun),
    [],
  )
  await clock.advance(3000)
  t.equal(readers.flatMap(({ begun }) => begun).length, 2)
})

t.test('all who wait are told when the probe goes, and go on one after the other once it is answered', async (t) => {
  const { clock, quotas } = setUp(t, { readsPerMinute: 60, instances: 2 })
  await refuse(quotas[0])
  const readers = [0, 1].flatMap((n) => ['a', 'b'].map((key) => aReader(quotas[n], clock, `${key}${n}`, 1, 5300)))
  await clock.advance(100)
  for (const { waits } of readers) {
    const waitMs = (waits.at(-1)?.getTime() ?? 0) - clock.now().getTime()
    t.ok(waitMs >= 900 && waitMs <= 1150, `${waitMs} ms`)
  }
  await clock.advance(4000)
  t.equal(readers.flatMap(({ begun }) => begun).length, 1, 'the probe takes 5.3 s')
  await clock.advance(6000)
  const begun = readers.flatMap(({ begun }) => begun).sort((one, other) => one - other)
  t.equal(begun.length, 4)
  t.equal((begun[1] ?? 0) - (begun[0] ?? 0), 5300, 'the next one as soon as it is answered')
  for (const [n, at] of begun.slice(2).entries()) t.ok(at - (begun[n + 1] ?? 0) >= 1000, 'a second apart')
  for (const { waits } of readers) t.equal(waits.at(-1), undefined, 'and it is over')
})

t.test('one who leaves the queue takes nothing with it', async (t) => {
  const { clock, quota } = setUp(t, { readsPerMinute: 1 })
  const first = await quota.take({ key: 'a', signal: never })
  const leaving = new AbortController()
  const gone = quota.take({ key: 'b', signal: leaving.signal })
  const staying = quota.take({ key: 'c', signal: never })
  await settle()
  leaving.abort(new Error('gone'))
  await t.rejects(gone, { message: 'gone' })
  first.done()
  await clock.advance(62_000)
  t.ok(await staying)
  await t.rejects(quota.take({ key: 'd', signal: leaving.signal }), { message: 'gone' })
})

t.test('a read that is granted to somebody who has left is given back', async (t) => {
  const { clock, quota } = setUp(t, { readsPerMinute: 1 })
  const leaving = new AbortController()
  const gone = quota.take({ key: 'a', signal: leaving.signal })
  leaving.abort(new Error('gone'))
  await t.rejects(gone, { message: 'gone' })
  await clock.advance(61_000)
  const next = aReader(quota, clock, 'b', 1)
  await settle()
  t.equal(next.begun.length, 1)
})

t.test('while the budget cannot be reached nobody reads, and all go on when it is back', async (t) => {
  const { clock, budgets, quotas } = setUp(t, { readsPerMinute: 60, instances: 2 })
  budgets.fault = unreachable
  const readers = quotas.map((quota, n) => aReader(quota, clock, `reader ${n}`, 3))
  await clock.advance(120_000)
  t.same(
    readers.flatMap(({ begun }) => begun),
    [],
  )
  for (const { waits } of readers) t.type(waits.at(-1), Date)
  budgets.fault = undefined
  await clock.advance(3000)
  t.equal(readers.flatMap(({ begun }) => begun).length, 6)
})

t.test('what the budget could not be told it is told later: no read is lost for ten minutes', async (t) => {
  const { clock, budgets, quota } = setUp(t, { readsPerMinute: 1 })
  const read = await quota.take({ key: 'a', signal: never })
  budgets.fault = unreachable
  read.done()
  await clock.advance(5000)
  budgets.fault = undefined
  const next = aReader(quota, clock, 'b', 1)
  await clock.advance(59_000)
  t.equal(next.begun.length, 0, 'its minute begins when the budget has heard')
  await clock.advance(5000)
  t.equal(next.begun.length, 1)
})

t.test('a refusal that the budget could not be told holds back its own instance, and soon the others', async (t) => {
  const { clock, budgets, quotas } = setUp(t, { readsPerMinute: 60, instances: 2 })
  const read = await quotas[0]?.take({ key: 'a', signal: never })
  budgets.fault = unreachable
  read?.done({ kind: 'refused', retryAfterMs: 30_000 })
  await settle()
  budgets.fault = undefined
  const own = aReader(quotas[0], clock, 'own', 1)
  await clock.advance(2000)
  const other = aReader(quotas[1], clock, 'other', 1)
  await clock.advance(20_000)
  t.equal(own.begun.length + other.begun.length, 0)
  await clock.advance(15_000)
  t.equal(own.begun.length + other.begun.length, 2)
})

t.test('close ends the serving and may be called again; who waits is left to its signal', async (t) => {
  const { clock, quota } = setUp(t, { readsPerMinute: 1 })
  await quota.take({ key: 'a', signal: never })
  const leaving = new AbortController()
  const waiting = quota.take({ key: 'b', signal: leaving.signal })
  await clock.advance(100)
  await quota.close()
  await quota.close()
  leaving.abort(new Error('stopped'))
  await t.rejects(waiting, { message: 'stopped' })
})
