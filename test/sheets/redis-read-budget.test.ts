import t from 'tap'
import { RedisReadBudget } from '../../src/sheets/redis-read-budget.ts'
import { aConnection, aPrefix, aRedisClient, whyNoRedis } from '../support/redis.ts'
import { testReadBudget } from './read-budget-conformance.ts'

const skip = await whyNoRedis()

await t.test('on a real server', { skip }, async (t) => {
  await testReadBudget(t, 'RedisReadBudget', async (t, readsPerMinute) => {
    const prefix = aPrefix(t)
    const redis = aRedisClient(t)
    const root = `${prefix}reads:google`
    return {
      open: async () => {
        const connection = aConnection(t, { prefix })
        await connection.start()
        return new RedisReadBudget({ connection, readsPerMinute })
      },
      // The server's clock is nobody's to move: everything it has counted is made older instead.
      pass: async (ms) => {
        for (const read of await redis.zrange(root, '0', '-1')) await redis.zincrby(root, String(-ms), read)
        for (const time of await redis.hkeys(`${root}:state`)) await redis.hincrby(`${root}:state`, time, String(-ms))
      },
    }
  })
})
