import t from 'tap'
import { RedisIdempotency } from '../support/key-value-stores.ts'
import { aConnection, aPrefix, whyNoRedis } from '../support/redis.ts'
import { testIdempotencyStore } from './idempotency-conformance.ts'

const skip = await whyNoRedis()

await t.test('on a real server', { skip }, async (t) => {
  await testIdempotencyStore(t, 'RedisIdempotency', async (t) => {
    const prefix = aPrefix(t)
    return { open: async () => new RedisIdempotency({ connection: aConnection(t, { prefix }) }) }
  })
})
