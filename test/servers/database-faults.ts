import { EventEmitter, once } from 'node:events'
import t, { type Test } from 'tap'
import { Database } from '../../src/database/database.ts'
import type { Sync } from '../../src/model/sync.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import { silentLog } from '../../src/ports/log.ts'
import { DEFAULT_ACCOUNT } from '../../src/ports/read-budget.ts'
import type { SyncStorage } from '../../src/ports/sync-storage.ts'
import { DatabaseStorage } from '../../src/storage/database-storage.ts'
import type { IdempotencyStore, KeyClaim } from '../../src/syncs/idempotency-store.ts'
import { claimSync } from '../../src/syncs/sync.ts'
import { systemClock } from '../../src/system-clock.ts'
import { claimOf } from '../storage/idempotency-conformance.ts'
import { DatabaseIdempotency, DatabaseLeases, DatabaseReadBudgets } from '../support/key-value-stores.ts'
import { aLossyProxy, anOwnPostgres, type OwnPostgres, skipWithoutServerPrograms } from '../support/own-postgres.ts'
import { aDatabase, aSchema, execute, POSTGRES_URL, skipWithoutPostgres } from '../support/postgres.ts'
import { aQueuedSync } from '../support/syncs.ts'

const NOW = new Date('2026-01-01T00:00:00.000Z')
const LIMIT_MS = 2000
const KEY = 'a'.repeat(64)

const absent = await skipWithoutPostgres()
const skip = absent === false ? await skipWithoutServerPrograms() : absent

t.test('a server that is stopped', { skip }, async (t) => {
  const parts = await setUp(t)
  const { server, storage, database, sync } = parts
  t.same(
    (await database.query({ text: 'SHOW synchronous_commit', what: '' })).rows,
    [{ synchronous_commit: 'on' }],
    'is asked to wait for its disk, though it is set not to',
  )
  await server.stop()
  await allUnavailable(t, parts)
  await t.rejects(
    new DatabaseStorage({
      database: aDatabase(t, 'sheetsync', server.url),
      clock: systemClock,
      log: silentLog,
    }).start(),
    {
      code: 'STORAGE_UNAVAILABLE',
    },
  )
  await server.start()
  t.same(await storage.get(sync.id), sync, 'is used again as soon as it is back')
  t.equal(await storage.replace(claimSync(sync, 'an owner', NOW), 1), true)
})

t.test('a server that hangs', { skip }, async (t) => {
  const parts = await setUp(t)
  const { server, storage, sync } = parts
  await server.freeze()
  await allUnavailable(t, parts)
  t.comment('and many at once, more than there are connections')
  await Promise.all(Array.from({ length: 40 }, () => inTime(t, 'one of many', () => storage.get(sync.id))))
  await server.thaw()
  await untilAnswered(() => storage.get(sync.id))
  const found = await storage.get(sync.id)
  t.equal(found?.id, sync.id)
  t.ok(found?.revision === 1 || found?.revision === 2, 'the record is the old or the new one')
  await storage.checkWritable()
})

t.test('a server that crashes keeps what was told to be durable, and leases are told anew', { skip }, async (t) => {
  const { server, storage, database, sync } = await setUp(t)
  const leases = new DatabaseLeases({ database })
  await leases.renew(sync.id, 1)
  const before = await leases.read(sync.id, 1)
  const running = claimSync(sync, 'an owner', NOW)
  await storage.replace(running, 1)
  await server.crash()
  await server.start()
  t.same(await storage.get(sync.id), running)
  t.equal(await leases.read(sync.id, 1), undefined, 'beats are not worth a log')
  await leases.renew(sync.id, 1)
  t.not((await leases.read(sync.id, 1))?.heartbeat, before?.heartbeat)
})

t.test('closing while the server hangs does not hang', { skip }, async (t) => {
  const { server, storage, database } = await setUp(t)
  await server.freeze()
  const began = performance.now()
  await storage.close()
  await database.close()
  t.ok(performance.now() - began < 5000)
})

