import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Sync } from '../../src/model/sync.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import type { Log } from '../../src/ports/log.ts'
import { silentLog } from '../../src/ports/log.ts'
import { DEFAULT_ACCOUNT } from '../../src/ports/read-budget.ts'
import { RedisStorage } from '../../src/storage/redis-storage.ts'
import { claimSync } from '../../src/syncs/sync.ts'
import { systemClock } from '../../src/system-clock.ts'
import { claimOf } from '../storage/idempotency-conformance.ts'
import { RedisIdempotency, RedisLeases, RedisReadBudgets } from '../support/key-value-stores.ts'
import { aConnection, anOwnRedis, aRedisClient, type OwnRedis, whyNoRedisServer } from '../support/redis.ts'
import { aQueuedSync } from '../support/syncs.ts'

const NOW = new Date('2026-01-01T00:00:00.000Z')
const PREFIX = '{sheetsync}:'
const skip = await whyNoRedisServer()

async function setUp(t: Test, settings: readonly string[] = []) {
  const server = await anOwnRedis(t, settings)
  const open = async () => {
    const connection = aConnection(t, { url: server.url })
    const storage = new RedisStorage({ connection, clock: systemClock, log: silentLog })
    await storage.start()
    t.teardown(() => storage.close())
    return storage
  }
  return { server, open, storage: await open() }
}

/** Resolves when the call has rejected as it should, within 2 s. */
async function isRefused(t: Test, call: () => unknown, what: string): Promise<void> {
  const from = performance.now()
  await t.rejects(async () => call(), { code: 'STORAGE_UNAVAILABLE' }, what)
  const took = performance.now() - from
  t.ok(took < 2000, `${what}: ${Math.round(took)} ms`)
}

/** Every way to ask for a sync, and to change it. */
function callsOf(storage: RedisStorage, sync: Sync): [string, () => unknown][] {
  return [
    ['get', () => storage.get(sync.id)],
    ['get of an unknown one', () => storage.get(newSyncId())],
    ['peek', () => storage.peek(sync.id)],
    ['list', () => storage.list({ pageSize: 10 })],
    ['create', () => storage.create(aQueuedSync())],
    ['replace', () => storage.replace({ ...claimSync(sync, 'an owner', NOW), revision: 9 }, 8)],
    ['remove', () => storage.remove(sync.id, 8)],
    ['cleanup', () => storage.cleanup(NOW)],
    ['checkWritable', () => storage.checkWritable()],
  ]
}

async function untilWell(storage: RedisStorage): Promise<void> {
  for (;;) {
    try {
      return await storage.checkWritable()
    } catch {
      await delay(50)
    }
  }
}

