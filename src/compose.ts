import type { Logger } from 'pino'
import packageJson from '../package.json' with { type: 'json' }
import { buildApp } from './app.ts'
import type { Downloads } from './compose-downloads.ts'
import { composeKeys } from './compose-keys.ts'
import { composeSchedules } from './compose-schedules.ts'
import { composeStatus } from './compose-status.ts'
import { composeStorage } from './compose-storage.ts'
import { composeTokens } from './compose-tokens.ts'
import { composeWebhooks } from './compose-webhooks.ts'
import { withTimeout } from './concurrency/timeout.ts'
import type { Config } from './config.ts'
import { openFilesAtMost } from './disk/proc.ts'
import { AppError } from './errors.ts'
import { Sweeper } from './jobs/sweeper.ts'
import { countActive } from './metrics/active-syncs.ts'
import { measureStorage } from './metrics/measured-storage.ts'
import { PrometheusMetrics } from './metrics/prometheus.ts'
import type { FinishedSync } from './model/sync.ts'
import { moduleLoader } from './module-loader.ts'
import type { SyncJob } from './ports/job-runner.ts'
import type { SnapshotStore } from './ports/snapshot-store.ts'
import { createReadinessCheck } from './readiness.ts'
import { rememberSecrets } from './redaction.ts'
import { listen } from './routes/http-server.ts'
import { RequestCounts } from './routes/request-counts.ts'
import { QueryEngine } from './rows/engine/query-engine.ts'
import { RowQuestions } from './rows/row-questions.ts'
import { TableCache } from './rows/table-cache.ts'
import { closeServer, type Service, type Step, serviceLife } from './service-life.ts'
import type { GoogleAccounts } from './sheets/google-accounts.ts'
import { GoogleCredentials } from './sheets/google-credentials.ts'
import { byCredential } from './sheets/read-quotas.ts'
import { Shutdown } from './shutdown.ts'
import { LocalSnapshotStore } from './snapshots/local-snapshot-store.ts'
import { AdmissionControl } from './syncs/admission-control.ts'
import { hasRoomForDraft } from './syncs/draft-adoption.ts'
import { SnapshotLimits } from './syncs/snapshot-limits.ts'
import { SyncService } from './syncs/sync-service.ts'
import { systemClock } from './system-clock.ts'

/** Milliseconds that a scrape waits until the schedules are counted; the next one finds the count. */
const COUNT_TIMEOUT_MS = 1000

