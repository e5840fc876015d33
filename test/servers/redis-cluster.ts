import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import t from 'tap'
import type { AppError } from '../../src/errors.ts'
import { silentLog } from '../../src/ports/log.ts'
import { RedisStorage } from '../../src/storage/redis-storage.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aConnection, anOwnRedis, aRedisClient, whyNoRedisServer } from '../support/redis.ts'
import { aDirectory, aFreePort, aServiceProcess } from '../support/service.ts'
import { aQueuedSync } from '../support/syncs.ts'

const run = promisify(execFile)

const skip = await whyNoRedisServer()

t.test('the start on any node of a Redis Cluster is refused', { skip }, async (t) => {
  const nodes = await Promise.all([1, 2, 3].map(() => anOwnRedis(t, ['--cluster-enabled', 'yes'])))
  const hosts = nodes.map(({ url }) => new URL(url).host)
  await run('redis-cli', ['--cluster', 'create', ...hosts, '--cluster-yes'])
  for (const { url } of nodes) {
    const storage = new RedisStorage({ connection: aConnection(t, { url }), clock: systemClock, log: silentLog })
    await t.rejects(storage.start(), { code: 'STORAGE_UNAVAILABLE', message: /points to a Redis Cluster/ })
    await storage.close()
    const start = aServiceProcess(t, { PORT: '0', STORAGE_URL: url })
    await t.rejects(start, { message: /ended with 1 before it listened.*points to a Redis Cluster/s })
    await t.rejects(start, { message: /cluster-enabled no/ })
    t.same(await aRedisClient(t, url).keys('*'), [], 'and nothing was written')
  }
})

t.test('a server that became a part of a cluster says so in the error', { skip }, async (t) => {
  const { url } = await anOwnRedis(t, ['--cluster-enabled', 'yes'])
  const connection = aConnection(t, { url })
  await connection.start().catch(() => undefined)
  const read = connection.run('could not be read', (client) => client.get('any'))
  await t.rejects(read, { code: 'STORAGE_UNAVAILABLE', message: /points to a Redis Cluster/ }, 'CLUSTERDOWN')
})

t.test('a replica is refused at the start', { skip }, async (t) => {
  const [primary, replica] = [await anOwnRedis(t), await anOwnRedis(t)]
  await follow(replica.url, primary.url)
  await t.rejects(aConnection(t, { url: replica.url }).start(), {
    code: 'STORAGE_UNAVAILABLE',
    message: /points to a replica/,
    hint: /Name the primary/,
  })
})

t.test('a primary that becomes a replica is named so, and is used again once it is promoted', { skip }, async (t) => {
  const [first, second] = [await anOwnRedis(t), await anOwnRedis(t)]
  const connection = aConnection(t, { url: first.url })
  const storage = new RedisStorage({ connection, clock: systemClock, log: silentLog })
  t.teardown(() => storage.close())
  await storage.start()
  const sync = aQueuedSync()
  await storage.create(sync)
  const before = await connection.run('could not be read', (client) => client.client('ID'))
  await follow(first.url, second.url)
  await t.rejects(storage.create(aQueuedSync()), {
    code: 'STORAGE_UNAVAILABLE',
    message: /is a replica, which only reads/,
    hint: /Name the primary/,
  })
  await aRedisClient(t, first.url).replicaof('NO', 'ONE')
  for (;;) {
    const created = await storage.create(aQueuedSync()).then(
      () => true,
      () => false,
    )
    if (created) break
    await delay(20)
  }
  const after = await connection.run('could not be read', (client) => client.client('ID'))
  t.not(after, before, 'over a new connection, which may lead to another server by then')
})

t.test('a Sentinel is refused at the start', { skip }, async (t) => {
  const directory = await aDirectory(t)
  const port = await aFreePort()
  const config = `${directory}/sentinel.conf`
  await writeFile(config, `port ${port}\nbind 127.0.0.1\ndir ${directory}\n`)
  const sentinel = spawn('redis-server', [config, '--sentinel'], { stdio: 'ignore' })
  const exited = once(sentinel, 'exit')
  t.teardown(async () => {
    sentinel.kill('SIGKILL')
    await exited
  })
  const start = async () => {
    const connection = aConnection(t, { url: `redis://127.0.0.1:${port}` })
    await connection.start()
  }
  // It may not listen yet.
  for (;;) {
    const error = await start().catch((reason: unknown) => reason as AppError)
    if (error?.message.includes('cannot be used now')) continue
    t.match(error, { code: 'STORAGE_UNAVAILABLE', message: /points to a Redis Sentinel/, hint: /Name the primary/ })
    break
  }
})

/** Resolves once the one server replicates the other. */
async function follow(url: string, primary: string): Promise<void> {
  const redis = new Redis(url)
  const { hostname, port } = new URL(primary)
  await redis.replicaof(hostname, Number(port))
  while (!/master_link_status:up/.test(await redis.info('replication'))) await delay(20)
  redis.disconnect()
}
