import t from 'tap'
import { RedisKeyValueStore } from '../../src/storage/redis-key-value-store.ts'
import { aConnection, aPrefix, aRedisClient, whyNoRedis } from '../support/redis.ts'
import { testKeyValueStore } from './key-value-conformance.ts'

const skip = await whyNoRedis()

await t.test('on a real server', { skip }, async (t) => {
  await testKeyValueStore(t, 'RedisKeyValueStore', async (t) => {
    const prefix = aPrefix(t)
    return { open: async (namespace) => new RedisKeyValueStore(aConnection(t, { prefix }), namespace) }
  })

  await t.test('what is removed or swept leaves no key behind', async (t) => {
    const prefix = aPrefix(t)
    const store = new RedisKeyValueStore(aConnection(t, { prefix }), 'notes')
    await store.start()
    const value = { expiresAt: '2026-01-01T00:00:00.000Z' }
    await store.remove('a', await store.compareAndSwap('a', undefined, value))
    await store.compareAndSwap('b', undefined, value)
    await store.cleanup(new Date(value.expiresAt))
    t.same(await aRedisClient(t).keys(`${prefix}*`), [])
  })
})
