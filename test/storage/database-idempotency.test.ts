import pMap from 'p-map'
import t from 'tap'
import { newSyncId } from '../../src/model/sync-id.ts'
import { DatabaseIdempotency } from '../support/key-value-stores.ts'
import { aDatabase, aSchema, skipWithoutPostgres } from '../support/postgres.ts'
import { testIdempotencyStore } from './idempotency-conformance.ts'

const NOW = new Date('2026-01-01T00:00:00.000Z')

const skip = await skipWithoutPostgres()

if (skip !== false) {
  t.test('DatabaseIdempotency', { skip }, async () => {})
} else {
  await testIdempotencyStore(t, 'DatabaseIdempotency', async (t) => {
    const schema = aSchema(t)
    return { open: async () => new DatabaseIdempotency({ database: aDatabase(t, schema) }) }
  })
}

t.test('more expired keys than one statement removes are all forgotten, each once', { skip }, async (t) => {
  const schema = aSchema(t)
  const [one, other] = [aDatabase(t, schema), aDatabase(t, schema)].map(
    (database) => new DatabaseIdempotency({ database }),
  )
  if (one === undefined || other === undefined) throw new Error('there are two')
  await one.start()
  const keys = Array.from({ length: 1200 }, (_, n) => n.toString(16).padStart(64, '0'))
  // As many at a time as the pool answers in time on a machine that is busy.
  await pMap(
    keys,
    (key, n) => one.reserve({ key, fingerprint: key, syncId: newSyncId(), now: NOW, ttlMs: n < 1100 ? 1000 : 5000 }),
    { concurrency: 50 },
  )
  const counts = await Promise.all([one, other].map((store) => store.cleanup(new Date(NOW.getTime() + 1000))))
  t.equal((counts[0] ?? 0) + (counts[1] ?? 0), 1100)
  t.equal(await one.cleanup(new Date(NOW.getTime() + 5000)), 100)
})
