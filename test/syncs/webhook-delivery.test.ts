import t from 'tap'
import { isTerminal, type Sync } from '../../src/model/sync.ts'
import { parseSyncRecord, toSyncRecord } from '../../src/model/sync-record.ts'
import { cancelSync, requestCancel } from '../../src/syncs/sync.ts'
import {
  ATTEMPT_LEASE_MS,
  type AttemptResult,
  claimDelivery,
  type Deliverable,
  isDeliveryDue,
  LONGEST_RETRY_AFTER_MS,
  MOST_TRIES,
  PENDING_KEPT_MS,
  RETRY_DELAYS_MS,
  recordDelivery,
  releaseDelivery,
  requestRedelivery,
} from '../../src/syncs/webhook-delivery.ts'
import { aQueuedSync } from '../support/syncs.ts'

const NOW = new Date('2026-01-01T00:00:00.000Z')
const TTL = 60_000

function anEndedSync(): Deliverable {
  return cancelSync(aQueuedSync({ webhook: { url: 'https://example.com/' } }, NOW), NOW, TTL) as Deliverable
}

function later(ms: number): Date {
  return new Date(NOW.getTime() + ms)
}

function met(status: number | null, more: Partial<AttemptResult> = {}): AttemptResult {
  return { at: NOW, status, error: status === 204 ? null : 'no', durationMs: 1, ...more }
}

function attempt(sync: Deliverable, result: AttemptResult, random = 0.5): Deliverable {
  const now = new Date(sync.webhook.nextAttemptAt ?? NOW)
  return recordDelivery(claimDelivery(sync, now, TTL), { ...result, at: now }, now, { ttlMs: TTL, random })
}

t.test('the record that ends a sync makes its webhook due', async (t) => {
  const ended = anEndedSync()
  t.match(ended, {
    state: 'cancelled',
    webhook: { state: 'pending', endRevision: 2, nextAttemptAt: NOW.toISOString() },
  })
  t.ok(isDeliveryDue(ended, NOW))
  t.equal(aQueuedSync({ webhook: { url: 'https://example.com/' } }).webhook?.state, 'waiting')
  t.equal(cancelSync(aQueuedSync(), NOW, TTL).webhook, null)
  t.equal(cancelSync(aQueuedSync(), NOW, TTL).expiresAt, later(TTL).toISOString(), 'none keeps no sync longer')
})

t.test(
  'every delivery transition raises the revision by one, can be stored, and leaves the end as it was',
  async (t) => {
    const ended = anEndedSync()
    const transitions: Record<string, (sync: Deliverable) => Deliverable> = {
      claim: (sync) => claimDelivery(sync, NOW, TTL),
      record: (sync) => recordDelivery(sync, met(500), NOW, { ttlMs: TTL, random: 0 }),
      release: (sync) => releaseDelivery(claimDelivery(sync, NOW, TTL), NOW, TTL),
      redeliver: (sync) => requestRedelivery(sync, later(-1), TTL),
    }
    for (const [name, transition] of Object.entries(transitions)) {
      const before = structuredClone(ended)
      const after = transition(ended)
      t.same(ended, before, `${name} does not touch what it was given`)
      t.ok(after.revision === ended.revision + (name === 'release' ? 2 : 1), name)
      const { webhook, revision, updatedAt, expiresAt, ...rest } = after
      t.match(ended, rest, `${name} changes nothing else`)
      t.same(parseSyncRecord(after.id, JSON.stringify(toSyncRecord(after))), after)
      t.throws(() => requestCancel({ ...after, state: 'succeeded' } as Sync, NOW, TTL), { code: 'SYNC_FINISHED' })
    }
  },
)

t.test("an attempt under way is its sender's alone until the lease runs out", async (t) => {
  const claimed = claimDelivery(anEndedSync(), NOW, TTL)
  t.notOk(isDeliveryDue(claimed, later(ATTEMPT_LEASE_MS - 1)))
  t.ok(isDeliveryDue(claimed, later(ATTEMPT_LEASE_MS)))
  t.ok(isDeliveryDue(claimed, later(-2 * 86_400_000)), 'a wall clock that was set back by days holds nothing up')
})

t.test('failed attempts follow the schedule with jitter, up to the last', async (t) => {
  for (const [random, factor] of [
    [0, 0.8],
    [0.5, 1],
    [1, 1.2],
  ] as const) {
    let sync = anEndedSync()
    for (const delay of RETRY_DELAYS_MS) {
      const before = Date.parse(sync.webhook.nextAttemptAt ?? '')
      sync = attempt(sync, met(503), random)
      t.equal(sync.webhook.state, 'pending')
      t.equal(Date.parse(sync.webhook.nextAttemptAt ?? '') - before, delay * factor)
    }
    sync = attempt(sync, met(503), random)
    t.match(sync.webhook, { state: 'failed', nextAttemptAt: null, tries: MOST_TRIES })
    t.equal(sync.webhook.attempts.length, 10)
  }
})

t.test('any 2xx delivers, 410 ends it, and what was told twice is delivered all the same', async (t) => {
  t.match(attempt(anEndedSync(), met(204)).webhook, { state: 'delivered', nextAttemptAt: null })
  t.match(attempt(anEndedSync(), met(410)).webhook, { state: 'failed', nextAttemptAt: null })
  const options = { ttlMs: TTL, random: 0 }
  const delivered = attempt(anEndedSync(), met(204))
  t.match(recordDelivery(delivered, met(null), NOW, options).webhook, { state: 'delivered', attempts: { length: 2 } })
  const failed = attempt(anEndedSync(), met(410))
  t.match(recordDelivery(failed, met(204), NOW, options).webhook, { state: 'delivered', nextAttemptAt: null })
})

