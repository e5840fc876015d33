import t from 'tap'
import { silentLog } from '../../src/ports/log.ts'
import { ReadQuota } from '../../src/sheets/read-quota.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { aLocalBudget } from '../support/local-read-budget.ts'

const never = new AbortController().signal

function aQuota(readsPerMinute: number, clock: FakeClock): ReadQuota {
  return new ReadQuota({ budget: aLocalBudget(readsPerMinute, clock), clock, log: silentLog })
}

/** Somebody who reads as fast as the quota lets, each read taking so long; tells when each was begun. */
function aReader(quota: ReadQuota, clock: FakeClock, key: string, reads: number, each = 200) {
  const begun: number[] = []
  const waits: (Date | undefined)[] = []
  const finished = (async () => {
    for (let count = 0; count < reads; count += 1) {
      const read = await quota.take({ key, signal: never, onWait: (until) => waits.push(until) })
      begun.push(clock.monotonic())
      await clock.sleep(each)
      read.done()
    }
  })()
  return { begun, waits, finished }
}

function mostInAnyMinute(times: readonly number[]): number {
  const sorted = [...times].sort((one, other) => one - other)
  return Math.max(...sorted.map((from) => sorted.filter((at) => at >= from && at < from + 60_000).length))
}

t.test('in no minute are more reads begun than the credential has, and nearly all of them are used', async (t) => {
  const clock = new FakeClock()
  const quota = aQuota(60, clock)
  const readers = ['a', 'b', 'c'].map((key) => aReader(quota, clock, key, 200))
  await clock.advance(600_000)
  const all = readers.flatMap(({ begun }) => begun)
  t.ok(mostInAnyMinute(all) <= 60, `${mostInAnyMinute(all)} in a minute`)
  t.ok(all.length > 9 * 54, `${all.length} in ten minutes`)
})

t.test('of those who wait, one that nobody waits for goes last, and reads as such', async (t) => {
  const clock = new FakeClock()
  let isOpen = false
  const asked: boolean[] = []
  const budget = {
    async take(key: string, { background = false } = {}) {
      if (!isOpen) return { waitMs: 1000 }
      asked.push(background)
      return { read: key }
    },
    async done() {},
  }
  const quota = new ReadQuota({ budget, clock, log: silentLog })
  const order: string[] = []
  const ask = (key: string, background: boolean) =>
    quota.take({ key, background, signal: never }).then(() => order.push(key))
  const all = [ask('nightly', true), ask('a', false), ask('b', false)]
  await settle()
  isOpen = true
  await clock.advance(1000)
  await Promise.all(all)
  t.same(order, ['a', 'b', 'nightly'])
  t.same(asked, [false, false, true])
})

t.test('a read that takes long counts from its start until a minute after its end', async (t) => {
  const clock = new FakeClock()
  const quota = aQuota(2, clock)
  const first = await quota.take({ key: 'a', signal: never })
  const second = await quota.take({ key: 'b', signal: never })
  let isThird = false
  const third = quota.take({ key: 'c', signal: never }).then(() => {
    isThird = true
  })
  await clock.advance(180_000)
  t.notOk(isThird, 'while nobody knows when Google has counted them')
  first.done()
  second.done()
  await clock.advance(59_000)
  t.notOk(isThird)
  await clock.advance(2000)
  t.ok(isThird)
  await third
})

t.test('reads are shared out evenly, whoever came first', async (t) => {
  const clock = new FakeClock()
  const quota = aQuota(60, clock)
  const readers = ['a', 'b', 'c', 'd'].map((key) => aReader(quota, clock, key, 1000, 10))
  await clock.advance(300_000)
  const counts = readers.map(({ begun }) => begun.length)
  t.ok(Math.max(...counts) - Math.min(...counts) <= 2, counts.join(', '))
})

t.test('a small sync waits for no more than one read, whenever it comes to a large one', async (t) => {
  for (const after of [500, 5_000, 20_000, 45_000, 59_900, 61_000, 100_000, 200_000]) {
    const clock = new FakeClock()
    const quota = aQuota(60, clock)
    for (const _ of Array.from({ length: 8 })) aReader(quota, clock, 'large', 1000, 1000)
    await clock.advance(after)
    const from = clock.monotonic()
    const small = aReader(quota, clock, 'small', 4)
    await clock.advance(10_000)
    t.equal(small.begun.length, 4, `after ${after} ms all of its reads are made within 10 s`)
    t.ok((small.begun[0] ?? Number.POSITIVE_INFINITY) - from <= 1000, `after ${after} ms the first one within a second`)
  }
})

t.test('whoever waits is told until when, and when it is over', async (t) => {
  const clock = new FakeClock()
  const quota = aQuota(3, clock)
  const reader = aReader(quota, clock, 'a', 4)
  await clock.advance(1000)
  const until = reader.waits.at(-1)
  t.type(until, Date)
  t.ok((until?.getTime() ?? 0) > clock.now().getTime())
  await clock.advance(90_000)
  t.equal(reader.waits.at(-1), undefined)
  t.equal(reader.begun.length, 4)
})

t.test('a refusal that asks to wait holds everybody back', async (t) => {
  const clock = new FakeClock()
  const quota = aQuota(60, clock)
  ;(await quota.take({ key: 'c', signal: never })).done({ kind: 'refused', retryAfterMs: 30_000 })
  const readers = ['a', 'b'].map((key) => aReader(quota, clock, key, 1))
  await clock.advance(29_000)
  t.strictSame(
    readers.flatMap(({ begun }) => begun),
    [],
  )
  await clock.advance(2300)
  t.equal(readers.flatMap(({ begun }) => begun).length, 2)
})

t.test('one who leaves the queue takes nothing with it', async (t) => {
  const clock = new FakeClock()
  const quota = aQuota(1, clock)
  const first = await quota.take({ key: 'a', signal: never })
  const leaving = new AbortController()
  const gone = quota.take({ key: 'b', signal: leaving.signal })
  const staying = quota.take({ key: 'c', signal: never })
  await settle()
  leaving.abort(new Error('gone'))
  await t.rejects(gone, { message: 'gone' })
  first.done()
  await clock.advance(61_000)
  t.ok(await staying)
  await t.rejects(quota.take({ key: 'd', signal: leaving.signal }), { message: 'gone' })
})
