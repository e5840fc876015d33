import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import packageJson from '../package.json' with { type: 'json' }
import { buildApp } from './app.ts'
import { composeStorage } from './compose-storage.ts'
import { WorkerPool } from './concurrency/worker-pool.ts'
import type { Config } from './config.ts'
import { AppError } from './errors.ts'
import { createDownloadJob } from './jobs/download-job.ts'
import { Sweeper } from './jobs/sweeper.ts'
import { countActive } from './metrics/active-syncs.ts'
import { MeasuredStorage } from './metrics/measured-storage.ts'
import { PrometheusMetrics } from './metrics/prometheus.ts'
import type { SnapshotStore } from './ports/snapshot-store.ts'
import type { SyncStorage } from './ports/sync-storage.ts'
import { GoogleApi } from './sheets/google-api.ts'
import { GoogleSheets } from './sheets/google-sheets.ts'
import { BlockFiles } from './snapshots/formats/block-files.ts'
import { LocalSnapshotStore } from './snapshots/local-snapshot-store.ts'
import { S3SnapshotStore } from './snapshots/s3-snapshot-store.ts'
import { ActiveCount } from './syncs/active-count.ts'
import { SyncService } from './syncs/sync-service.ts'
import { systemClock } from './system-clock.ts'
import { WebhookDeliverer } from './webhooks/deliverer.ts'
import { withToldEnds } from './webhooks/notify-on-end.ts'
import { faultOfUrl } from './webhooks/url-rules.ts'

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
  const drivers = await composeStorage(config, clock, log)
  const { idempotency } = drivers
  const metrics = new PrometheusMetrics(countActive(drivers.storage))
  const measured = new MeasuredStorage(drivers.storage, metrics)
  const { insecure } = config.webhooks
  if (insecure) log.warn('WEBHOOK_INSECURE=1: webhooks are sent by http too, and to addresses that are not public')
  const isWorking = config.role !== 'api'
  const deliverer = isWorking ? await composeDeliverer(config, measured, log) : undefined
  const storage = deliverer === undefined ? measured : withToldEnds(measured, (sync) => deliverer.hint(sync))
  const snapshots = snapshotStore(config, log)
  const { rootUrl, credentialFile, apiKey } = config.google
  const api = new GoogleApi({
    clock,
    ...(rootUrl === undefined ? {} : { rootUrl }),
    ...(credentialFile === undefined ? {} : { credentialFile }),
    ...(apiKey === undefined ? {} : { apiKey }),
  })
  const workers = new WorkerPool({ log })
  const source = new GoogleSheets({ api, quota: drivers.quota, workers, metrics, clock, log })
  const job = createDownloadJob({ source, writer: new BlockFiles(workers), snapshots, clock, log })
  const runner = drivers.makeRunner({
    storage,
    job,
    statusTtlMs: config.statusTtlMs,
    deadlineMs: config.syncDeadlineMs,
  })
  const service = new SyncService({
    storage,
    runner,
    clock,
    statusTtlMs: config.statusTtlMs,
    activeCount: new ActiveCount({ storage, clock, ...config.limits }),
    ...(config.webhooks.secrets.length === 0 ? {} : { faultOfWebhook: (url: string) => faultOfUrl(url, { insecure }) }),
  })
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
    requestsPerMinute: config.limits.requestsPerMinute,
    maxStreamsPerKey: config.limits.maxStreamsPerKey,
    requestTimeoutMs: config.limits.requestTimeoutMs,
    serves: config.role === 'worker' ? 'health' : 'everything',
  })

  let closed: Promise<void> | undefined
  async function closeAll(): Promise<void> {
    service.drain()
    // Whoever is still reading by then reads too slowly to be waited for; a Range request goes on where it was cut.
    const limit = setTimeout(() => app.server.closeAllConnections(), SLOW_CLIENT_MS)
    // Polls go on being answered while jobs save what they have; only then is the port closed.
    await runner.close()
    await workers.close()
    await deliverer?.close()
    await sweeper.close()
    await app.close()
    clearTimeout(limit)
    await snapshots.close()
    await idempotency.close()
    await storage.close()
    await drivers.close()
  }

  return {
    app,
    async start() {
      await storage.start()
      await idempotency.start()
      await snapshots.start()
      const address = await app.listen({ host: config.host, port: config.port })
      await runner.start()
      // An instance that only answers requests leaves the cleaning to those that work.
      if (isWorking) sweeper.start()
      deliverer?.start()
      return address
    },
    close() {
      closed ??= closeAll()
      return closed
    },
  }
}

/** Without a secret nothing can be signed: what is pending then waits until there is one, and nothing is loaded for it. */
async function composeDeliverer(
  { webhooks, statusTtlMs }: Config,
  storage: SyncStorage,
  log: Logger,
): Promise<WebhookDeliverer | undefined> {
  const { secrets, insecure } = webhooks
  if (secrets.length === 0) return undefined
  const { HttpSender } = await import('./webhooks/http-sender.ts')
  const sender = new HttpSender({ keys: secrets, insecure, clock: systemClock })
  return new WebhookDeliverer({ storage, sender, clock: systemClock, log, statusTtlMs })
}

function snapshotStore({ snapshots, s3, snapshotsKept: kept }: Config, log: Logger): SnapshotStore {
  if (snapshots.kind === 'file') return new LocalSnapshotStore({ directory: snapshots.directory, kept, log })
  return new S3SnapshotStore({
    bucket: snapshots.bucket,
    prefix: snapshots.prefix,
    ...(s3.endpoint === undefined ? {} : { endpoint: s3.endpoint }),
    ...(s3.region === undefined ? {} : { region: s3.region }),
    kept,
    log,
  })
}
