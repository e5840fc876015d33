import { execFile } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { inspect, promisify } from 'node:util'
import t, { type Test } from 'tap'
import { Database } from '../../src/database/database.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import { toSyncRecord } from '../../src/model/sync-record.ts'
import { silentLog } from '../../src/ports/log.ts'
import { DatabaseStorage, type DatabaseStorageOptions } from '../../src/storage/database-storage.ts'
import { cancelSync, claimSync } from '../../src/syncs/sync.ts'
import { systemClock } from '../../src/system-clock.ts'
import { aDatabase, aSchema, execute, skipWithoutPostgres } from '../support/postgres.ts'
import { aQueuedSync } from '../support/syncs.ts'
import { testSyncStorage } from './conformance.ts'

const NOW = new Date('2026-01-01T00:00:00.000Z')
const TTL_MS = 300_000
const DAY_MS = 86_400_000

const skip = await skipWithoutPostgres()

if (skip !== false) {
  t.test('DatabaseStorage', { skip }, async () => {})
} else {
  await testSyncStorage(t, 'DatabaseStorage', async (t) => {
    const schema = aSchema(t)
    return {
      open: async () => new DatabaseStorage({ database: aDatabase(t, schema), clock: systemClock, log: silentLog }),
      damage: async (id) => {
        await execute(`UPDATE "${schema}".syncs SET record = '{"id":"something else"}' WHERE id = $1`, [id])
      },
      raw: {
        write: async (id, record) => {
          const { revision } = record as { readonly revision: number }
          const row = [id, revision, JSON.stringify(record)]
          await execute(`UPDATE "${schema}".syncs SET revision = $2, record = $3 WHERE id = $1`, row)
        },
        read: (id) => execute(`SELECT xmin, record::text FROM "${schema}".syncs WHERE id = $1`, [id]),
      },
    }
  })
}

t.test('with a history an expired sync is found until that has passed too', { skip }, async (t) => {
  const { storage } = await setUp(t, { historyTtlMs: DAY_MS })
  const [ended, later, live] = [aQueuedSync(), aQueuedSync(), aQueuedSync()]
  for (const sync of [ended, later, live]) await storage.create(sync)
  const cancelled = cancelSync(ended, NOW, TTL_MS)
  await storage.replace(cancelled, 1)
  // Its status is kept for longer than the history.
  await storage.replace(cancelSync(later, NOW, 2 * DAY_MS), 1)
  t.same((await storage.cleanup(after(TTL_MS))).removed, [])
  t.same((await storage.cleanup(after(DAY_MS - 1))).removed, [])
  t.same(await storage.get(ended.id), cancelled)
  t.same(
    (await storage.list({ pageSize: 10, states: ['cancelled'] })).syncs.map(({ id }) => id),
    [later.id, ended.id],
  )
  t.same((await storage.cleanup(after(DAY_MS))).removed, [ended.id])
  t.equal(await storage.get(ended.id), undefined)
  t.same((await storage.cleanup(after(2 * DAY_MS - 1))).removed, [])
  t.same((await storage.cleanup(after(2 * DAY_MS))).removed, [later.id])
  t.same((await storage.list({ pageSize: 10 })).syncs, [live])
})

t.test('a sync in the history can be removed by hand', { skip }, async (t) => {
  const { storage } = await setUp(t, { historyTtlMs: DAY_MS })
  const sync = aQueuedSync()
  await storage.create(sync)
  await storage.replace(cancelSync(sync, NOW, TTL_MS), 1)
  await storage.cleanup(after(TTL_MS))
  t.equal(await storage.remove(sync.id, 2), true)
  t.equal(await storage.get(sync.id), undefined)
})

t.test('more expired syncs than one statement removes all go in one sweep', { skip }, async (t) => {
  const { storage, schema } = await setUp(t)
  const sync = aQueuedSync()
  await storage.create(sync)
  await storage.replace(cancelSync(sync, NOW, TTL_MS), 1)
  await execute(
    `INSERT INTO "${schema}".syncs (id, revision, write_id, state, spreadsheet_id, finished_at, expires_at, record)
     SELECT 'sync-' || gen_random_uuid(), revision, write_id, state, spreadsheet_id, finished_at, expires_at, record
     FROM "${schema}".syncs, generate_series(1, 1234)`,
  )
  t.equal((await storage.cleanup(after(TTL_MS))).removed.length, 1235)
  t.same(await storage.list({ pageSize: 10 }), { syncs: [] })
})

t.test('a record is stored as the very text that was written', { skip }, async (t) => {
  const { storage, another, schema } = await setUp(t)
  const sync = aQueuedSync({ labels: { z: 'last first', a: '1.0 \u0000 \ud800 "', 'a.b': '🙂' } })
  await storage.create(sync)
  t.same(await execute(`SELECT record::text FROM "${schema}".syncs`), [{ record: JSON.stringify(toSyncRecord(sync)) }])
  t.equal(JSON.stringify(await (await another()).get(sync.id)), JSON.stringify(sync))
})

