import t from 'tap'
import type { SyncQuery } from '../../src/ports/sync-storage.ts'
import { AdmissionControl, type AdmissionLimits } from '../../src/syncs/admission-control.ts'
import { cancelSync, claimSync, failSync } from '../../src/syncs/sync.ts'
import { ROOMY } from '../support/admission-limits.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import { aQueuedSync } from '../support/syncs.ts'

/** A storage that says how often it was asked for a list. */
class CountedStorage extends MemoryStorage {
  lists = 0

  override list(query: SyncQuery) {
    this.lists += 1
    return super.list(query)
  }
}

function aCount(limits: Partial<AdmissionLimits>) {
  const storage = new CountedStorage()
  const clock = new FakeClock()
  const count = new AdmissionControl({ storage, clock, ...ROOMY, ...limits })
  const start = async (createdBy: string | null = null, background = false) => {
    const sync = { ...aQueuedSync(), createdBy, background }
    await count.admit(sync, () => storage.create(sync))
    return sync
  }
  return { storage, clock, count, start }
}

const codes = (ends: readonly PromiseSettledResult<unknown>[]) =>
  ends.filter((end) => end.status === 'rejected').map(({ reason }) => (reason as { code: string }).code)

t.test('of fifty that come at once as many are let in as there is room for', async (t) => {
  const { storage, start } = aCount({ maxQueued: 20 })
  const ends = await Promise.allSettled(Array.from({ length: 50 }, () => start()))
  t.same(codes(ends), Array(30).fill('QUEUE_FULL'))
  t.equal((await storage.list({ pageSize: 1000 })).syncs.length, 20)
})

t.test('each key has room of its own, and a sync that runs waits no more but is active', async (t) => {
  const { storage, clock, start } = aCount({ maxActivePerKey: 2, maxQueued: 5 })
  const [first] = await Promise.all([start('one'), start('one')])
  await t.rejects(start('one'), { code: 'TOO_MANY_ACTIVE', retryAfterSeconds: 1 })
  await Promise.all([start('two'), start(), start()])
  await t.rejects(start('three'), { code: 'QUEUE_FULL' })
  const running = claimSync(first, 'owner', clock.now())
  await storage.replace(running, first.revision)
  await start('three')
  await t.rejects(start('one'), { code: 'TOO_MANY_ACTIVE' }, 'it runs, and is active')
  const problem = { type: '', title: '', status: 500, detail: '', code: 'INTERNAL', retryable: false } as const
  await storage.replace(failSync(running, problem, clock.now(), 1), running.revision)
  await t.rejects(start('one'), { code: 'QUEUE_FULL' })
})

t.test('without keys nobody has too many active', async (t) => {
  const { storage, start } = aCount({ maxActivePerKey: 1 })
  await Promise.all([start(), start(), start()])
  t.equal((await storage.list({ pageSize: 10 })).syncs.length, 3)
})

t.test('while there is room, syncs are counted once a second and not for each post', async (t) => {
  const { storage, clock, start } = aCount({})
  for (let index = 0; index < 100; index++) await start('one')
  t.equal(storage.lists, 1)
  await clock.advance(1001)
  await start('one')
  t.equal(storage.lists, 2)
})

t.test('where counting takes long, it is done less often', async (t) => {
  const { storage, clock, start } = aCount({})
  const list = storage.list.bind(storage)
  storage.list = async (query) => {
    clock.leap(300)
    return list(query)
  }
  await start()
  await clock.advance(2900)
  await start()
  t.equal(storage.lists, 1)
  await clock.advance(101)
  await start()
  t.equal(storage.lists, 2)
})

t.test('a refusal is told again from memory while counting would take more than a tenth of the time', async (t) => {
  const { storage, clock, start } = aCount({ maxQueued: 1 })
  await start()
  const list = storage.list.bind(storage)
  storage.list = async (query) => {
    clock.leap(20)
    return list(query)
  }
  await clock.advance(1001)
  await t.rejects(start(), { code: 'QUEUE_FULL' })
  const before = storage.lists
  await clock.advance(199)
  await t.rejects(start(), { code: 'QUEUE_FULL' })
  t.equal(storage.lists, before)
  await clock.advance(1)
  await t.rejects(start(), { code: 'QUEUE_FULL' })
  t.equal(storage.lists, before + 1)
})

