import t from 'tap'
import { silentLog } from '../../src/ports/log.ts'
import { RedisIdempotency } from '../../src/storage/redis-idempotency.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aPrefix, REDIS_URL, whyNoRedis } from '../support/redis.ts'
import { testIdempotencyStore } from './idempotency-conformance.ts'

const skip = await whyNoRedis()

await t.test('on a real server', { skip }, async (t) => {
  await testIdempotencyStore(t, 'RedisIdempotency', async (t) => {
    const options = { url: REDIS_URL, prefix: aPrefix(t), clock: systemClock, log: silentLog }
    return { open: async () => new RedisIdempotency(options) }
  })
})
