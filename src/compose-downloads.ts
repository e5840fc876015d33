import type { Logger } from 'pino'
import { WorkerPool } from './concurrency/worker-pool.ts'
import type { Config } from './config.ts'
import { createDownloadJob } from './jobs/download-job.ts'
import type { ReadAccount } from './model/reader.ts'
import type { Clock } from './ports/clock.ts'
import type { SyncJob } from './ports/job-runner.ts'
import type { Metrics } from './ports/metrics.ts'
import type { SnapshotStore } from './ports/snapshot-store.ts'
import { QueryEngine } from './rows/engine/query-engine.ts'
import { LineChanges } from './rows/line-changes.ts'
import { ParquetFiles } from './rows/parquet-files.ts'
import { TableCache } from './rows/table-cache.ts'
import type { GoogleAccounts } from './sheets/google-accounts.ts'
import { GoogleSheets } from './sheets/google-sheets.ts'
import type { ReadQuotas } from './sheets/read-quotas.ts'
import { BlockFiles } from './snapshots/formats/block-files.ts'
import type { TokenKeys } from './tokens/token-keys.ts'

interface DownloadParts {
  readonly config: Config
  readonly accounts: GoogleAccounts
  readonly quotas: ReadQuotas
  /** What unseals users' own tokens; absent: none are taken. */
  readonly tokenKeys: TokenKeys | undefined
  readonly snapshots: SnapshotStore
  readonly requireRoom: (createdBy: string | null) => void
  readonly mayKeepDraft: (createdBy: string | null) => Promise<boolean>
  readonly metrics: Metrics
  readonly clock: Clock
  readonly log: Logger
}

export interface Downloads {
  readonly job: SyncJob
  /** Ends the worker threads, and the query engine of the syncs. */
  close(): Promise<void>
}

/** Puts together what downloads spreadsheets: Google's side, the worker threads, what decodes and encodes rows. */
export function composeDownloads({
  config,
  accounts,
  quotas,
  tokenKeys,
  metrics,
  clock,
  log,
  ...parts
}: DownloadParts): Downloads {
  const workers = new WorkerPool({ log })
  const quotaOf = (account: ReadAccount) => quotas.of(account)
  const source = new GoogleSheets({ accounts, quotaOf, workers, metrics, clock, log })
  // An engine of their own, so that no question waits for the Parquet of a sync.
  const { cache, timeLimitMs, memoryBytes } = config.queries
  const engine = new QueryEngine({ processes: 1, timeLimitMs, memoryBytes, waits: 'as-long-as-it-takes' })
  const writer = new BlockFiles(workers, new ParquetFiles(engine, new TableCache({ ...cache, engine, log })))
  const changes = new LineChanges({ snapshots: parts.snapshots, workers, log })
  const job = createDownloadJob({
    source,
    writer,
    changes,
    ...parts,
    unseal: tokenKeys && ((sealed, syncId) => tokenKeys.unseal(sealed, syncId)),
    clock,
    log,
    snapshotTtlMs: config.retention.ttlMs,
  })
  return { job, close: async () => void (await Promise.all([workers.close(), engine.close()])) }
}
