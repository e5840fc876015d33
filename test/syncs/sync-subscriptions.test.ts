import t from 'tap'
import { AppError } from '../../src/errors.ts'
import type { Log } from '../../src/ports/log.ts'
import { type SyncChange, SyncSubscriptions } from '../../src/syncs/sync-subscriptions.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { MemoryStorage } from '../support/memory-storage.ts'
import { aQueuedSync } from '../support/syncs.ts'

t.test('whoever follows is told what there is, and each change, at the price of one read for all', async (t) => {
  const { subscriptions, storage, sync, reads } = await someSubscriptions()
  const news = Array.from({ length: 1000 }, () => [] as number[])
  const stops = news.map((told) =>
    subscriptions.subscribe(sync.id, (is) => told.push(is.kind === 'sync' ? is.sync.revision : 0)),
  )
  await settle()
  t.ok(news.every((told) => told.at(-1) === 1))
  reads.count = 0
  await storage.replace({ ...sync, revision: 2 }, 1)
  await settle()
  t.equal(reads.count, 1)
  t.ok(news.every((told) => told.at(-1) === 2))
  for (const stop of stops) stop()
  t.equal(subscriptions.size, 0)
  await storage.replace({ ...sync, revision: 3 }, 2)
  await settle()
  t.equal(reads.count, 1, 'nothing is read for nobody')
})

t.test('changes that come during a read are read once more after it, and the last is never missed', async (t) => {
  const { subscriptions, storage, sync, reads } = await someSubscriptions()
  const told: number[] = []
  const stop = subscriptions.subscribe(sync.id, (is) => told.push(is.kind === 'sync' ? is.sync.revision : 0))
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
  const { subscriptions, storage, sync, clock } = await someSubscriptions()
  const told: SyncChange[] = []
  const { get } = storage
  storage.get = () => Promise.reject(new AppError('STORAGE_UNAVAILABLE', 'down'))
  const stop = subscriptions.subscribe(sync.id, (news) => told.push(news))
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
  const { subscriptions, sync } = await someSubscriptions()
  let told = 0
  subscriptions.subscribe(sync.id, () => stop())
  const stop = subscriptions.subscribe(sync.id, () => told++)
  await settle()
  t.equal(told, 0)
})

t.test('a subscriber that cannot use what is stored is notified that it is unreadable, and others go on', async (t) => {
  const { subscriptions, sync } = await someSubscriptions()
  const kinds: string[] = []
  subscriptions.subscribe(sync.id, ({ kind }) => {
    kinds.push(kind)
    if (kind === 'sync') throw new AppError('STATUS_CORRUPT', 'unfit for the wire')
  })
  subscriptions.subscribe(sync.id, ({ kind }) => kinds.push(`other ${kind}`))
  await settle()
  t.same(kinds.slice(0, 3), ['sync', 'unreadable', 'other sync'])
})

t.test('whatever a subscriber throws ends nobody else, and is told to it or to the log', async (t) => {
  const lines: object[] = []
  const log = { error: (fields: object) => void lines.push(fields) }
  const { subscriptions, storage, sync } = await someSubscriptions(log)
  const kinds: string[] = []
  const defect = new TypeError('a defect')
  subscriptions.subscribe(sync.id, (change) => {
    kinds.push(change.kind)
    if (change.kind === 'sync') throw defect
    if (change.kind === 'unreadable') t.equal(change.error, defect)
  })
  subscriptions.subscribe(sync.id, ({ kind }) => {
    kinds.push(`hopeless ${kind}`)
    throw defect
  })
  subscriptions.subscribe(sync.id, ({ kind }) => kinds.push(`other ${kind}`))
  await settle()
  t.same(kinds.slice(0, 5), ['sync', 'unreadable', 'hopeless sync', 'hopeless unreadable', 'other sync'])
  t.same(lines, [{ err: defect, syncId: sync.id }])
  kinds.length = 0
  await storage.replace({ ...sync, revision: 2 }, 1)
  await settle()
  t.same(kinds, ['sync', 'unreadable', 'other sync'], 'the hopeless one is notified no more')
  subscriptions.drain()
  subscriptions.subscribe(sync.id, () => {
    throw defect
  })
  await settle()
  t.equal(lines.length, 2, 'also of one that comes when the instance stops')
})

t.test('when the instance stops everyone is told so, and whoever comes later too', async (t) => {
  const { subscriptions, sync, storage } = await someSubscriptions()
  const told: string[] = []
  subscriptions.subscribe(sync.id, ({ kind }) => told.push(kind))
  await settle()
  subscriptions.drain()
  subscriptions.subscribe(sync.id, ({ kind }) => told.push(kind))
  await settle()
  await storage.remove(sync.id, 1)
  await settle()
  t.same(told, ['sync', 'draining', 'draining'])
  t.equal(subscriptions.size, 0)
})

async function someSubscriptions(log?: Pick<Log, 'error'>) {
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
  return { storage, clock, sync, reads, subscriptions: new SyncSubscriptions(counted, clock, log) }
}