t.test('watchers hear within a second of what any instance does, their own too', { skip }, async (t) => {
  const { storage, another } = await setUp(t)
  const other = await another()
  const news = new EventEmitter()
  let own = 0
  const sync = aQueuedSync()
  t.teardown(storage.watch(sync.id, () => own++))
  t.teardown(other.watch(sync.id, () => news.emit('change')))
  const steps: (() => Promise<unknown>)[] = [
    () => storage.create(sync),
    () => storage.replace(claimSync(sync, 'an owner', NOW), 1),
    () => storage.replace({ ...claimSync(sync, 'an owner', NOW), revision: 3 }, 2, { durable: false }),
    () => storage.remove(sync.id, 3),
  ]
  for (const step of steps) {
    const told = once(news, 'change', { signal: AbortSignal.timeout(1000) })
    const before = own
    await step()
    await told
    t.ok(own > before)
  }
  const ended = aQueuedSync()
  await storage.create(ended)
  await storage.replace(cancelSync(ended, NOW, TTL_MS), 1)
  t.teardown(other.watch(ended.id, () => news.emit('change')))
  const told = once(news, 'change', { signal: AbortSignal.timeout(1000) })
  await storage.cleanup(after(TTL_MS))
  await told
})

t.test('a page is full though unreadable records lie between, and its token leads on', { skip }, async (t) => {
  const { storage, schema } = await setUp(t)
  const syncs = Array.from({ length: 12 }, () => aQueuedSync())
  for (const sync of syncs) await storage.create(sync)
  const sound = syncs.filter((_, n) => n % 3 === 0)
  for (const { id } of syncs.filter((sync) => !sound.includes(sync))) {
    await execute(`UPDATE "${schema}".syncs SET record = 'null' WHERE id = $1`, [id])
  }
  for (const query of [{}, { states: ['queued'] as const }]) {
    const first = await storage.list({ ...query, pageSize: 3 })
    const second = await storage.list({ ...query, pageSize: 3, pageToken: first.nextPageToken ?? '' })
    t.same([first.syncs.length, second.syncs.length, second.nextPageToken], [3, 1, undefined])
    t.same(
      [...first.syncs, ...second.syncs].map(({ id }) => id),
      sound.map(({ id }) => id).reverse(),
    )
  }
})

t.test(
  'an unreadable record is never swept or written over, and is read again once it is mended',
  { skip },
  async (t) => {
    const { storage, schema } = await setUp(t)
    const sync = aQueuedSync()
    await storage.create(sync)
    const cancelled = cancelSync(sync, NOW, TTL_MS)
    await storage.replace(cancelled, 1)
    await execute(`UPDATE "${schema}".syncs SET record = '{"torn":true}'`)
    await t.rejects(storage.replace({ ...cancelled, revision: 3 }, 2), { code: 'STATUS_CORRUPT' })
    t.same(await storage.cleanup(after(TTL_MS)), { removed: [], quarantined: [sync.id], leftovers: 0 })
    t.same(await execute(`SELECT record::text FROM "${schema}".syncs WHERE set_aside_at IS NOT NULL`), [
      { record: '{"torn":true}' },
    ])
    await execute(`UPDATE "${schema}".syncs SET record = $1`, [JSON.stringify(cancelled)])
    t.same(await storage.get(sync.id), cancelled)
    t.equal(await storage.replace({ ...cancelled, revision: 3 }, 2), true)
    t.same((await storage.cleanup(after(TTL_MS))).removed, [sync.id])
  },
)

t.test('a record that was changed by hand under its revision is seen, and can be replaced', { skip }, async (t) => {
  const { storage, schema } = await setUp(t)
  const sync = aQueuedSync()
  await storage.create(sync)
  const labels = { mended: 'by hand' }
  await execute(`UPDATE "${schema}".syncs SET record = $1`, [JSON.stringify({ ...sync, labels })])
  t.equal(await storage.replace(claimSync({ ...sync, labels }, 'an owner', NOW), 1), true)
  t.same((await storage.get(sync.id))?.labels, labels)
})

t.test('what does not fit into memory is read anew and is right all the same', { skip }, async (t) => {
  const { storage, another } = await setUp(t, { cachedBytes: 3000 })
  const syncs = Array.from({ length: 10 }, () => aQueuedSync())
  for (const sync of syncs) await storage.create(sync)
  const other = await another()
  for (const sync of syncs) t.equal(await other.replace(claimSync(sync, 'an owner', NOW), 1), true)
  for (const { id } of syncs) t.equal((await storage.get(id))?.revision, 2)
  const last = syncs.at(-1)?.id ?? ''
  t.equal(await storage.get(last), await storage.get(last))
})

t.test('a thousand reads at once are answered, each by its own sync', { skip }, async (t) => {
  const { storage, another } = await setUp(t)
  const syncs = Array.from({ length: 50 }, () => aQueuedSync())
  for (const sync of syncs) await storage.create(sync)
  const other = await another()
  const ids = Array.from({ length: 1000 }, (_, n) => (n % 51 === 50 ? newSyncId() : (syncs[n % 51]?.id ?? '')))
  const found = await Promise.all(ids.map((id) => other.peek(id)))
  for (const [n, sync] of found.entries()) if (sync?.id !== (n % 51 === 50 ? undefined : ids[n])) t.fail(`read ${n}`)
  t.equal(new Set(found).size, 51)
})

