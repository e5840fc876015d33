import t, { type Test } from 'tap'
import { AppError } from '../../src/errors.ts'
import type { Log } from '../../src/ports/log.ts'
import { silentLog } from '../../src/ports/log.ts'
import { networkOf } from '../../src/routes/client-network.ts'
import { RequestCounts, type RequestCountsOptions } from '../../src/routes/request-counts.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryKeyValueStore } from '../support/memory-key-value-store.ts'

t.test('so many requests of each owner pass in a minute, and as many in the next', async (t) => {
  const clock = new FakeClock()
  const counts = aProcess(t, { limit: 2, clock })
  t.same(counts.take('one'), { isAllowed: true, remaining: 1, resetSeconds: 60 })
  await clock.advance(59_001)
  t.same(counts.take('one'), { isAllowed: true, remaining: 0, resetSeconds: 1 })
  t.same(counts.take('one'), { isAllowed: false, remaining: 0, resetSeconds: 1 })
  t.match(counts.take('other'), { isAllowed: true })
  await clock.advance(999)
  t.same(counts.take('one'), { isAllowed: true, remaining: 1, resetSeconds: 60 })
  clock.setWall(-3_600_000)
  t.same(
    counts.take('one'),
    { isAllowed: true, remaining: 0, resetSeconds: 60 },
    'a wall clock that leaps changes nothing',
  )
})

t.test(
  'processes know within two exchanges what each of them has let pass, also of owners they have not seen',
  async (t) => {
    const clock = new FakeClock()
    const shared = new MemoryKeyValueStore(clock)
    const [first, second, third] = [1, 2, 3].map(() => aProcess(t, { limit: 10, clock, shared }))
    t.equal(pass(first, 3), 3)
    t.equal(pass(second, 3), 3)
    await clock.advance(2000)
    t.match(first?.take('one'), { isAllowed: true, remaining: 3 })
    t.match(second?.take('one'), { isAllowed: true, remaining: 3 })
    await clock.advance(2000)
    t.equal(pass(third, 10), 2)
    await clock.advance(2000)
    t.equal(pass(first, 10), 0)
    t.match(first?.take('other'), { remaining: 9 })
    await clock.advance(54_000)
    t.match(third?.take('one'), { isAllowed: true, remaining: 9 }, 'nothing is left of it in the next minute')
  },
)

t.test('a server that is away stops nobody, is told once, and so is its return', async (t) => {
  const clock = new FakeClock()
  const shared = new MemoryKeyValueStore(clock)
  const lines: string[] = []
  const log = { ...silentLog, warn: (_: object, line: string) => lines.push(`warn ${line}`), info: noteInfo } as Log
  function noteInfo(_: object, line: string) {
    lines.push(`info ${line}`)
  }
  const [first, second] = [aProcess(t, { limit: 6, clock, shared, log }), aProcess(t, { limit: 6, clock, shared })]
  t.equal(pass(first, 2), 2)
  await clock.advance(2000)
  shared.fault = new AppError('STORAGE_UNAVAILABLE', 'down')
  t.equal(pass(second, 2), 2)
  await clock.advance(10_000)
  t.match(lines, [/^warn requests cannot be counted together/])
  t.equal(pass(second, 3), 2, 'what was known goes on to count')
  t.equal(pass(first, 5), 4)
  shared.fault = undefined
  await clock.advance(2000)
  t.match(lines, [/^warn/, /^info requests are counted together again/])
  t.match(first.take('one'), { isAllowed: false, remaining: 0 })
})

t.test('a write whose answer was lost counts once', async (t) => {
  const clock = new FakeClock()
  const shared = new MemoryKeyValueStore(clock)
  const [first, second] = [aProcess(t, { limit: 10, clock, shared }), aProcess(t, { limit: 10, clock, shared })]
  const swap = shared.compareAndSwap.bind(shared)
  let lost = 0
  shared.compareAndSwap = async (...call) => {
    await swap(...call)
    if (lost++ < 2) throw new AppError('STORAGE_UNAVAILABLE', 'the answer was lost')
    return swap(...call)
  }
  pass(first, 4)
  await clock.advance(5000)
  t.ok(lost > 1)
  t.match(second.take('one'), { remaining: 5 })
})

