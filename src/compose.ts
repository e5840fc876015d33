import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import packageJson from '../package.json' with { type: 'json' }
import { buildApp } from './app.ts'
import { composeStorage } from './compose-storage.ts'
import { WorkerPool } from './concurrency/worker-pool.ts'
import type { Config } from './config.ts'
import { openFilesAtMost } from './disk/proc.ts'
import { createDownloadJob } from './jobs/download-job.ts'
import { Sweeper } from './jobs/sweeper.ts'
import { countActive } from './metrics/active-syncs.ts'
import { measureStorage } from './metrics/measured-storage.ts'
import { PrometheusMetrics } from './metrics/prometheus.ts'
import type { SnapshotStore } from './ports/snapshot-store.ts'
import type { SyncStorage } from './ports/sync-storage.ts'
import { createReadinessCheck } from './readiness.ts'
import { rememberSecrets } from './redaction.ts'
import { listen } from './routes/http-server.ts'
import { RequestCounts } from './routes/request-counts.ts'
import { GoogleApi } from './sheets/google-api.ts'
import { GoogleSheets } from './sheets/google-sheets.ts'
import { Shutdown } from './shutdown.ts'
import { BlockFiles } from './snapshots/formats/block-files.ts'
import { LocalSnapshotStore } from './snapshots/local-snapshot-store.ts'
import { S3SnapshotStore } from './snapshots/s3-snapshot-store.ts'
import { AdmissionControl } from './syncs/admission-control.ts'
import { SnapshotLimits } from './syncs/snapshot-limits.ts'
import { SyncService, type SyncServiceOptions } from './syncs/sync-service.ts'
import { systemClock } from './system-clock.ts'
import type { WebhookDeliverer } from './webhooks/deliverer.ts'

/** Milliseconds that a stop waits for answers under way. */
const SLOW_CLIENT_MS = 8000

/** The whole service, put together and not yet started. */
export interface Service {
  readonly app: FastifyInstance
  /** Opens the storage and the port, then begins to run syncs. Resolves to the address it listens at. */
  start(): Promise<string>
  /**
   * Refuses new work, has running syncs save their checkpoint, answers what is under way, lets go of everything.
   * Idempotent. Rejects with an AggregateError of what could not be closed; the rest is closed all the same.
   */
  close(): Promise<void>
  /** The part that is being closed now, if one is. */
  readonly closing: string | undefined
}