t.test('those for which nobody waits leave half of the room to those that somebody waits for', async (t) => {
  const { start } = aCount({ maxQueued: 10, maxActivePerKey: 4 })
  for (let n = 0; n < 2; n += 1) await start('a-key', true)
  await t.rejects(start('a-key', true), { code: 'TOO_MANY_ACTIVE' })
  for (let n = 0; n < 2; n += 1) await start('a-key')
  await t.rejects(start('a-key'), { code: 'TOO_MANY_ACTIVE' })
  await start(null, true)
  await t.rejects(start(null, true), { code: 'QUEUE_FULL' })
  for (let n = 0; n < 5; n += 1) await start(null)
  await t.rejects(start(null), { code: 'QUEUE_FULL' })
})

t.test('a create that fails gives its place back; one that takes long keeps it through a count', async (t) => {
  const { storage, clock, count, start } = aCount({ maxQueued: 1 })
  await t.rejects(
    count.admit(aQueuedSync(), () => Promise.reject(new Error('the disk is full'))),
    /full/,
  )
  const slow = Promise.withResolvers<void>()
  const creating = count.admit(aQueuedSync(), () => slow.promise)
  await clock.advance(1001)
  await t.rejects(start(), { code: 'QUEUE_FULL' }, 'the count missed it, and it is there all the same')
  slow.resolve()
  await creating
  t.equal(storage.lists > 1, true)
  await start()
})

t.test('one key alone waits in half of the places, and whoever comes next finds some', async (t) => {
  const { clock, storage, start } = aCount({ maxQueued: 10 })
  const ends = await Promise.allSettled(Array.from({ length: 20 }, () => start('one')))
  t.same(codes(ends), Array(15).fill('QUEUE_FULL'))
  const [first] = await Promise.all([start('two'), start('two')])
  await t.rejects(start('one'), { code: 'QUEUE_FULL', message: /other 3 places/ })
  await start('three')
  await storage.replace(claimSync(first, 'owner', clock.now()), first.revision)
  await clock.advance(1001)
  await start('four')
})

t.test('what a key has left behind is bounded, whatever has become of it; others go on', async (t) => {
  const { storage, clock, start } = aCount({ maxRecordsPerKey: 3 })
  const [first] = await Promise.all([start('one'), start('one'), start('one')])
  await storage.replace(cancelSync(first, clock.now(), 1), first.revision)
  const refusal = { code: 'TOO_MANY_KEPT', retryAfterSeconds: 60, hint: /MAX_RECORDS_PER_KEY/, message: /3 syncs of/ }
  await clock.advance(1001)
  await t.rejects(start('one'), refusal, 'it is cancelled, and is kept')
  await start('two')
  await storage.cleanup(new Date(clock.now().getTime() + 1000))
  await start('one')
  await t.rejects(start('one'), refusal)
})

t.test('the bytes of the records are bounded too, also between two counts', async (t) => {
  const size = JSON.stringify({ ...aQueuedSync(), createdBy: 'one' }).length
  const { clock, start } = aCount({ maxRecordBytesPerKey: 4 * size })
  await start('one')
  await clock.advance(1001)
  const ends = await Promise.allSettled(Array.from({ length: 10 }, () => start('one')))
  t.same(codes(ends), Array(7).fill('TOO_MANY_KEPT'))
  await t.rejects(start('one'), { code: 'TOO_MANY_KEPT', hint: /MAX_RECORD_BYTES_PER_KEY/ })
})

t.test('without keys all that is kept is counted together', async (t) => {
  const { start } = aCount({ maxRecordsPerKey: 2 })
  await Promise.all([start(), start()])
  await t.rejects(start(), { code: 'TOO_MANY_KEPT', message: '2 syncs are kept already.' })
})