t.test('many who exchange at once forestall each other, and none is missed', async (t) => {
  const clock = new FakeClock()
  const shared = new MemoryKeyValueStore(clock)
  const all = Array.from({ length: 12 }, () => aProcess(t, { limit: 100, clock, shared }))
  for (const each of all) pass(each, 2)
  await clock.advance(5000)
  for (const each of all) t.match(each.take('one'), { remaining: 100 - 24 - 1 })
})

t.test('processes whose clocks differ count by that of the storage', async (t) => {
  const clock = new FakeClock()
  const shared = new MemoryKeyValueStore(clock)
  const late: FakeClock = new FakeClock()
  late.setWall(-45_000)
  const [first, second] = [aProcess(t, { limit: 10, clock, shared }), aProcess(t, { limit: 10, clock: late, shared })]
  pass(first, 5)
  pass(second, 3)
  for (let seconds = 0; seconds < 3; seconds++) for (const each of [clock, late]) await each.advance(1000)
  pass(second, 1)
  t.match(second.take('one'), { remaining: 10 - 5 - 2, resetSeconds: 57 }, 'its own of another minute are forgotten')
})

t.test('whoever asks for little costs no write', async (t) => {
  const clock = new FakeClock()
  const shared = new MemoryKeyValueStore(clock)
  const counts = aProcess(t, { limit: 6000, clock, shared })
  for (let n = 0; n < 500; n++) counts.take(`address ${n}`)
  pass(counts, 59)
  await clock.advance(2000)
  t.equal((await shared.get('minute')).version, undefined)
  pass(counts, 1)
  await clock.advance(2000)
  const { value, version } = await shared.get('minute')
  t.match(JSON.stringify(value), /\{"one":60\}/)
  await clock.advance(5000)
  t.equal((await shared.get('minute')).version, version, 'nor does what has not changed')
})

t.test('of the owners that are counted the one unseen the longest is forgotten first', async (t) => {
  const counts = aProcess(t, { limit: 2, clock: new FakeClock() })
  counts.take('one')
  for (let n = 0; n < 9999; n++) counts.take(`address ${n}`)
  t.match(counts.take('one'), { remaining: 0 })
  for (let n = 0; n < 10_000; n++) counts.take(`address ${n}`)
  t.match(counts.take('one'), { remaining: 1 })
})

t.test('what stands in the storage and is no count is written over', async (t) => {
  const clock = new FakeClock()
  const shared = new MemoryKeyValueStore(clock)
  await shared.compareAndSwap('minute', undefined, { window: 'soon' })
  const [first, second] = [aProcess(t, { limit: 10, clock, shared }), aProcess(t, { limit: 10, clock, shared })]
  pass(first, 5)
  await clock.advance(3000)
  t.match(second.take('one'), { remaining: 4 })
})

t.test('the network of an address', async (t) => {
  for (const [address, network] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['::1', '::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
    ['unknown', 'unknown'],
    ['x'.repeat(16_000), 'unknown'],
    [undefined, 'unknown'],
  ] as const) {
    t.equal(networkOf(address), network, String(address))
  }
})

function aProcess(t: Test, options: Omit<RequestCountsOptions, 'log'> & { readonly log?: Log }): RequestCounts {
  const counts = new RequestCounts({ log: silentLog, ...options })
  counts.start()
  t.teardown(() => counts.close())
  return counts
}

/** How many of so many requests of one owner pass. */
function pass(counts: RequestCounts | undefined, requests: number): number {
  return Array.from({ length: requests }, () => counts?.take('one')).filter((taken) => taken?.isAllowed).length
}
