import { AppError } from '../../errors.ts'
import type { RedisConnection } from '../../redis/connection.ts'

/** Milliseconds after which the key that a check writes is gone. */
const PROBE_MS = 1000

/** Rejects with the reason when the server takes no writes now, or may throw away what it has taken. */
export async function checkServer(connection: RedisConnection): Promise<void> {
  const memory = await connection.run('could not be written', async (client) => {
    const [, info] = await Promise.all([
      client.set(`${connection.prefix}probe`, '', 'PX', PROBE_MS),
      client.info('memory'),
    ])
    return info
  })
  const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1]
  if (policy === undefined || policy === 'noeviction') return
  throw new AppError('STORAGE_UNAVAILABLE', `Redis may evict records: its maxmemory-policy is ${policy}.`, {
    hint: 'Set maxmemory-policy to noeviction on the Redis server.',
  })
}
