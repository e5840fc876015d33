import t from 'tap'
import { newSyncId } from '../../src/model/sync-id.ts'
import { RedisLeases } from '../support/key-value-stores.ts'
import { aConnection, aPrefix, aRedisClient, whyNoRedis } from '../support/redis.ts'
import { testLeaseStore } from './lease-conformance.ts'

const skip = await whyNoRedis()

await t.test('on a real server', { skip }, async (t) => {
  await testLeaseStore(t, 'RedisLeases', async (t) => {
    const prefix = aPrefix(t)
    return { open: async () => new RedisLeases({ connection: aConnection(t, { prefix }) }) }
  })

  await t.test('what nobody drops is gone an hour after its last beat', async (t) => {
    const prefix = aPrefix(t)
    const leases = new RedisLeases({ connection: aConnection(t, { prefix }) })
    await leases.start()
    await leases.renew(newSyncId(), 1)
    const redis = aRedisClient(t)
    const [key = ''] = await redis.keys(`${prefix}*`)
    const ttl = await redis.pttl(key)
    t.ok(ttl > 3_590_000 && ttl <= 3_600_000, `${ttl} ms`)
  })
})