/** Chooses the drivers that the settings ask for; the only place that does. */
export async function compose(config: Config, log: Logger): Promise<Service> {
  rememberSecrets(config.secrets)
  const clock = systemClock
  const drivers = await composeStorage(config, clock, log)
  const { idempotency } = drivers
  const metrics = new PrometheusMetrics(countActive(drivers.storage, clock))
  const storage = measureStorage(drivers.storage, metrics, (sync) => deliverer?.notify(sync))
  const { deliverer, ...webhooks } = await composeWebhooks(config, storage, log)
  const snapshots = snapshotStore(config, log)
  const intervalMs = config.sweepIntervalMs
  const snapshotLimits = new SnapshotLimits({ snapshots, clock, log, intervalMs, ...config.snapshotLimits })
  const requireRoom = (createdBy: string | null) => snapshotLimits.requireRoom(createdBy)
  const api = new GoogleApi({ clock, ...config.google })
  const workers = new WorkerPool({ log })
  const source = new GoogleSheets({ api, quota: drivers.quota, workers, metrics, clock, log })
  const job = createDownloadJob({
    source,
    writer: new BlockFiles(workers),
    snapshots,
    clock,
    log,
    requireRoom,
    snapshotTtlMs: config.retention.ttlMs,
  })
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
    admission: new AdmissionControl({ storage, clock, ...config.limits }),
    requireRoom: async (createdBy) => {
      requireRoom(createdBy)
      await snapshots.assertRoom()
    },
    rememberEnd: (sync) => idempotency.recordEnd(sync, clock.now()),
    log,
    ...webhooks,
  })
  const sweeper = new Sweeper({ storage, idempotency, snapshots, clock, log, intervalMs })

  const { requestsPerMinute: limit } = config.limits
  const requestCounts =
    limit === undefined ? undefined : new RequestCounts({ limit, shared: drivers.requestCounts, clock, log })
  const app = await buildApp({
    service,
    idempotency,
    snapshots,
    checkReady: createReadinessCheck({ service, runner, storage, clock }),
    log,
    metrics,
    version: packageJson.version,
    clock,
    corsOrigins: config.corsOrigins,
    apiKeys: config.apiKeys,
    allowedHosts: config.allowedHosts,
    publicOrigin: config.publicOrigin,
    openMetrics: config.openMetrics,
    limits: { ...config.limits, openFilesAtMost: openFilesAtMost() },
    requestCounts,
    trustedProxies: config.trustedProxies,
    serves: config.role === 'worker' ? 'health' : 'everything',
  })

  const shutdown = new Shutdown([
    // Polls go on being answered while jobs save what they have; only then is the port closed.
    { name: 'the job runner', close: () => runner.close() },
    { name: 'the worker threads', close: () => workers.close() },
    { name: 'the webhook deliverer', close: async () => deliverer?.close() },
    { name: 'the sweeper', close: () => sweeper.close() },
    { name: 'the count of snapshots', close: () => snapshotLimits.close() },
    { name: 'the HTTP server', close: () => app.close() },
    { name: 'the request counts', close: async () => requestCounts?.close() },
    { name: 'the snapshot store', close: () => snapshots.close() },
    { name: 'the storage', close: () => storage.close() },
    { name: 'the storage server', close: () => drivers.close() },
  ])
  let closed: Promise<void> | undefined
  async function closeAll(): Promise<void> {
    service.drain()
    // Whoever is still reading by then reads too slowly to be waited for; a Range request goes on where it was cut.
    const limit = setTimeout(() => app.server.closeAllConnections(), SLOW_CLIENT_MS)
    await shutdown.close().finally(() => clearTimeout(limit))
  }

  return {
    app,
    async start() {
      await storage.start()
      await idempotency.start()
      await snapshots.start()
      const address = await listen(app, config)
      requestCounts?.start()
      await runner.start()
      // An instance that only answers requests leaves the cleaning to those that work.
      if (config.role === 'api') snapshotLimits.start()
      else sweeper.start()
      deliverer?.start()
      return address
    },
    close() {
      closed ??= closeAll()
      return closed
    },
    get closing() {
      return shutdown.closing
    },
  }
}

interface Webhooks {
  readonly deliverer?: WebhookDeliverer
  readonly faultOfWebhook?: NonNullable<SyncServiceOptions['faultOfWebhook']>
}

/** Without a secret nothing can be signed: what is pending then waits until there is one, and nothing is loaded for it. */
async function composeWebhooks(
  { webhooks: { secrets, insecure }, role, statusTtlMs }: Config,
  storage: SyncStorage,
  log: Logger,
): Promise<Webhooks> {
  if (insecure) log.warn('WEBHOOK_INSECURE=1: webhooks are sent by http too, and to addresses that are not public')
  if (secrets.length === 0) return {}
  const [{ WebhookDeliverer }, { HttpSender }, { faultOfUrl }] = await Promise.all([
    import('./webhooks/deliverer.ts'),
    import('./webhooks/http-sender.ts'),
    import('./webhooks/url-rules.ts'),
  ])
  const faultOfWebhook = (url: string) => faultOfUrl(url, { insecure })
  if (role === 'api') return { faultOfWebhook }
  const sender = new HttpSender({ keys: secrets, insecure, clock: systemClock })
  return { faultOfWebhook, deliverer: new WebhookDeliverer({ storage, sender, clock: systemClock, log, statusTtlMs }) }
}

function snapshotStore({ snapshots, s3, retention, syncBytesMax, diskFreeMin }: Config, log: Logger): SnapshotStore {
  const common = { ...retention, log, maxSyncBytes: syncBytesMax }
  if (snapshots.kind === 'file') {
    return new LocalSnapshotStore({ directory: snapshots.directory, ...common, freeBytesMin: diskFreeMin })
  }
  return new S3SnapshotStore({ bucket: snapshots.bucket, prefix: snapshots.prefix, ...s3, ...common })
}
