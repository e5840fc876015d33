import t from 'tap'
import { AppError } from '../../src/errors.ts'
import { BEAT_MS, GONE_AFTER_MS, Instances } from '../../src/status/instances.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { MemoryKeyValueStore } from '../support/memory-key-value-store.ts'

function aHouse() {
  const clock = new FakeClock()
  const records = new MemoryKeyValueStore(clock)
  const warnings: string[] = []
  const log = { warn: (_: object, message: string) => void warnings.push(message) }
  return {
    ...{ clock, records, warnings },
    instance: (role = 'all') => new Instances({ records, role, host: 'web-1', clock, log }),
  }
}

t.test('an instance is listed for as long as it says that it is there', async (t) => {
  const { clock, instance } = aHouse()
  const [first, second] = [instance('api'), instance('worker')]
  t.same(await first.list(), [])
  first.start()
  await clock.advance(1000)
  second.start()
  await clock.advance(BEAT_MS)
  const listed = await first.list()
  t.match(listed, [
    { id: first.id, role: 'api', host: 'web-1', since: clock.now().getTime() - BEAT_MS - 1000 },
    { id: second.id, role: 'worker' },
  ])
  t.same(await second.list(), listed, 'each knows of both')
  await first.close()
  t.match(await second.list(), [{ id: second.id }], 'one that ends is gone at once')
  await second.close()
  t.same(await second.list(), [])
})

t.test('an instance that has fallen silent is gone, and comes back with its next heartbeat', async (t) => {
  const { clock, records, instance } = aHouse()
  const [first, second] = [instance(), instance()]
  first.start()
  second.start()
  await settle()
  const { since } = (await first.list()).find(({ id }) => id === second.id) ?? {}
  // As for a process that was stopped: its heartbeat stands in the record, and grows old.
  await records.compareAndSwap('instances', (await records.get('instances')).version, {
    instances: (await first.list()).map((one) =>
      one.id === second.id ? { ...one, seenAt: one.seenAt - GONE_AFTER_MS } : one,
    ),
  })
  t.match(await first.list(), [{ id: first.id }])
  await clock.advance(BEAT_MS)
  t.match(
    await first.list(),
    [{}, { id: second.id, since }].toSorted(() => 0),
  )
  t.equal((await first.list()).length, 2)
  await Promise.all([first.close(), second.close()])
})

t.test('a record that is damaged or of another release is made anew, and never grows without end', async (t) => {
  const { records, clock, instance } = aHouse()
  const many = Array.from({ length: 500 }, (_, index) => ({
    ...{ id: `instance-${index}`, role: 'all', host: 'h', since: 0 },
    seenAt: clock.now().getTime() - 1000,
  }))
  await records.compareAndSwap('instances', undefined, { instances: many })
  const one = instance()
  one.start()
  await settle()
  t.equal((await one.list()).length, 200)
  t.ok((await one.list()).some(({ id }) => id === one.id))
  await records.compareAndSwap('instances', (await records.get('instances')).version, { instances: 'none' })
  await clock.advance(BEAT_MS)
  t.match(await one.list(), [{ id: one.id }])
  await one.close()
})

t.test('a storage that fails is warned of once, and its instance goes on', async (t) => {
  const { records, clock, warnings, instance } = aHouse()
  const one = instance()
  records.fault = new AppError('STORAGE_UNAVAILABLE', 'gone')
  one.start()
  await clock.advance(BEAT_MS * 3)
  t.same(warnings, ['this instance could not say that it is there'])
  await t.rejects(one.list(), { code: 'STORAGE_UNAVAILABLE' })
  records.fault = undefined
  await clock.advance(BEAT_MS)
  t.match(await one.list(), [{ id: one.id }])
  records.fault = new AppError('STORAGE_UNAVAILABLE', 'gone')
  await one.close()
})
