import type { Config } from './config.ts'
import type { ExecutionOptions } from './jobs/sync-execution.ts'
import type { Clock } from './ports/clock.ts'
import type { IdempotencyStore } from './ports/idempotency-store.ts'
import type { JobRunner } from './ports/job-runner.ts'
import type { LeaseStore } from './ports/lease-store.ts'
import type { Log } from './ports/log.ts'
import type { SyncStorage } from './ports/sync-storage.ts'
import { LocalReadQuota } from './sheets/local-read-quota.ts'
import type { ReadQuota } from './sheets/read-quota.ts'

/** What a runner is made of, beyond what STORAGE_URL decides. */
export type RunnerParts = Omit<ExecutionOptions, 'leases' | 'clock' | 'log'>

export type ServiceRunner = JobRunner & { readonly recovered: boolean }

/** Everything that STORAGE_URL decides. */
export interface StorageDrivers {
  readonly storage: SyncStorage
  readonly idempotency: IdempotencyStore
  /** Google's reads a minute, shared by all who share the storage. */
  readonly quota: ReadQuota
  makeRunner(parts: RunnerParts): ServiceRunner
  /** Lets go of the server, once storage and runner are closed. */
  close(): Promise<void>
}

interface ServerDrivers extends Omit<StorageDrivers, 'makeRunner'> {
  readonly leases: LeaseStore
}

/** Chooses the drivers for where syncs are recorded, and loads them: who does not use one pays nothing for it. */
export async function composeStorage(config: Config, clock: Clock, log: Log): Promise<StorageDrivers> {
  const { storage } = config
  if (storage.kind === 'file') return onFiles(config, storage.directory, clock, log)
  const drivers = await (storage.kind === 'redis' ? onRedis : onPostgres)(config, storage.url, clock, log)
  const { BullMqRunner } = await import('./jobs/bullmq-runner.ts')
  return {
    ...drivers,
    makeRunner: (parts) =>
      new BullMqRunner({
        ...parts,
        url: storage.url,
        leases: drivers.leases,
        clock,
        log,
        concurrency: config.role === 'api' ? 0 : config.syncConcurrency,
      }),
  }
}

async function onFiles(config: Config, directory: string, clock: Clock, log: Log): Promise<StorageDrivers> {
  const [{ FileStorage }, { FileLeases }, { FileIdempotency }, { InProcessRunner }] = await Promise.all([
    import('./storage/file-storage.ts'),
    import('./storage/file-leases.ts'),
    import('./storage/file-idempotency.ts'),
    import('./jobs/in-process-runner.ts'),
  ])
  const leases = new FileLeases({ directory, clock })
  return {
    storage: new FileStorage({ directory, clock, log }),
    idempotency: new FileIdempotency({ directory, clock }),
    quota: new LocalReadQuota({ readsPerMinute: config.google.readsPerMinute, clock }),
    makeRunner: (parts) => new InProcessRunner({ ...parts, leases, clock, log, concurrency: config.syncConcurrency }),
    async close() {},
  }
}

async function onPostgres(config: Config, url: string, clock: Clock, log: Log): Promise<ServerDrivers> {
  const [
    { Database },
    { DatabaseStorage },
    { DatabaseLeases },
    { DatabaseIdempotency },
    { DatabaseReadBudget },
    { SharedReadQuota },
  ] = await Promise.all([
    import('./database/database.ts'),
    import('./storage/database-storage.ts'),
    import('./storage/database-leases.ts'),
    import('./storage/database-idempotency.ts'),
    import('./sheets/database-read-budget.ts'),
    import('./sheets/shared-read-quota.ts'),
  ])
  const { readsPerMinute } = config.google
  const database = new Database({ url, log })
  const quota = new SharedReadQuota({ budget: new DatabaseReadBudget({ database, readsPerMinute }), clock, log })
  return {
    storage: new DatabaseStorage({ database, historyTtlMs: config.historyTtlMs, clock, log }),
    leases: new DatabaseLeases({ database }),
    idempotency: new DatabaseIdempotency({ database }),
    quota,
    async close() {
      await quota.close()
      await database.close()
    },
  }
}

async function onRedis(config: Config, url: string, clock: Clock, log: Log): Promise<ServerDrivers> {
  const [{ RedisStorage }, { RedisLeases }, { RedisIdempotency }, { RedisReadBudget }, { SharedReadQuota }] =
    await Promise.all([
      import('./storage/redis-storage.ts'),
      import('./storage/redis-leases.ts'),
      import('./storage/redis-idempotency.ts'),
      import('./sheets/redis-read-budget.ts'),
      import('./sheets/shared-read-quota.ts'),
    ])
  const { readsPerMinute } = config.google
  const server = { url, clock, log }
  const quota = new SharedReadQuota({ budget: new RedisReadBudget({ ...server, readsPerMinute }), clock, log })
  return {
    storage: new RedisStorage(server),
    leases: new RedisLeases(server),
    idempotency: new RedisIdempotency(server),
    quota,
    close: () => quota.close(),
  }
}
