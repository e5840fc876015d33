import t from 'tap'
import { RedisReadBudgets } from '../support/key-value-stores.ts'
import { aConnection, aPrefix, aRedisClient, whyNoRedis } from '../support/redis.ts'
import { olderBy, testReadBudgets } from './read-budgets-conformance.ts'

const skip = await whyNoRedis()

await t.test('on a real server', { skip }, async (t) => {
  await testReadBudgets(t, 'RedisReadBudgets', async (t, limits) => {
    const prefix = aPrefix(t)
    const redis = aRedisClient(t)
    return {
      open: async () => {
        const connection = aConnection(t, { prefix })
        await connection.start()
        return new RedisReadBudgets({ connection, limits })
      },
      pass: async (ms) => {
        for (const entry of await redis.keys(`${prefix}read-budget:*`)) {
          const value = (await redis.type(entry)) === 'hash' ? await redis.hget(entry, 'value') : null
          if (value !== null) await redis.hset(entry, 'value', olderBy(ms, value))
        }
      },
    }
  })
})