t.test('watchers are told once a connection that broke or hung is back', { skip }, async (t) => {
  const { server, storage, another, sync } = await setUp(t)
  const news = new EventEmitter()
  t.teardown(storage.watch(sync.id, () => news.emit('change')))
  const other = await another()

  let told = once(news, 'change')
  await server.stop()
  await server.start()
  await told
  t.pass('after a restart')

  await server.freeze()
  told = once(news, 'change')
  await t.rejects(storage.get(sync.id), { code: 'STORAGE_UNAVAILABLE' })
  // Long enough for the silence to be noticed.
  await systemClock.sleep(3000)
  await server.thaw()
  await told
  t.pass('after it hung')

  await untilAnswered(() => other.get(sync.id))
  told = once(news, 'change')
  await other.replace(claimSync(sync, 'an owner', NOW), 1)
  await told
  t.pass('and of what another instance writes then')
})

t.test('cut connections are replaced in passing, and no write is lost or told wrong', { skip: absent }, async (t) => {
  const schema = aSchema(t)
  const name = `cut_${schema}`
  const url = `${POSTGRES_URL}?application_name=${name}`
  const database = new Database({ url, schema, clock: systemClock, log: silentLog, connections: 4 })
  t.teardown(() => database.close())
  const storage = new DatabaseStorage({ database, clock: systemClock, log: silentLog })
  await storage.start()
  t.teardown(() => storage.close())
  let sync: Sync = aQueuedSync()
  await storage.create(sync)
  let cuts = 0
  for (let round = 0; round < 60; round++) {
    const next: Sync = { ...sync, attempt: round, revision: sync.revision + 1 }
    const cutting =
      round % 3 === 0
        ? execute<{ cut: boolean }>(
            'SELECT pg_terminate_backend(pid) AS cut FROM pg_stat_activity WHERE application_name = $1',
            [name],
          )
        : []
    t.equal(await storage.replace(next, sync.revision), true)
    cuts += (await cutting).length
    t.same(await storage.get(sync.id), next)
    await storage.create(aQueuedSync())
    sync = next
  }
  t.ok(cuts > 20, `${cuts} connections were cut`)
})

t.test('a write whose answer is lost is asked after', { skip: absent }, async (t) => {
  const schema = aSchema(t)
  const proxy = await aLossyProxy(t, POSTGRES_URL)
  const database = new Database({ url: proxy.url, schema, clock: systemClock, log: silentLog, connections: 2 })
  t.teardown(() => database.close())
  const storage = new DatabaseStorage({ database, clock: systemClock, log: silentLog })
  await storage.start()
  t.teardown(() => storage.close())
  const sync = aQueuedSync()
  // A marker in the values, as the text of a prepared statement is sent only once.
  proxy.loseAnswerTo(sync.id)
  await storage.create(sync)
  t.equal(proxy.lost, 1)
  await t.rejects(storage.create(sync), { code: 'SYNC_EXISTS' })

  await storage.get(sync.id)
  const claimed = claimSync(sync, 'the one and only', NOW)
  proxy.loseAnswerTo('the one and only')
  t.equal(await storage.replace(claimed, 1), true, 'it was this very write')
  t.equal(proxy.lost, 2)
  t.equal((await storage.get(sync.id))?.revision, 2)
  t.equal(await storage.replace(claimSync(sync, 'another', NOW), 1), false)

  proxy.loseAnswerTo(sync.id)
  await t.rejects(storage.remove(sync.id, 2), { code: 'STORAGE_UNAVAILABLE', message: /not known/ })
  t.equal(await storage.get(sync.id), undefined)

  const keys = new DatabaseIdempotency({ database })
  const reservation = { key: 'a1'.repeat(32), fingerprint: 'b2'.repeat(32), syncId: newSyncId(), now: NOW, ttlMs: 1000 }
  proxy.loseAnswerTo(reservation.key)
  t.match(await keys.reserve(reservation), { state: 'mine', syncId: reservation.syncId })
  t.match(await keys.reserve(reservation), { state: 'in-flight' })

  const budget = new DatabaseReadBudgets({ database, limits: { account: 10, project: 300 } }).of(DEFAULT_ACCOUNT)
  proxy.loseAnswerTo('a greedy key')
  const answer = await budget.take('a greedy key')
  t.ok('read' in answer)
  t.equal(proxy.lost, 5)
  const taken = `SELECT json_array_elements(value -> 'taken') FROM "${schema}".entries WHERE namespace = 'read-budget'`
  t.equal((await execute(taken)).length, 1, 'one read was taken, not two')
})