t.test('a page of more than one statement reads is whole', { skip }, async (t) => {
  const { storage, another } = await setUp(t)
  const syncs = Array.from({ length: 230 }, () => aQueuedSync())
  await Promise.all(syncs.map((sync) => storage.create(sync)))
  const other = await another()
  const all = await other.list({ pageSize: 1000, states: ['queued'] })
  t.same(
    all.syncs.map(({ id }) => id),
    syncs.map(({ id }) => id).reverse(),
  )
  t.equal(all.nextPageToken, undefined)
  const most = await other.list({ pageSize: 229 })
  const rest = await other.list({ pageSize: 229, pageToken: most.nextPageToken ?? '' })
  t.same([most.syncs.length, rest.syncs], [229, [syncs[0]]])
})

t.test('many instances that start at once make the tables once', { skip }, async (t) => {
  const schema = aSchema(t)
  const databases = Array.from({ length: 8 }, () => aDatabase(t, schema))
  await Promise.all(databases.map((database) => database.start()))
  t.match(await execute(`SELECT version FROM "${schema}".migrations`), [{ version: 1 }])
  await aDatabase(t, schema).start()
  await execute(`INSERT INTO "${schema}".migrations (version) VALUES (99)`)
  await aDatabase(t, schema).start()
  t.pass('the tables of a newer release are used as they are')
})

t.test('a step that fails leaves nothing half done', { skip }, async (t) => {
  const schema = aSchema(t)
  await execute(`CREATE SCHEMA "${schema}" CREATE TABLE entries (mine int)`)
  await t.rejects(aDatabase(t, schema).start(), { code: 'STORAGE_UNAVAILABLE' })
  t.same(await execute('SELECT table_name FROM information_schema.tables WHERE table_schema = $1', [schema]), [
    { table_name: 'entries' },
  ])
  await execute(`DROP TABLE "${schema}".entries`)
  await aDatabase(t, schema).start()
})

t.test('what is no name for a schema and no URL is refused, and the URL is never told', async (t) => {
  const url = 'postgres://user:s3cret-w0rd@127.0.0.1:1/test'
  for (const schema of ['', 'Upper', 'a"b', 'a.b', '1a', 'x'.repeat(49)]) {
    t.throws(() => new Database({ url, schema, clock: systemClock, log: silentLog }), TypeError)
  }
  for (const wrong of ['', 'http://user:s3cret-w0rd@host/', 'postgres://user:s3cret-w0rd@[host/', 'user:s3cret-w0rd']) {
    let refusal: unknown
    try {
      new Database({ url: wrong, clock: systemClock, log: silentLog })
    } catch (error) {
      refusal = error
    }
    t.type(refusal, TypeError)
    t.notMatch(inspect(refusal, { showHidden: true }), /s3cret/)
  }
  const said: object[] = []
  const keep = (fields: object) => said.push(fields)
  const log = { debug: keep, info: keep, warn: keep, error: keep }
  const database = new Database({ url, clock: systemClock, log })
  t.teardown(() => database.close())
  const error = await database.start().then(
    () => undefined,
    (reason: unknown) => reason,
  )
  t.match(error, { code: 'STORAGE_UNAVAILABLE' })
  t.notMatch(inspect([error, said], { depth: 20, showHidden: true }), /s3cret/)
})

t.test('the client of PostgreSQL is loaded by the first connection, not by the import', async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module-typescript',
    '--eval',
    `import { createRequire } from 'node:module'
     const root = ${JSON.stringify(new URL('../../src/', import.meta.url).href)}
     await import(root + 'storage/database-storage.ts')
     await import(root + 'storage/database-key-value-store.ts')
     const { Database } = await import(root + 'database/database.ts')
     const loaded = () => Object.keys(createRequire(root).cache).some((path) => path.includes('/node_modules/pg/'))
     const before = loaded()
     const { systemClock: clock } = await import(root + 'system-clock.ts')
     const database = new Database({ url: 'postgres://127.0.0.1:1/x', clock, log: { info() {}, warn() {} } })
     await database.start().catch(() => {})
     process.stdout.write(JSON.stringify([before, loaded()]))`,
  ])
  t.equal(stdout, '[false,true]')
})

interface Parts {
  readonly storage: DatabaseStorage
  readonly another: () => Promise<DatabaseStorage>
  readonly schema: string
}

async function setUp(
  t: Test,
  options: Partial<Pick<DatabaseStorageOptions, 'historyTtlMs' | 'cachedBytes'>> = {},
): Promise<Parts> {
  const schema = aSchema(t)
  const another = async () => {
    const storage = new DatabaseStorage({
      database: aDatabase(t, schema),
      clock: systemClock,
      log: silentLog,
      ...options,
    })
    await storage.start()
    t.teardown(() => storage.close())
    return storage
  }
  return { storage: await another(), another, schema }
}

function after(ms: number): Date {
  return new Date(NOW.getTime() + ms)
}
