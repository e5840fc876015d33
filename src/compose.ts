import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import packageJson from '../package.json' with { type: 'json' }
import { buildApp } from './app.ts'
import { systemClock } from './clock.ts'
import type { Config } from './config.ts'
import { AppError } from './errors.ts'
import { createDownloadJob } from './jobs/download-job.ts'
import { InProcessRunner } from './jobs/in-process-runner.ts'
import { Sweeper } from './jobs/sweeper.ts'
import { countActive } from './metrics/active-syncs.ts'
import { MeasuredQuota } from './metrics/measured-quota.ts'
import { MeasuredSource } from './metrics/measured-source.ts'
import { MeasuredStorage } from './metrics/measured-storage.ts'
import { PrometheusMetrics } from './metrics/prometheus.ts'
import { GoogleSheets } from './sheets/google-sheets.ts'
import { ReadQuota } from './sheets/quota.ts'
import { LocalSnapshotStore } from './snapshots/local-snapshot-store.ts'
import { FileIdempotency } from './storage/file-idempotency.ts'
import { FileLeases } from './storage/file-leases.ts'
import { FileStorage } from './storage/file-storage.ts'
import { ActiveCount } from './syncs/active-count.ts'
import { SyncService } from './syncs/sync-service.ts'

/** Milliseconds for which one look at the storage answers readiness, so that probes cannot wear the disk. */
const READINESS_MEMORY_MS = 1000

/** Milliseconds that a stop waits for answers under way. */
const SLOW_CLIENT_MS = 8000

/** The whole service, put together and not yet started. */
export interface Service {
  readonly app: FastifyInstance
  /** Opens the storage and the port, then begins to run syncs. Resolves to the address it listens at. */
  start(): Promise<string>
  /** Refuses new work, has running syncs save their checkpoint, answers what is under way, lets go of everything. Idempotent. */
  close(): Promise<void>
}

/** Chooses the drivers that the settings ask for; the only place that does. */
export async function compose(config: Config, log: Logger): Promise<Service> {
  const clock = systemClock
  const files = new FileStorage({ directory: config.statusDirectory, clock, log })
  const metrics = new PrometheusMetrics(countActive(files))
  const storage = new MeasuredStorage(files, metrics)
  const leases = new FileLeases({ directory: config.statusDirectory, clock })
  const idempotency = new FileIdempotency({ directory: config.statusDirectory, clock })
  const snapshots = new LocalSnapshotStore({
    directory: config.snapshotDirectory,
    kept: config.snapshotsKept,
    log,
  })
  const { rootUrl, credentialFile, apiKey, readsPerMinute } = config.google
  const google = new GoogleSheets({
    clock,
    log,
    ...(rootUrl === undefined ? {} : { rootUrl }),
    ...(credentialFile === undefined ? {} : { credentialFile }),
    ...(apiKey === undefined ? {} : { apiKey }),
  })
  const download = createDownloadJob({
    source: new MeasuredSource(google, metrics),
    snapshots,
    quota: new MeasuredQuota(new ReadQuota({ readsPerMinute, clock }), metrics),
    clock,
    log,
  })
  const runner = new InProcessRunner({
    storage,
    leases,
    job: download.run,
    clock,
    log,
    concurrency: config.syncConcurrency,
    statusTtlMs: config.statusTtlMs,
    deadlineMs: config.syncDeadlineMs,
  })
  const { limits } = config
  const activeCount = new ActiveCount({ storage, clock, ...limits })
  const service = new SyncService({ storage, runner, clock, statusTtlMs: config.statusTtlMs, activeCount })
  const sweeper = new Sweeper({ storage, idempotency, snapshots, clock, log, intervalMs: config.sweepIntervalMs })

  let lastLook: { readonly at: number; readonly result: Promise<void> } | undefined
  async function checkReady(): Promise<void> {
    if (service.draining) throw new AppError('SHUTTING_DOWN', 'This instance is stopping.')
    if (!runner.recovered)
      throw new AppError('STORAGE_UNAVAILABLE', 'What an earlier process left is still being looked through.')
    const now = clock.monotonic()
    if (lastLook === undefined || now - lastLook.at > READINESS_MEMORY_MS)
      lastLook = { at: now, result: storage.checkWritable() }
    await lastLook.result
  }

  const app = await buildApp({
    service,
    idempotency,
    snapshots,
    checkReady,
    log,
    metrics,
    version: packageJson.version,
    clock,
    corsOrigins: config.corsOrigins,
    apiKeys: config.apiKeys,
    openMetrics: config.openMetrics,
    requestsPerMinute: limits.requestsPerMinute,
    maxStreamsPerKey: limits.maxStreamsPerKey,
    requestTimeoutMs: limits.requestTimeoutMs,
  })

  let closed: Promise<void> | undefined
  async function closeAll(): Promise<void> {
    service.drain()
    // Whoever is still reading by then reads too slowly to be waited for; a Range request goes on where it was cut.
    const limit = setTimeout(() => app.server.closeAllConnections(), SLOW_CLIENT_MS)
    // Polls go on being answered while jobs save what they have; only then is the port closed.
    await runner.close()
    await download.close()
    await sweeper.close()
    await app.close()
    clearTimeout(limit)
    await snapshots.close()
    await idempotency.close()
    await storage.close()
  }

  return {
    app,
    async start() {
      await storage.start()
      await idempotency.start()
      await snapshots.start()
      const address = await app.listen({ host: config.host, port: config.port })
      await runner.start()
      sweeper.start()
      return address
    },
    close() {
      closed ??= closeAll()
      return closed
    },
  }
}
