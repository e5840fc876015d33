import type { Config } from './config.ts'
import { LeaseStore } from './jobs/lease-store.ts'
import type { ExecutionOptions } from './jobs/sync-execution.ts'
import type { Clock } from './ports/clock.ts'
import type { JobRunner } from './ports/job-runner.ts'
import type { KeyValueStore } from './ports/key-value-store.ts'
import type { Log } from './ports/log.ts'
import type { SyncStorage } from './ports/sync-storage.ts'
import { LocalReadBudgets } from './sheets/local-read-budgets.ts'
import type { ReadLimits } from './sheets/read-budget-rule.ts'
import { ReadQuotas } from './sheets/read-quotas.ts'
import { IdempotencyStore } from './syncs/idempotency-store.ts'

/** What a runner is made of, beyond what STORAGE_URL decides. */
export type RunnerParts = Omit<ExecutionOptions, 'leases' | 'clock' | 'log'>

export type ServiceRunner = JobRunner & { readonly recovered: boolean }

/** Everything that STORAGE_URL decides. */
export interface StorageDrivers {
  readonly storage: SyncStorage
  readonly idempotency: IdempotencyStore
  /** Google's reads a minute of each account, shared by all who share the storage. */
  readonly quotas: ReadQuotas
  /** Where processes exchange how many requests they have counted. */
  readonly requestCounts: KeyValueStore
  /** Which processes share the storage. */
  readonly instances: KeyValueStore
  readonly schedules: KeyValueStore
  /** What is known of the changes of spreadsheets; and what is renewed all the time, which a crash of the storage may empty. */
  readonly changes: KeyValueStore
  readonly changeSignals: KeyValueStore
  makeRunner(parts: RunnerParts): ServiceRunner
  /** Closes the connections to the server, once storage and runner are closed. */
  close(): Promise<void>
}

/** Chooses the drivers for where syncs are recorded, and loads them: who does not use one pays nothing for it. */
export async function composeStorage(config: Config, clock: Clock, log: Log): Promise<StorageDrivers> {
  const { storage } = config
  if (storage.kind === 'file') return composeFiles(config, storage.directory, clock, log)
  const { url } = storage
  const { maxIdempotencyKeysPerKey } = config.limits
  const drivers = await (storage.kind === 'redis'
    ? composeRedis(url, config.history, clock, log)
    : composePostgres(url, config.history.ttlMs, clock, log))
  const { BullMqRunner } = await import('./jobs/bullmq-runner.ts')
  const { SharedReadBudgets } = await import('./sheets/shared-read-budgets.ts')
  const limits = readLimits(config)
  const quotas = new ReadQuotas({ budgets: new SharedReadBudgets(drivers.budget, limits), clock, log })
  const leases = new LeaseStore(drivers.leases)
  const concurrency = config.role === 'api' ? 0 : config.syncConcurrency
  return {
    storage: drivers.storage,
    idempotency: new IdempotencyStore(drivers.idempotency, maxIdempotencyKeysPerKey),
    quotas,
    requestCounts: drivers.requestCounts,
    instances: drivers.instances,
    schedules: drivers.schedules,
    changes: drivers.changes,
    changeSignals: drivers.changeSignals,
    makeRunner: (parts) => new BullMqRunner({ ...parts, url, leases, clock, log, concurrency }),
    async close() {
      await quotas.close()
      await drivers.server.close()
    },
  }
}

function readLimits({ google }: Config): ReadLimits {
  return { account: google.readsPerMinute, project: google.projectReadsPerMinute }
}

async function composeFiles(config: Config, directory: string, clock: Clock, log: Log): Promise<StorageDrivers> {
  const { FileStorage } = await import('./storage/file-storage.ts')
  const { FileKeyValueStore } = await import('./storage/file-key-value-store.ts')
  const { InProcessRunner } = await import('./jobs/in-process-runner.ts')
  const leases = new LeaseStore(new FileKeyValueStore({ directory, clock }, 'leases'))
  const records = new FileKeyValueStore({ directory, clock }, 'read-budget')
  const limits = readLimits(config)
  const quotas = new ReadQuotas({ budgets: new LocalReadBudgets({ limits, clock, records }), clock, log })
  return {
    storage: new FileStorage({ directory, clock, log, ...(config.history.ttlMs > 0 && { history: config.history }) }),
    idempotency: new IdempotencyStore(
      new FileKeyValueStore({ directory, clock }, 'idempotency'),
      config.limits.maxIdempotencyKeysPerKey,
    ),
    quotas,
    requestCounts: new FileKeyValueStore({ directory, clock }, 'request-counts'),
    instances: new FileKeyValueStore({ directory, clock }, 'instances'),
    schedules: new FileKeyValueStore({ directory: config.schedules.directory, clock }, 'schedules', {
      ownDirectory: true,
    }),
    changes: new FileKeyValueStore({ directory, clock }, 'changes'),
    changeSignals: new FileKeyValueStore({ directory, clock }, 'change-signals'),
    makeRunner: (parts) => new InProcessRunner({ ...parts, leases, clock, log, concurrency: config.syncConcurrency }),
    close: () => quotas.close(),
  }
}

async function composePostgres(url: string, historyTtlMs: number, clock: Clock, log: Log) {
  const { Database } = await import('./database/database.ts')
  const { DatabaseStorage } = await import('./storage/database-storage.ts')
  const { DatabaseKeyValueStore } = await import('./storage/database-key-value-store.ts')
  const database = new Database({ url, clock, log })
  return {
    server: database,
    storage: new DatabaseStorage({ database, historyTtlMs, clock, log }),
    leases: new DatabaseKeyValueStore(database, 'leases', 'ephemeral_entries'),
    idempotency: new DatabaseKeyValueStore(database, 'idempotency'),
    budget: new DatabaseKeyValueStore(database, 'read-budget'),
    requestCounts: new DatabaseKeyValueStore(database, 'request-counts', 'ephemeral_entries'),
    instances: new DatabaseKeyValueStore(database, 'instances', 'ephemeral_entries'),
    schedules: new DatabaseKeyValueStore(database, 'schedules'),
    changes: new DatabaseKeyValueStore(database, 'changes'),
    changeSignals: new DatabaseKeyValueStore(database, 'change-signals', 'ephemeral_entries'),
  }
}

async function composeRedis(url: string, history: Config['history'], clock: Clock, log: Log) {
  const { RedisConnection } = await import('./redis/connection.ts')
  const { RedisStorage } = await import('./storage/redis-storage.ts')
  const { RedisKeyValueStore } = await import('./storage/redis-key-value-store.ts')
  const connection = new RedisConnection({ url, clock, log })
  return {
    server: connection,
    storage: new RedisStorage({ connection, clock, log, history }),
    leases: new RedisKeyValueStore(connection, 'leases'),
    idempotency: new RedisKeyValueStore(connection, 'idempotency'),
    budget: new RedisKeyValueStore(connection, 'read-budget'),
    requestCounts: new RedisKeyValueStore(connection, 'request-counts'),
    instances: new RedisKeyValueStore(connection, 'instances'),
    schedules: new RedisKeyValueStore(connection, 'schedules'),
    changes: new RedisKeyValueStore(connection, 'changes'),
    changeSignals: new RedisKeyValueStore(connection, 'change-signals'),
  }
}