/** Chooses the drivers that the settings ask for; the only place that does. */
export async function compose(config: Config, log: Logger): Promise<Service> {
  rememberSecrets(config.secrets)
  const clock = systemClock
  const closing = new AbortController()
  const load = moduleLoader(clock, closing.signal)
  const keys = await composeKeys(config, clock, log)
  const drivers = await composeStorage(config, clock, log)
  const { idempotency } = drivers
  const credentials = new GoogleCredentials({ ...config.google, clock })
  // A scrape does not wait for a storage that hangs.
  const countInTime = <T>(count: Promise<T>, what: string) =>
    withTimeout(count, COUNT_TIMEOUT_MS, what, clock).catch(() => undefined)
  const metrics = new PrometheusMetrics(
    countActive(drivers.storage, clock),
    () => countInTime(scheduling.service.overview.counts(), 'the count of schedules'),
    () => countInTime(drivers.quotas.usage().then(byCredential), 'the count of reads'),
  )
  const storage = measureStorage(drivers.storage, metrics, (sync) => {
    deliverer?.notify(sync)
    scheduling.runs.notify(sync)
  })
  const { deliverer, sender, ...webhooks } = await composeWebhooks(config, storage, log)
  const snapshots = await snapshotStore(config, log)
  const intervalMs = config.sweepIntervalMs
  const snapshotLimits = new SnapshotLimits({ snapshots, clock, log, intervalMs, ...config.snapshotLimits })
  const requireRoom = (createdBy: string | null) => snapshotLimits.requireRoom(createdBy)
  const { processes, maxRows, cache, ...queryLimits } = config.queries
  const engine = new QueryEngine({ processes, ...queryLimits })
  const tables = new TableCache({ ...cache, engine, log })
  const questions = new RowQuestions({ snapshots, engine, tables, maxRows })
  let opened: Promise<GoogleAccounts> | undefined
  const accounts = () => {
    opened ??= load(() => import('./sheets/google-accounts.ts')).then(
      ({ GoogleAccounts }) => new GoogleAccounts({ credentials, rootUrl: config.google.rootUrl, clock }),
    )
    return opened
  }
  const ownTokens = composeTokens(config, clock, load)
  let downloads: Promise<Downloads> | undefined
  const openDownloads = () => {
    const mayKeepDraft = (createdBy: string | null) => hasRoomForDraft(storage, createdBy, clock.now())
    const { quotas } = drivers
    const tokenKeys = ownTokens?.keys
    const parts = { config, quotas, tokenKeys, snapshots, requireRoom, mayKeepDraft, metrics, clock, log }
    downloads ??= load(() => import('./compose-downloads.ts')).then(async ({ composeDownloads }) =>
      composeDownloads({ ...parts, accounts: await accounts() }),
    )
    return downloads
  }
  const job: SyncJob = async (sync, context) => (await openDownloads()).job(sync, context)
  const runner = drivers.makeRunner({
    storage,
    job,
    statusTtlMs: config.statusTtlMs,
    deadlineMs: config.syncDeadlineMs,
  })
  const service = new SyncService({
    storage,
    runner,
    snapshots,
    clock,
    statusTtlMs: config.statusTtlMs,
    actAsDomains: config.actAsDomains,
    admission: new AdmissionControl({ storage, clock, ...config.limits }),
    requireRoom: async (createdBy) => {
      requireRoom(createdBy)
      await snapshots.assertRoom()
    },
    rememberEnd: (sync) => rememberEnd(sync),
    requireCredential: (name) => credentials.requireKnown(name),
    log,
    ...webhooks,
  })
  const scheduling = composeSchedules({
    config,
    keys: keys.ring,
    stores: drivers,
    accounts,
    service,
    storage,
    sender,
    metrics,
    clock,
    log,
    load,
  })
  const rememberEnd = async (sync: FinishedSync) => {
    if (sync.keyed) await idempotency.recordEnd(sync, clock.now())
    await scheduling.runs.noteEnd(sync)
  }
  const sweeper = new Sweeper({ storage, idempotency, rememberEnd, snapshots, clock, log, intervalMs })

  const checkReady = createReadinessCheck({ service, runner, storage, clock })
  const schedules = () => scheduling.service.overview.counts()
  const { instances, status } = composeStatus({ config, drivers, storage, clock, log, checkReady, schedules })

  const { requestsPerMinute: limit } = config.limits
  const requestCounts =
    limit === undefined ? undefined : new RequestCounts({ limit, shared: drivers.requestCounts, clock, log })
  const app = await buildApp({
    service,
    schedules: scheduling.service,
    credentials,
    notifications: scheduling.changes.notifications,
    idempotency,
    snapshots,
    questions,
    checkReady,
    status,
    log,
    metrics,
    version: packageJson.version,
    clock,
    corsOrigins: config.corsOrigins,
    apiKeys: keys.ring,
    offers: { tokens: ownTokens !== undefined, actAs: config.actAsDomains.length > 0 },
    ownTokens,
    allowedHosts: config.allowedHosts,
    publicOrigin: config.publicOrigin,
    openMetrics: config.openMetrics,
    limits: { ...config.limits, openFilesAtMost: openFilesAtMost() },
    requestCounts,
    trustedProxies: config.trustedProxies,
    serves: config.role === 'worker' ? 'health' : 'everything',
  })

  const shutdown = new Shutdown([
    { name: 'the watch for changes', close: () => scheduling.changes.close() },
    { name: 'the scheduler', close: () => scheduling.scheduler.close() },
    // Polls go on being answered while jobs save what they have; only then is the port closed.
    { name: 'the job runner', close: () => runner.close() },
    { name: 'the worker threads', close: async () => (await downloads)?.close() },
    { name: 'the webhook deliverer', close: async () => deliverer?.close() },
    { name: 'the notices of schedules', close: () => scheduling.notices.close() },
    { name: 'the sweeper', close: () => sweeper.close() },
    { name: 'the heartbeat of this instance', close: () => instances.close() },
    { name: 'the count of snapshots', close: () => snapshotLimits.close() },
    { name: 'the file of API keys', close: () => keys.close() },
    { name: 'the HTTP server', close: () => closeServer(app) },
    { name: 'the request counts', close: async () => requestCounts?.close() },
    { name: 'the query engine', close: () => engine.close() },
    { name: 'the cache of tables', close: () => tables.close() },
    { name: 'the snapshot store', close: () => snapshots.close() },
    { name: 'the storage', close: () => storage.close() },
    { name: 'the storage server', close: () => drivers.close() },
  ])
  async function start(step: Step): Promise<string> {
    await step(credentials.start())
    await step(checking('STORAGE_URL', storage.start()))
    await step(checking('STORAGE_URL', idempotency.start()))
    await step(checking(config.storage.kind === 'file' ? 'SCHEDULES_URL' : 'STORAGE_URL', scheduling.store.start()))
    await step(checking('SNAPSHOT_URL', snapshots.start()))
    const address = await step(listen(app, config))
    keys.start()
    requestCounts?.start()
    await step(runner.start())
    // An instance that only answers requests leaves the cleaning to those that work.
    if (config.role === 'api') snapshotLimits.start()
    else {
      sweeper.start()
      scheduling.scheduler.start()
      scheduling.changes.start()
    }
    deliverer?.start()
    instances.start()
    // What never calls Google needs none.
    if (config.role !== 'api') {
      const warned = credentials.warnOfFaults(log, config.google.rootUrl !== undefined)
      warned.catch((error: unknown) => log.debug({ err: error }, 'the Google credentials could not be looked at'))
    }
    return address
  }
  return serviceLife({
    app,
    start,
    async load() {
      await load(() => metrics.load())
      if (config.role !== 'api') await openDownloads()
    },
    drain: () => service.drain(),
    endQuestions: () => engine.close(),
    shutdown,
    closing,
    clock,
  })
}

/** Has a failure of the start that brings no hint of its own say which setting to check. */
async function checking(setting: string, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof AppError) || error.hint !== undefined) throw error
    throw new AppError(error.code, error.message, { cause: error.cause, hint: `Check ${setting}, and what it names.` })
  }
}

async function snapshotStore(
  { snapshots, s3, retention, syncBytesMax, diskFreeMin }: Config,
  log: Logger,
): Promise<SnapshotStore> {
  const common = { ...retention, log, maxSyncBytes: syncBytesMax }
  if (snapshots.kind === 'file') {
    return new LocalSnapshotStore({ directory: snapshots.directory, ...common, freeBytesMin: diskFreeMin })
  }
  const { S3SnapshotStore } = await import('./snapshots/s3-snapshot-store.ts')
  return new S3SnapshotStore({ bucket: snapshots.bucket, prefix: snapshots.prefix, ...s3, ...common })
}
