import type { Clock } from './clock.ts'
import { type Config, ConfigError } from './config.ts'
import { InProcessRunner } from './jobs/in-process-runner.ts'
import type { JobRunner } from './jobs/job-runner.ts'
import type { ExecutionOptions } from './jobs/sync-execution.ts'
import type { Log } from './log.ts'
import { type Quota, ReadQuota } from './sheets/quota.ts'
import { FileLeases } from './storage/file-leases.ts'
import { FileStorage } from './storage/file-storage.ts'
import type { LeaseStore } from './storage/lease-store.ts'
import type { SyncStorage } from './storage/sync-storage.ts'

/** What a runner is made of, beyond where syncs and leases are kept. */
export type RunnerParts = Omit<ExecutionOptions, 'leases' | 'clock' | 'log'>

export type ServiceRunner = JobRunner & { readonly recovered: boolean }

/** Everything that STORAGE_URL decides. */
export interface StorageDrivers {
  readonly storage: SyncStorage
  readonly leases: LeaseStore
  /** Google's reads a minute, shared by all who share the storage. */
  readonly quota: Quota
  makeRunner(parts: RunnerParts): ServiceRunner
  /** Lets go of what the storage and the runner do not close themselves. */
  close(): Promise<void>
}

/** Chooses the drivers for where syncs are recorded. Vendor packages are loaded here, when they are chosen. */
export async function composeStorage(config: Config, clock: Clock, log: Log): Promise<StorageDrivers> {
  if (config.storage.kind !== 'file') throw new ConfigError(['STORAGE_URL names a driver that is not built yet'])
  const { directory } = config.storage
  const leases = new FileLeases({ directory, clock })
  return {
    storage: new FileStorage({ directory, clock, log }),
    leases,
    quota: new ReadQuota({ readsPerMinute: config.google.readsPerMinute, clock }),
    makeRunner: (parts) => new InProcessRunner({ ...parts, leases, clock, log, concurrency: config.syncConcurrency }),
    async close() {},
  }
}