t.test(
  'a write that nobody can vouch for rejects, and who watches hears of it if it was made',
  { skip: absent },
  async (t) => {
    const schema = aSchema(t)
    const proxy = await aLossyProxy(t, POSTGRES_URL)
    const database = new Database({ url: proxy.url, schema, clock: systemClock, log: silentLog, connections: 2 })
    t.teardown(() => database.close())
    const storage = new DatabaseStorage({ database, clock: systemClock, log: silentLog })
    await storage.start()
    t.teardown(() => storage.close())
    const sync = aQueuedSync()
    await storage.create(sync)
    await storage.get(sync.id)
    const news = new EventEmitter()
    t.teardown(storage.watch(sync.id, () => news.emit('change')))
    const told = once(news, 'change', { signal: AbortSignal.timeout(5000) })
    const claimed = claimSync(sync, 'somebody unlucky', NOW)
    proxy.loseAnswerTo('somebody unlucky', 3)
    await t.rejects(storage.replace(claimed, 1), { code: 'STORAGE_UNAVAILABLE' })
    await told
    t.same(await storage.get(sync.id), claimed)
  },
)

interface Parts {
  readonly server: OwnPostgres
  readonly database: Database
  readonly storage: SyncStorage
  readonly sync: Sync
  /** One of them, KEY, is reserved. */
  readonly keys: IdempotencyStore
  readonly claim: KeyClaim
  readonly another: () => Promise<SyncStorage>
}

async function setUp(t: Test): Promise<Parts> {
  const server = await anOwnPostgres(t, { synchronous_commit: 'off' })
  const open = async () => {
    const database = aDatabase(t, 'sheetsync', server.url)
    const storage = new DatabaseStorage({ database, clock: systemClock, log: silentLog })
    await storage.start()
    t.teardown(() => storage.close())
    return { database, storage }
  }
  const parts = await open()
  const sync = aQueuedSync()
  await parts.storage.create(sync)
  await parts.storage.get(sync.id)
  const keys = new DatabaseIdempotency({ database: parts.database })
  const claim = claimOf(await keys.reserve({ key: KEY, fingerprint: KEY, syncId: sync.id, now: NOW, ttlMs: 1000 }))
  return { server, ...parts, sync, keys, claim, another: async () => (await open()).storage }
}

/** Every call of every driver says so in time, and none takes what it cannot see for absent. */
async function allUnavailable(t: Test, { storage, database, sync, keys, claim }: Parts): Promise<void> {
  const leases = new DatabaseLeases({ database })
  const budget = new DatabaseReadBudgets({ database, limits: { account: 60, project: 300 } }).of(DEFAULT_ACCOUNT)
  const key = KEY
  const calls: Record<string, () => unknown> = {
    get: () => storage.get(sync.id),
    peek: () => storage.peek(sync.id),
    'get of an unknown one': () => storage.get(newSyncId()),
    list: () => storage.list({ pageSize: 10 }),
    create: () => storage.create(aQueuedSync()),
    replace: () => storage.replace(claimSync(sync, 'an owner', NOW), 1),
    remove: () => storage.remove(newSyncId(), 1),
    cleanup: () => storage.cleanup(NOW),
    checkWritable: () => storage.checkWritable(),
    beat: () => leases.renew(sync.id, 1),
    read: () => leases.read(sync.id, 1),
    drop: () => leases.release(sync.id, 1),
    reserve: () => keys.reserve({ key, fingerprint: key, syncId: sync.id, now: NOW, ttlMs: 1000 }),
    complete: () => keys.complete(claim, sync),
    release: () => keys.release(claim),
    'cleanup of keys': () => keys.cleanup(NOW),
    take: () => budget.take('a key'),
    done: () => budget.done('0198f000-0000-7000-8000-000000000000'),
  }
  for (const [name, call] of Object.entries(calls)) await inTime(t, name, call)
}

async function inTime(t: Test, name: string, call: () => unknown): Promise<void> {
  const began = performance.now()
  await t.rejects(async () => call(), { code: 'STORAGE_UNAVAILABLE' }, name)
  const took = performance.now() - began
  t.ok(took < LIMIT_MS, `${name} took ${took.toFixed(0)} ms`)
}

async function untilAnswered(call: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await call()
      return
    } catch {
      await systemClock.sleep(100)
    }
  }
}
