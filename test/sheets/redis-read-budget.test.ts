import t from 'tap'
import { silentLog } from '../../src/ports/log.ts'
import { RedisReadBudget } from '../../src/sheets/redis-read-budget.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aPrefix, aRedisClient, REDIS_URL, whyNoRedis } from '../support/redis.ts'
import { testReadBudget } from './read-budget-conformance.ts'

const skip = await whyNoRedis()

await t.test('on a real server', { skip }, async (t) => {
  await testReadBudget(t, 'RedisReadBudget', async (t, readsPerMinute) => {
    const prefix = aPrefix(t)
    const options = { url: REDIS_URL, prefix, clock: systemClock, log: silentLog, readsPerMinute }
    const redis = aRedisClient(t)
    const root = `${prefix}reads:google`
    return {
      open: async () => new RedisReadBudget(options),
      // The server's clock is nobody's to move: everything it has counted is made older instead.
      pass: async (ms) => {
        for (const read of await redis.zrange(root, '0', '-1')) await redis.zincrby(root, String(-ms), read)
        for (const time of await redis.hkeys(`${root}:state`)) await redis.hincrby(`${root}:state`, time, String(-ms))
      },
    }
  })
})