await t.test('on a server of our own', { skip }, async (t) => {
  for (const [fault, begin, end] of [
    ['stopped', (server: OwnRedis) => server.kill(), (server: OwnRedis) => server.start()],
    ['hung', async (server: OwnRedis) => server.hang(), async (server: OwnRedis) => server.resume()],
  ] as const) {
    await t.test(
      `while it is ${fault} every call is refused within 2 s, none answers absent, and all is well again after`,
      async (t) => {
        const { server, storage, open } = await setUp(t)
        const other = await open()
        const sync = aQueuedSync()
        await storage.create(sync)
        const found = await storage.get(sync.id)
        await begin(server)
        // All at once, as the first calls meet the fault; and one after the other, as later ones do.
        await Promise.all(callsOf(storage, sync).map(([what, call]) => isRefused(t, call, `${what} at first`)))
        for (const [what, call] of callsOf(storage, sync)) await isRefused(t, call, what)
        for (const [what, call] of callsOf(other, sync)) await isRefused(t, call, `${what} in an idle instance`)
        await end(server)
        await untilWell(storage)
        t.equal(await storage.get(sync.id), found, 'still the same object')
        await untilWell(other)
        t.same(await other.get(sync.id), sync)
        const next = claimSync(sync, 'an owner', NOW)
        t.equal(await other.replace(next, 1), true)
        t.same(await storage.get(sync.id), next)
      },
    )

    await t.test(
      `who watches is told of what has changed while the line was cut, once it is no longer ${fault}`,
      async (t) => {
        const { server, storage, open } = await setUp(t)
        const sync = aQueuedSync()
        await storage.create(sync)
        await begin(server)
        await isRefused(t, () => storage.get(sync.id), 'get')
        await delay(2500)
        let told = Promise.withResolvers<void>()
        storage.watch(sync.id, () => told.resolve())
        await end(server)
        await told.promise
        await untilWell(storage)
        await delay(1500)
        told = Promise.withResolvers<void>()
        const other = await open()
        await other.replace(claimSync(sync, 'an owner', NOW), 1)
        await told.promise
        t.equal((await storage.get(sync.id))?.revision, 2)
      },
    )
  }

  await t.test('when only the line that listens is cut, who watches is told once it is back', async (t) => {
    const { server, storage } = await setUp(t)
    const redis = aRedisClient(t, server.url)
    const told = Promise.withResolvers<void>()
    storage.watch(newSyncId(), () => told.resolve())
    await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await told.promise
    t.pass('told')
  })

  await t.test(
    'a create and a replace that were carried out late are known again when they are repeated',
    async (t) => {
      const { server, storage, open } = await setUp(t)
      const [created, replaced] = [aQueuedSync(), aQueuedSync()]
      await storage.create(replaced)
      const next = claimSync(replaced, 'an owner', NOW)
      // A script that the server does not know yet it cannot carry out late.
      await storage.replace({ ...next, revision: 9 }, 8)
      server.hang()
      await Promise.all([
        isRefused(t, () => storage.create(created), 'create'),
        isRefused(t, () => storage.replace(next, 1), 'replace'),
      ])
      server.resume()
      await untilWell(storage)
      const other = await open()
      for (let tries = 0; (await other.get(replaced.id))?.revision !== 2 && tries < 100; tries++) await delay(20)
      t.same(await other.get(replaced.id), next, 'the server has done what nobody was told')
      t.same(await other.get(created.id), created)
      await t.rejects(other.create(created), { code: 'SYNC_EXISTS' }, 'it is not theirs')
      t.equal(await other.replace(next, 1), false)
      await storage.create(created)
      t.equal(await storage.replace(next, 1), true)
      await t.rejects(storage.create(created), { code: 'SYNC_EXISTS' }, 'answered once, it is an ordinary create')
      t.equal(await storage.replace(next, 1), false)
    },
  )

  await t.test('leases, keys and the read budget are refused within 2 s too, and come back', async (t) => {
    const server = await anOwnRedis(t)
    const connection = aConnection(t, { url: server.url })
    const leases = new RedisLeases({ connection })
    const keys = new RedisIdempotency({ connection })
    const budget = new RedisReadBudgets({ connection, limits: { account: 1, project: 300 } }).of(DEFAULT_ACCOUNT)
    for (const driver of [leases, keys]) await driver.start()
    const id = newSyncId()
    await leases.renew(id, 1)
    const sign = await leases.read(id, 1)
    const wanted = { key: 'a'.repeat(64), fingerprint: 'f', syncId: newSyncId(), now: NOW, ttlMs: 60_000 }
    const held = { ...wanted, key: 'c'.repeat(64) }
    const claim = claimOf(await keys.reserve(held))
    await budget.done('of no such name')
    server.hang()
    for (let round = 0; round < 2; round++) {
      await Promise.all([
        isRefused(t, () => leases.renew(id, 2), 'beat'),
        isRefused(t, () => leases.read(id, 1), 'read'),
        isRefused(t, () => keys.reserve(wanted), 'reserve'),
        isRefused(t, () => keys.complete(claim, aQueuedSync()), 'complete'),
        isRefused(t, () => budget.take('a'), 'take'),
        isRefused(t, () => budget.done('a'), 'done'),
      ])
    }
    server.resume()
    for (let well = false; !well; ) {
      try {
        await Promise.all([leases.renew(newSyncId(), 1), keys.findEnd(id), budget.done('of no such name')])
        well = true
      } catch {
        await delay(50)
      }
    }
    t.same(await leases.read(id, 1), sign)
    t.match(await keys.reserve(wanted), { state: 'mine' }, 'the reservation that was made late is known again')
    t.match(await budget.take('a'), { read: String }, 'the read that was taken late was given back')
  })

  await t.test('start is refused within 2 s while the server is away, and succeeds later', async (t) => {
    const server = await anOwnRedis(t)
    await server.kill()
    const connection = aConnection(t, { url: server.url })
    const storage = new RedisStorage({ connection, clock: systemClock, log: silentLog })
    t.teardown(() => storage.close())
    await isRefused(t, () => storage.start(), 'start')
    await isRefused(t, () => storage.get(newSyncId()), 'get')
    await server.start()
    for (let well = false; !well; ) {
      await delay(50)
      well = await storage.start().then(
        () => true,
        () => false,
      )
    }
    t.equal(await storage.get(newSyncId()), undefined)
  })

  await t.test('close ends at once while the server hangs', async (t) => {
    const { server, storage } = await setUp(t)
    server.hang()
    const from = performance.now()
    await storage.close()
    t.ok(performance.now() - from < 2000)
  })

  await t.test('a server that may evict records is not ready, and its setting is named', async (t) => {
    const { storage } = await setUp(t, ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'])
    await t.rejects(storage.checkWritable(), {
      code: 'STORAGE_UNAVAILABLE',
      message: /maxmemory-policy is allkeys-lru/,
      hint: /Set maxmemory-policy to noeviction/,
    })
  })

  await t.test('a server without memory refuses writes as full, and reads go on', async (t) => {
    const { server, storage } = await setUp(t)
    const sync = aQueuedSync()
    await storage.create(sync)
    const redis = aRedisClient(t, server.url)
    await redis.config('SET', 'maxmemory', '1')
    await t.rejects(storage.create(aQueuedSync()), { code: 'STORAGE_FULL', hint: /maxmemory/ })
    await t.rejects(storage.replace(claimSync(sync, 'an owner', NOW), 1), { code: 'STORAGE_FULL' })
    await t.rejects(storage.checkWritable(), { code: 'STORAGE_FULL' })
    t.same(await storage.get(sync.id), sync)
    await redis.config('SET', 'maxmemory', '0')
    await storage.checkWritable()
    t.equal(await storage.replace(claimSync(sync, 'an owner', NOW), 1), true)
  })

  await t.test(
    'a wrong password is told with what to do, and neither it nor a record reaches log or error',
    async (t) => {
      const server = await anOwnRedis(t, ['--requirepass', 'the-right-one'])
      const lines: string[] = []
      const write = (fields: object, message: string) => {
        const { err } = fields as { err?: Error }
        lines.push(JSON.stringify([message, fields, err, err?.message, err?.stack, err?.cause]))
      }
      const log: Log = { debug: write, info: write, warn: write, error: write }
      const url = server.url.replace('//', '//:a-wrong-one@')
      const storage = new RedisStorage({ connection: aConnection(t, { url, log }), clock: systemClock, log })
      t.teardown(() => storage.close())
      const refused = await storage.start().then(
        () => undefined,
        (error: Error) => error,
      )
      t.match(refused, { code: 'STORAGE_UNAVAILABLE', hint: /STORAGE_URL/ })
      write({ err: refused }, 'refused')
      write({ err: refused?.cause }, 'cause')
      t.equal(lines.length, 2, 'it is told once, by whoever started the storage')
      t.notMatch(lines.join('\n'), /a-wrong-one/)
    },
  )

  await t.test('after a restart the scripts are known again', async (t) => {
    const { server, storage } = await setUp(t)
    const redis = aRedisClient(t, server.url)
    await redis.script('FLUSH')
    const sync = aQueuedSync()
    await storage.create(sync)
    await redis.script('FLUSH')
    t.same(await storage.get(sync.id), sync)
  })

  await t.test('a key of a foreign type is one unreadable record, and is set aside', async (t) => {
    const { server, storage } = await setUp(t)
    const redis = aRedisClient(t, server.url)
    const [spoilt, sound] = [aQueuedSync(), aQueuedSync()]
    for (const sync of [spoilt, sound]) await storage.create(sync)
    await redis.del(`${PREFIX}sync:${spoilt.id}`)
    await redis.rpush(`${PREFIX}sync:${spoilt.id}`, 'x')
    await t.rejects(storage.get(spoilt.id), { code: 'STATUS_CORRUPT' })
    await t.rejects(storage.replace(claimSync(spoilt, 'x', NOW), 1), { code: 'STATUS_CORRUPT' })
    t.same((await storage.list({ pageSize: 10 })).syncs, [sound])
    t.match((await storage.cleanup(NOW)).quarantined, [new RegExp(spoilt.id)])
    await t.rejects(storage.get(spoilt.id), { code: 'STATUS_CORRUPT' })
    t.equal(await redis.type(`${PREFIX}unreadable:${spoilt.id}`), 'list')
    t.ok((await redis.pttl(`${PREFIX}unreadable:${spoilt.id}`)) > 0)
  })

  await t.test('of a record that somebody has deleted by hand nothing is left after a cleanup', async (t) => {
    const { server, storage } = await setUp(t)
    const redis = aRedisClient(t, server.url)
    const sync = aQueuedSync()
    await storage.create(sync)
    await redis.del(`${PREFIX}sync:${sync.id}`)
    t.equal(await storage.get(sync.id), undefined)
    t.same((await storage.list({ pageSize: 10 })).syncs, [])
    t.same(await storage.cleanup(NOW), { removed: [], quarantined: [], leftovers: 1 })
    t.same(await redis.keys(`${PREFIX}*`), [])
  })

  await t.test('a sync that is removed leaves no key behind', async (t) => {
    const { server, storage } = await setUp(t)
    const sync = aQueuedSync()
    await storage.create(sync)
    const next = claimSync(sync, 'an owner', NOW)
    await storage.replace(next, 1)
    await storage.remove(sync.id, 2)
    t.same(await aRedisClient(t, server.url).keys('*'), [])
  })

  await t.test('a list walks along the smallest index: few of many cost few', async (t) => {
    const { server, storage } = await setUp(t)
    const rare = aQueuedSync({ spreadsheet: 'rare' })
    await storage.create(rare)
    await Promise.all(Array.from({ length: 3000 }, () => storage.create(aQueuedSync())))
    const redis = aRedisClient(t, server.url)
    await redis.config('RESETSTAT')
    const page = await storage.list({ pageSize: 10, spreadsheetId: 'rare', states: ['queued', 'running'] })
    t.same(page.syncs, [rare])
    const stats = await redis.info('commandstats')
    t.match(stats, /cmdstat_get:calls=1,/, 'one record was read')
    t.match(stats, /cmdstat_evalsha:calls=1,/, 'in one round trip')
  })
})
