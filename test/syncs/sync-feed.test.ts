import t from 'tap'
import { AppError } from '../../src/errors.ts'
import { MemoryStorage } from '../../src/storage/memory-storage.ts'
import { SyncFeed, type SyncNews } from '../../src/syncs/sync-feed.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { aQueuedSync } from '../support/syncs.ts'

t.test('whoever follows is told what there is, and each change, at the price of one read for all', async (t) => {
  const { feed, storage, sync, reads } = await aFeed()
  const news = Array.from({ length: 1000 }, () => [] as number[])
  const stops = news.map((told) => feed.follow(sync.id, (is) => told.push(is.kind === 'sync' ? is.sync.revision : 0)))
  await settle()
  t.ok(news.every((told) => told.at(-1) === 1))
  reads.count = 0
  await storage.replace({ ...sync, revision: 2 }, 1)
  await settle()
  t.equal(reads.count, 1)
  t.ok(news.every((told) => told.at(-1) === 2))
  for (const stop of stops) stop()
  t.equal(feed.size, 0)
  await storage.replace({ ...sync, revision: 3 }, 2)
  await settle()
  t.equal(reads.count, 1, 'nothing is read for nobody')
})

t.test('changes that come during a read are read once more after it, and the last is never missed', async (t) => {
  const { feed, storage, sync, reads } = await aFeed()
  const told: number[] = []
  const stop = feed.follow(sync.id, (is) => told.push(is.kind === 'sync' ? is.sync.revision : 0))
  await settle()
  const gate = Promise.withResolvers<void>()
  reads.gate = gate.promise
  reads.count = 0
  for (let revision = 2; revision <= 50; revision++) await storage.replace({ ...sync, revision }, revision - 1)
  gate.resolve()
  await settle()
  t.ok(reads.count <= 2, `${reads.count} reads of 49 changes`)
  t.equal(told.at(-1), 50)
  stop()
})

t.test('a storage that fails is asked again until it answers; what can never be read is told', async (t) => {
  const { feed, storage, sync, clock } = await aFeed()
  const told: SyncNews[] = []
  const { get } = storage
  storage.get = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE', 'down'))
  const stop = feed.follow(sync.id, (news) => told.push(news))
  await clock.advance(5000)
  t.same(told, [])
  storage.get = get
  await clock.advance(1000)
  t.match(told, [{ kind: 'sync', sync: { revision: 1 } }])
  storage.get = () => Promise.reject(new AppError('STATUS_CORRUPT', 'damaged'))
  await storage.replace({ ...sync, revision: 2 }, 1)
  await settle()
  t.match(told[1], { kind: 'unreadable', error: { code: 'STATUS_CORRUPT' } })
  storage.get = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE', 'down'))
  await storage.replace({ ...sync, revision: 3 }, 2)
  await settle()
  t.equal(clock.sleepers, 1)
  stop()
  await settle()
  t.equal(clock.sleepers, 0, 'nobody waits for news that nobody wants')
})

t.test('a follower that stops another while it is told has stopped it', async (t) => {
  const { feed, sync } = await aFeed()
  let told = 0
  feed.follow(sync.id, () => stop())
  const stop = feed.follow(sync.id, () => told++)
  await settle()
  t.equal(told, 0)
})

t.test('when the instance stops everyone is told so, and whoever comes later too', async (t) => {
  const { feed, sync, storage } = await aFeed()
  const told: string[] = []
  feed.follow(sync.id, ({ kind }) => told.push(kind))
  await settle()
  feed.drain()
  feed.follow(sync.id, ({ kind }) => told.push(kind))
  await settle()
  await storage.remove(sync.id, 1)
  await settle()
  t.same(told, ['sync', 'draining', 'draining'])
  t.equal(feed.size, 0)
})

async function aFeed() {
  const storage = new MemoryStorage()
  const clock = new FakeClock()
  const sync = aQueuedSync()
  await storage.create(sync)
  const reads = { count: 0, gate: Promise.resolve() }
  const counted = {
    get: async (id: string) => {
      reads.count++
      const found = await storage.get(id)
      await reads.gate
      return found
    },
    watch: storage.watch.bind(storage),
  }
  return { storage, clock, sync, reads, feed: new SyncFeed(counted, clock) }
}
