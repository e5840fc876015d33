import { readFile } from 'node:fs/promises'
import fastify from 'fastify'
import { pino } from 'pino'
import { buildApp } from '../src/app.ts'
import { countActive } from '../src/metrics/active-syncs.ts'
import { measureStorage } from '../src/metrics/measured-storage.ts'
import { PrometheusMetrics } from '../src/metrics/prometheus.ts'
import type { Sync } from '../src/model/sync.ts'
import { parseSyncRecord } from '../src/model/sync-record.ts'
import type { JobRunner } from '../src/ports/job-runner.ts'
import { silentLog } from '../src/ports/log.ts'
import type { SyncStorage } from '../src/ports/sync-storage.ts'
import { RequestCounts } from '../src/routes/request-counts.ts'
import { LocalSnapshotStore } from '../src/snapshots/local-snapshot-store.ts'
import { FileStorage } from '../src/storage/file-storage.ts'
import { readText } from '../src/storage/files/record-format.ts'
import { SyncService } from '../src/syncs/sync-service.ts'
import { systemClock } from '../src/system-clock.ts'
import { MemoryIdempotency } from '../test/support/memory-key-value-store.ts'
import { MemoryStorage } from '../test/support/memory-storage.ts'

// One of the servers that bench/polls.ts and bench/metrics.ts compare: the same route over different storages, with what
// is counted in production (`counted`), and two yardsticks.
const [kind, directory = '', id = ''] = process.argv.slice(2)
const path = `${directory}/${id}.json`
const app = kind === 'naive' || kind === 'bare304' ? yardstick() : await service(await storageOf())
const address = await app.listen({ port: 0, host: '127.0.0.1' })
process.stdout.write(`${address}\n`)
process.once('SIGTERM', () => {
  app.close().catch((error: unknown) => {
    throw error
  })
})

async function storageOf(): Promise<SyncStorage> {
  const sync = parseSyncRecord(id, await readText(await readFile(path)))
  if (kind === 'map') {
    const memory = new MemoryStorage()
    await memory.start()
    await memory.create(sync)
    return memory
  }
  if (kind === 'redis' || kind === 'postgres') return onServer(kind, sync)
  const files = new FileStorage({ directory, clock: systemClock, log: silentLog })
  await files.start()
  // The owner of a sync is who wrote it last; `foreign` only ever reads what another process wrote.
  if (kind === 'owner' || kind === 'counted')
    await files.replace({ ...sync, revision: sync.revision + 1 }, sync.revision)
  return files
}

/** The machine's own Redis or PostgreSQL, under a name of this process that is taken away at the end. */
async function onServer(server: 'redis' | 'postgres', sync: Sync): Promise<SyncStorage> {
  const name = `bench_${process.pid}`
  const drivers = { clock: systemClock, log: silentLog }
  if (server === 'redis') {
    const { RedisConnection } = await import('../src/redis/connection.ts')
    const { RedisStorage } = await import('../src/storage/redis-storage.ts')
    const connection = new RedisConnection({ url: 'redis://127.0.0.1:6379', prefix: `{${name}}:`, ...drivers })
    const storage = new RedisStorage({ connection, ...drivers })
    await storage.start()
    await storage.create(sync)
    process.once('SIGTERM', async () => {
      await storage.remove(sync.id, sync.revision)
      await storage.close()
      await connection.close()
    })
    return storage
  }
  const [{ Database }, { DatabaseStorage }, { Client }] = await Promise.all([
    import('../src/database/database.ts'),
    import('../src/storage/database-storage.ts'),
    import('pg'),
  ])
  const url = 'postgres://postgres@127.0.0.1:5432/test'
  const database = new Database({ url, schema: name, ...drivers })
  const storage = new DatabaseStorage({ database, historyTtlMs: 0, ...drivers })
  await storage.start()
  await storage.create(sync)
  process.once('SIGTERM', () => {
    const drop = async () => {
      await storage.close()
      await database.close()
      const client = new Client({ connectionString: url })
      await client.connect()
      await client.query(`DROP SCHEMA "${name}" CASCADE`)
      await client.end()
    }
    drop().catch((error: unknown) => {
      throw error
    })
  })
  return storage
}

async function service(plain: SyncStorage) {
  const metrics = kind === 'counted' ? new PrometheusMetrics(countActive(plain, systemClock)) : undefined
  const storage = metrics === undefined ? plain : measureStorage(plain, metrics)
  const runner: JobRunner = { async start() {}, async enqueue() {}, notifyCancel() {}, async close() {} }
  return buildApp({
    service: new SyncService({ storage, runner, clock: systemClock, statusTtlMs: 1 }),
    idempotency: new MemoryIdempotency(),
    snapshots: new LocalSnapshotStore({ directory: `${directory}/snapshots`, kept: 1, log: silentLog }),
    checkReady: async () => undefined,
    log: pino({ level: 'silent' }),
    version: 'bench',
    requestCounts: new RequestCounts({ limit: 6000, clock: systemClock, log: silentLog }),
    ...(metrics === undefined ? {} : { metrics }),
  })
}

function yardstick() {
  const bare = fastify()
  if (kind === 'naive') bare.get('/syncs/:id', async () => JSON.parse(await readText(await readFile(path))))
  else bare.get('/syncs/:id', (_request, reply) => reply.code(304).header('etag', '"2"').send())
  return bare
}
