import t from 'tap'
import { silentLog } from '../../src/ports/log.ts'
import { RedisStorage } from '../../src/storage/redis-storage.ts'
import { cancelSync } from '../../src/syncs/sync.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aConnection, aPrefix, aRedisClient, whyNoRedis } from '../support/redis.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { testHistory } from './history-conformance.ts'

const NOW = new Date('2026-01-10T12:00:00.000Z')
const TTL_MS = 300_000
const EXPIRED = new Date(NOW.getTime() + TTL_MS)

const skip = await whyNoRedis()

await t.test('on a real server', { skip }, async (t) => {
  await testHistory(t, 'RedisStorage', async (t, ttlMs) => {
    const prefix = aPrefix(t)
    const history = { ttlMs, maxBytes: 1e9 }
    return async () =>
      new RedisStorage({ connection: aConnection(t, { prefix }), clock: systemClock, log: silentLog, history })
  })

  await t.test(
    'beyond its bytes the oldest syncs of a history go, and nothing is left of those that went',
    async (t) => {
      const prefix = aPrefix(t)
      const redis = aRedisClient(t)
      const open = async (maxBytes: number, ttlMs = 86_400_000) => {
        const history = { ttlMs, maxBytes }
        const connection = aConnection(t, { prefix })
        const storage = new RedisStorage({ connection, clock: systemClock, log: silentLog, history })
        await storage.start()
        t.teardown(() => storage.close())
        return storage
      }
      const syncs = Array.from({ length: 100 }, () => aQueuedSync())
      const storage = await open(1e9)
      for (const sync of syncs) await storage.create(sync)
      for (const sync of syncs) await storage.replace(cancelSync(sync, NOW, TTL_MS), 1)
      await storage.cleanup(EXPIRED)
      const bytes = Number(await redis.get(`${prefix}history-bytes`))
      t.ok(bytes > 100_000, `${bytes} bytes`)
      const small = await open(bytes / 2)
      await small.cleanup(EXPIRED)
      t.ok(Number(await redis.get(`${prefix}history-bytes`)) <= bytes / 2)
      const left = (await small.list({ pageSize: 1000 })).syncs.map(({ id }) => id)
      t.same(
        left,
        syncs
          .map(({ id }) => id)
          .slice(-left.length)
          .reverse(),
      )
      t.ok(left.length >= 30 && left.length <= 50, `${left.length} are left`)
      const none = await open(1e9, 0)
      await none.cleanup(EXPIRED)
      t.same((await storage.list({ pageSize: 1000 })).syncs, [], 'without a history nothing of it is kept')
      t.equal(await redis.get(`${prefix}history-bytes`), '0')
      const keys = await redis.keys(`${prefix}*`)
      t.same(keys, [`${prefix}history-bytes`])
    },
  )
})