t.test('Retry-After makes the wait longer, never shorter, and not longer than allowed', async (t) => {
  const waits = (retryAfterMs: number) =>
    Date.parse(attempt(anEndedSync(), met(503, { retryAfterMs })).webhook.nextAttemptAt ?? '') - NOW.getTime()
  t.equal(waits(0), RETRY_DELAYS_MS[0])
  t.equal(waits(120_000), 120_000)
  t.equal(waits(1e12), LONGEST_RETRY_AFTER_MS)
})

t.test('the log holds the latest ten attempts, oldest first', async (t) => {
  let sync = anEndedSync()
  for (let status = 501; status <= 512; status++) {
    sync = recordDelivery(sync, met(status), NOW, { ttlMs: TTL, random: 0 })
  }
  t.same(
    sync.webhook.attempts.map(({ status }) => status),
    [503, 504, 505, 506, 507, 508, 509, 510, 511, 512],
  )
})

t.test('no sync expires before the last attempt, however long receivers make it wait', async (t) => {
  let sync = anEndedSync()
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    t.ok(isTerminal(sync) && Date.parse(sync.expiresAt) > Date.parse(sync.webhook.nextAttemptAt ?? ''))
    t.ok(Date.parse(sync.expiresAt) - NOW.getTime() >= PENDING_KEPT_MS)
    sync = attempt(sync, met(503, { retryAfterMs: 1e12 }), 1)
  }
  t.equal(sync.webhook.state, 'failed')
  t.equal(Date.parse(sync.expiresAt), Date.parse(sync.updatedAt) + TTL, 'and one TTL longer')
})

t.test('a sender that dies in each attempt does not make it go on for ever', async (t) => {
  let sync = anEndedSync()
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    sync = claimDelivery(sync, new Date(sync.webhook.nextAttemptAt ?? ''), TTL)
    t.equal(sync.webhook.state, 'pending')
  }
  t.match(claimDelivery(sync, later(1e9), TTL).webhook, { state: 'failed', nextAttemptAt: null })
})

t.test('an attempt that was broken off on this side is due at once, and not counted', async (t) => {
  const released = releaseDelivery(claimDelivery(anEndedSync(), NOW, TTL), later(5), TTL)
  t.match(released.webhook, { state: 'pending', tries: 0, nextAttemptAt: later(5).toISOString(), attempts: [] })
  const delivered = attempt(anEndedSync(), met(204))
  t.equal(releaseDelivery(delivered, NOW, TTL), delivered, 'one that came to its end stays as it is')
})

t.test('redelivery begins the schedule anew, and needs a webhook and an end', async (t) => {
  const failed = attempt(anEndedSync(), met(410))
  const again = requestRedelivery(failed, later(1), TTL)
  t.match(again.webhook, { state: 'pending', tries: 0, nextAttemptAt: later(1).toISOString(), attempts: { length: 1 } })
  t.equal(again.webhook.endRevision, failed.webhook.endRevision)
  t.throws(() => requestRedelivery(cancelSync(aQueuedSync(), NOW, TTL), NOW, TTL), { code: 'WEBHOOK_NOT_DELIVERABLE' })
  const waiting = aQueuedSync({ webhook: { url: 'https://example.com/' } })
  t.throws(() => requestRedelivery(waiting, NOW, TTL), { code: 'WEBHOOK_NOT_DELIVERABLE' })
})

t.test('a redelivery that has yet to begin is asked for once, however often', async (t) => {
  const again = requestRedelivery(attempt(anEndedSync(), met(410)), later(1), TTL)
  t.equal(requestRedelivery(again, later(1), TTL), again)
  const underWay = claimDelivery(again, later(2), TTL)
  t.match(
    requestRedelivery(underWay, later(3), TTL).webhook,
    { tries: 0, state: 'pending' },
    'what fails is then tried again',
  )
})

t.test('what was sent five times within a minute is not sent again before one of them is a minute old', async (t) => {
  let sync = anEndedSync()
  for (let count = 0; count < 5; count++) {
    sync = recordDelivery(sync, met(204, { at: later(count * 1000) }), later(count * 1000), { ttlMs: TTL, random: 0 })
    if (count < 4) t.ok(requestRedelivery(sync, later(count * 1000), TTL))
  }
  t.throws(() => requestRedelivery(sync, later(10_500), TTL), { code: 'WEBHOOK_SENT_OFTEN', retryAfterSeconds: 50 })
  t.match(requestRedelivery(sync, later(60_000), TTL).webhook, { state: 'pending' })
  t.match(requestRedelivery(sync, later(-3_600_000), TTL).webhook, { state: 'pending' }, 'a clock that was set back')
})

t.test('a record whose webhook contradicts its state is refused', async (t) => {
  const ended = anEndedSync()
  t.throws(() => parse({ ...ended, webhook: { ...ended.webhook, state: 'waiting' } }))
  const waiting = aQueuedSync({ webhook: { url: 'https://example.com/' } })
  t.throws(() => parse({ ...waiting, webhook: { ...waiting.webhook, state: 'pending' } }))
})

function parse(record: { readonly id: string; readonly [member: string]: unknown }): Sync {
  return parseSyncRecord(record.id, JSON.stringify(record))
}
