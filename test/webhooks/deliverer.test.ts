import t from 'tap'
import { AppError } from '../../src/errors.ts'
import { measureStorage } from '../../src/metrics/measured-storage.ts'
import type { Sync } from '../../src/model/sync.ts'
import { silentLog } from '../../src/ports/log.ts'
import type { SyncStorage } from '../../src/ports/sync-storage.ts'
import {
  ATTEMPT_LEASE_MS,
  claimDelivery,
  MOST_TRIES,
  RETRY_DELAYS_MS,
  requestRedelivery,
} from '../../src/syncs/webhook-delivery.ts'
import { SCAN_INTERVAL_MS } from '../../src/webhooks/deliverer.ts'
import { settle } from '../support/fake-clock.ts'
import { silentMetrics } from '../support/silent-metrics.ts'
import { anEndedSync, aWorld, HeldSender, REFUSED, TAKEN, TTL } from './held-messages.ts'

t.test('what ends in this process is told at once, without a look through the storage', async (t) => {
  const { clock, storage, sender, deliverer, webhookOf } = aWorld(t)
  const told = measureStorage(storage, silentMetrics, (sync) => deliverer.notify(sync))
  const { id } = await anEndedSync(told, clock)
  await settle()
  t.equal(sender.sent.length, 1)
  sender.sent[0]?.answer(TAKEN)
  await settle()
  t.match(await webhookOf(id), {
    state: 'delivered',
    tries: 1,
    attempts: [{ status: 204, error: null, durationMs: 0 }],
  })
})

t.test('what an earlier process left is found by the first look', async (t) => {
  const { clock, storage, sender, deliverer, webhookOf } = aWorld(t, [TAKEN])
  const { id } = await anEndedSync(storage, clock)
  deliverer.start()
  await settle()
  t.match(await webhookOf(id), { state: 'delivered' })
  await clock.advance(10 * SCAN_INTERVAL_MS)
  t.equal(sender.sent.length, 1, 'and not sent again')
})

t.test('a restart in the middle of the schedule goes on where it was', async (t) => {
  const { clock, storage, sender, deliverer, another, webhookOf } = aWorld(t, [REFUSED])
  const { id } = await anEndedSync(storage, clock)
  deliverer.start()
  await clock.advance(60_000)
  const tries = (await webhookOf(id))?.tries ?? 0
  t.ok(tries >= 2)
  await deliverer.close()
  const next = new HeldSender(clock, [TAKEN])
  another(next).start()
  await clock.advance(0)
  t.equal(next.sent.length, 0, 'not before it is due')
  await clock.advance(RETRY_DELAYS_MS[2] ?? 0)
  t.match(await webhookOf(id), { state: 'delivered', tries: tries + 1 })
  t.equal(sender.sent.length, tries)
})

t.test(
  'of several processes one sends, and another follows when it dies before it has recorded what came',
  async (t) => {
    const { clock, storage, another, webhookOf } = aWorld(t)
    const senders = [1, 2, 3, 4].map(() => new HeldSender(clock))
    const deliverers = senders.map((sender) => another(sender))
    const { id } = await anEndedSync(storage, clock)
    for (const deliverer of deliverers) deliverer.start()
    await clock.advance(ATTEMPT_LEASE_MS - 1)
    const counts = () => senders.reduce((sum, { sent }) => sum + sent.length, 0)
    t.equal(counts(), 1, 'one claims it, and nobody else while its lease lasts')
    // The sender hangs, as one that was killed: nothing is ever recorded.
    await clock.advance(SCAN_INTERVAL_MS + 1)
    t.equal(counts(), 2)
    const second = senders.flatMap(({ sent }) => sent).sort((one, other) => other.at - one.at)[0]
    second?.answer(TAKEN)
    await settle()
    t.match(await webhookOf(id), { state: 'delivered', tries: 2 })
  },
)

t.test('a slow receiver delays nobody else', async (t) => {
  const { clock, storage, sender, deliverer } = aWorld(t)
  for (let count = 0; count < 200; count++) await anEndedSync(storage, clock, `https://slow.example/${count}`)
  await anEndedSync(storage, clock, 'https://quick.example/')
  deliverer.start()
  await settle()
  const urls = sender.sent.map(({ url }) => new URL(url).host)
  t.equal(urls.filter((host) => host === 'slow.example').length, 1, 'one at a time until it has answered')
  t.equal(urls.filter((host) => host === 'quick.example').length, 1)
  for (const { answer } of sender.sent) answer(TAKEN)
  await settle()
  t.equal(sender.sent.length, 4, 'then more')
})

t.test('no more than half of 64 messages of one owner are under way, whoever they are for', async (t) => {
  const { clock, storage, sender, deliverer } = aWorld(t)
  for (let count = 0; count < 100; count++) await anEndedSync(storage, clock, `https://host-${count}.example/`)
  deliverer.start()
  await settle()
  t.equal(sender.sent.length, 32)
  await anEndedSync(storage, clock, 'https://host-1.example/', 'another')
  await clock.advance(SCAN_INTERVAL_MS)
  t.equal(sender.sent.length, 33, 'and those of another owner are sent at once')
  for (let turn = 0; turn < 4; turn++) {
    for (const { answer } of sender.sent) answer(TAKEN)
    await settle()
  }
  t.equal(sender.sent.length, 101)
})

