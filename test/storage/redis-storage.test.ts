import t from 'tap'
import { silentLog } from '../../src/ports/log.ts'
import { RedisStorage } from '../../src/storage/redis-storage.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aConnection, aPrefix, aRedisClient, whyNoRedis } from '../support/redis.ts'
import { testSyncStorage } from './conformance.ts'

const skip = await whyNoRedis()

await t.test('on a real server', { skip }, async (t) => {
  await testSyncStorage(t, 'RedisStorage', async (t) => {
    const prefix = aPrefix(t)
    const redis = aRedisClient(t)
    return {
      open: async () =>
        new RedisStorage({ connection: aConnection(t, { prefix }), clock: systemClock, log: silentLog }),
      damage: async (id) => {
        const text = (await redis.get(`${prefix}sync:${id}`)) ?? ''
        await redis.set(`${prefix}sync:${id}`, text.slice(0, 200))
      },
      raw: {
        write: async (id, record) => {
          const { revision, ...rest } = record as { readonly revision: number }
          await redis.set(`${prefix}sync:${id}`, JSON.stringify({ revision, writeId: 'another-release', ...rest }))
        },
        read: (id) => redis.get(`${prefix}sync:${id}`),
      },
    }
  })
})
