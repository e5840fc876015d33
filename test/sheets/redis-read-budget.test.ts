import t from 'tap'
import { RedisReadBudget } from '../support/key-value-stores.ts'
import { aConnection, aPrefix, aRedisClient, whyNoRedis } from '../support/redis.ts'
import { olderBy, testReadBudget } from './read-budget-conformance.ts'

const skip = await whyNoRedis()

await t.test('on a real server', { skip }, async (t) => {
  await testReadBudget(t, 'RedisReadBudget', async (t, readsPerMinute) => {
    const prefix = aPrefix(t)
    const redis = aRedisClient(t)
    const entry = `${prefix}read-budget:google`
    return {
      open: async () => {
        const connection = aConnection(t, { prefix })
        await connection.start()
        return new RedisReadBudget({ connection, readsPerMinute })
      },
      pass: async (ms) => {
        await redis.hset(entry, 'value', olderBy(ms, (await redis.hget(entry, 'value')) ?? '{}'))
      },
    }
  })
})