t.test('close waits for answers under way, breaks off what takes too long, and leaves that due at once', async (t) => {
  const { clock, storage, sender, deliverer, another, webhookOf } = aWorld(t)
  const quick = await anEndedSync(storage, clock, 'https://quick.example/')
  const slow = await anEndedSync(storage, clock, 'https://slow.example/')
  deliverer.start()
  await settle()
  let isClosed = false
  const closed = deliverer.close().then(() => {
    isClosed = true
  })
  sender.sent.find(({ url }) => url.includes('quick'))?.answer(TAKEN)
  await settle()
  t.notOk(isClosed)
  t.match(await webhookOf(quick.id), { state: 'delivered' })
  await clock.advance(3000)
  await closed
  t.equal(sender.broken, 1)
  t.match(await webhookOf(slow.id), {
    state: 'pending',
    tries: 0,
    attempts: [],
    nextAttemptAt: clock.now().toISOString(),
  })
  deliverer.notify(slow)
  await settle()
  t.equal(sender.sent.length, 2, 'nothing begins after a close')
  const next = new HeldSender(clock, [TAKEN])
  another(next).start()
  await settle()
  t.match(await webhookOf(slow.id), { state: 'delivered' })
})

t.test('a redelivery that is asked for while an attempt is under way is not lost when that fails', async (t) => {
  const { clock, storage, sender, deliverer, webhookOf } = aWorld(t)
  const told = measureStorage(storage, silentMetrics, (sync) => deliverer.notify(sync))
  const { id } = await anEndedSync(told, clock)
  deliverer.start()
  await settle()
  const latest = (await storage.get(id)) as Sync
  await told.replace(requestRedelivery(latest, clock.now(), TTL), latest.revision)
  await settle()
  t.equal(sender.sent.length, 1)
  sender.sent[0]?.answer(REFUSED)
  await clock.advance((RETRY_DELAYS_MS[0] ?? 0) + SCAN_INTERVAL_MS)
  t.equal(sender.sent.length, 2)
  sender.sent[1]?.answer(TAKEN)
  await settle()
  t.match(await webhookOf(id), { state: 'delivered', attempts: [{ status: 503 }, { status: 204 }] })
})

t.test('a sync that is forgotten while its webhook is under way stays forgotten', async (t) => {
  const { clock, storage, sender, deliverer } = aWorld(t)
  const { id } = await anEndedSync(storage, clock)
  deliverer.start()
  await settle()
  t.ok(await storage.remove(id, (await storage.get(id))?.revision ?? 0))
  sender.sent[0]?.answer(TAKEN)
  await settle()
  t.equal(await storage.get(id), undefined)
})

t.test('a storage that fails for a while loses no webhook, and is told what came once it is back', async (t) => {
  const { clock, storage, another, webhookOf } = aWorld(t)
  let broken = true
  const failing: SyncStorage = {
    ...measureStorage(storage, silentMetrics),
    list: async (query) => {
      if (broken) throw new AppError('STORAGE_UNAVAILABLE', 'not now')
      return storage.list(query)
    },
    replace: async (next, revision) => {
      if (broken) throw new AppError('STORAGE_UNAVAILABLE', 'not now')
      return storage.replace(next, revision)
    },
  }
  const { id } = await anEndedSync(storage, clock)
  const sender = new HeldSender(clock)
  const told: string[] = []
  const log = { ...silentLog, error: (_: object, message: string) => told.push(message), warn: () => told.push('warn') }
  another(sender, failing, log).start()
  await settle()
  t.equal(sender.sent.length, 0)
  t.match(told, [/look for webhooks failed/])
  broken = false
  await clock.advance(SCAN_INTERVAL_MS)
  t.equal(sender.sent.length, 1)
  broken = true
  sender.sent[0]?.answer(TAKEN)
  await clock.advance(5000)
  t.match(await webhookOf(id), { state: 'pending', attempts: [] })
  broken = false
  await clock.advance(1000)
  t.match(await webhookOf(id), { state: 'delivered', tries: 1 })
  t.equal(sender.sent.length, 1, 'sent once')
})

t.test('one whose last sender died is given up without another message', async (t) => {
  const { clock, storage, sender, deliverer, webhookOf } = aWorld(t, [TAKEN])
  let sync = await anEndedSync(storage, clock)
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const next = claimDelivery(sync, clock.now(), TTL)
    await storage.replace(next, sync.revision)
    sync = next
  }
  deliverer.start()
  await clock.advance(ATTEMPT_LEASE_MS + SCAN_INTERVAL_MS)
  t.match(await webhookOf(sync.id), { state: 'failed' })
  t.equal(sender.sent.length, 0)
})
