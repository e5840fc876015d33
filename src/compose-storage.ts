import type { Config } from './config.ts'
import type { ExecutionOptions } from './jobs/sync-execution.ts'
import type { Clock } from './ports/clock.ts'
import type { IdempotencyStore } from './ports/idempotency-store.ts'
import type { JobRunner } from './ports/job-runner.ts'
import type { LeaseStore } from './ports/lease-store.ts'
import type { Log } from './ports/log.ts'
import type { ReadBudget } from './ports/read-budget.ts'
import type { SyncStorage } from './ports/sync-storage.ts'
import { LocalReadBudget } from './sheets/local-read-budget.ts'
import { ReadQuota } from './sheets/read-quota.ts'

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
  /** Closes the connections to the server, once storage and runner are closed. */
  close(): Promise<void>
}

/** The drivers of one server, and the connection that they share. */
interface ServerDrivers extends Pick<StorageDrivers, 'storage' | 'idempotency'> {
  readonly server: { close(): Promise<void> }
  readonly leases: LeaseStore
  readonly budget: ReadBudget
}

/** Chooses the drivers for where syncs are recorded, and loads them: who does not use one pays nothing for it. */
export async function composeStorage(config: Config, clock: Clock, log: Log): Promise<StorageDrivers> {
  const { storage } = config
  if (storage.kind === 'file') return composeFiles(config, storage.directory, clock, log)
  const { url } = storage
  const composeServer = storage.kind === 'redis' ? composeRedis : composePostgres
  const { server, leases, budget, ...drivers } = await composeServer(config, url, clock, log)
  const { BullMqRunner } = await import('./jobs/bullmq-runner.ts')
  const quota = new ReadQuota({ budget, clock, log })
  const concurrency = config.role === 'api' ? 0 : config.syncConcurrency
  return {
    ...drivers,
    quota,
    makeRunner: (parts) => new BullMqRunner({ ...parts, url, leases, clock, log, concurrency }),
    async close() {
      await quota.close()
      await server.close()
    },
  }
}

async function composeFiles(config: Config, directory: string, clock: Clock, log: Log): Promise<StorageDrivers> {
  const { FileStorage } = await import('./storage/file-storage.ts')
  const { FileLeases } = await import('./storage/file-leases.ts')
  const { FileIdempotency } = await import('./storage/file-idempotency.ts')
  const { InProcessRunner } = await import('./jobs/in-process-runner.ts')
  const leases = new FileLeases({ directory, clock })
  const budget = new LocalReadBudget({ readsPerMinute: config.google.readsPerMinute, clock })
  const quota = new ReadQuota({ budget, clock, log })
  return {
    storage: new FileStorage({ directory, clock, log }),
    idempotency: new FileIdempotency({ directory, clock }),
    quota,
    makeRunner: (parts) => new InProcessRunner({ ...parts, leases, clock, log, concurrency: config.syncConcurrency }),
    close: () => quota.close(),
  }
}

async function composePostgres(config: Config, url: string, clock: Clock, log: Log): Promise<ServerDrivers> {
  const { Database } = await import('./database/database.ts')
  const { DatabaseStorage } = await import('./storage/database-storage.ts')
  const { DatabaseLeases } = await import('./storage/database-leases.ts')
  const { DatabaseIdempotency } = await import('./storage/database-idempotency.ts')
  const { DatabaseReadBudget } = await import('./sheets/database-read-budget.ts')
  const database = new Database({ url, clock, log })
  return {
    server: database,
    storage: new DatabaseStorage({ database, historyTtlMs: config.historyTtlMs, clock, log }),
    leases: new DatabaseLeases({ database }),
    idempotency: new DatabaseIdempotency({ database }),
    budget: new DatabaseReadBudget({ database, readsPerMinute: config.google.readsPerMinute }),
  }
}

async function composeRedis(config: Config, url: string, clock: Clock, log: Log): Promise<ServerDrivers> {
  const { RedisConnection } = await import('./redis/connection.ts')
  const { RedisStorage } = await import('./storage/redis-storage.ts')
  const { RedisLeases } = await import('./storage/redis-leases.ts')
  const { RedisIdempotency } = await import('./storage/redis-idempotency.ts')
  const { RedisReadBudget } = await import('./sheets/redis-read-budget.ts')
  const connection = new RedisConnection({ url, clock, log })
  return {
    server: connection,
    storage: new RedisStorage({ connection, clock, log }),
    leases: new RedisLeases({ connection }),
    idempotency: new RedisIdempotency({ connection }),
    budget: new RedisReadBudget({ connection, readsPerMinute: config.google.readsPerMinute }),
  }
}
