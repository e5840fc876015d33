import accepts from '@fastify/accepts'
import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { KeyRing } from './api-keys.ts'
import type { PrometheusMetrics } from './metrics/prometheus.ts'
import type { Clock } from './ports/clock.ts'
import type { Credentials } from './ports/credentials.ts'
import type { SnapshotStore } from './ports/snapshot-store.ts'
import { addAuthentication } from './routes/authentication.ts'
import { addAuthorization } from './routes/authorization.ts'
import { Compression } from './routes/compression.ts'
import { addCors, logRefusedOrigins } from './routes/cors.ts'
import { credentialRoutes } from './routes/credentials.ts'
import { addDocs } from './routes/docs.ts'
import { FileLimit } from './routes/file-limit.ts'
import { refuseForeignRequests } from './routes/foreign-requests.ts'
import { googleNotificationRoutes, type NotificationReceiver } from './routes/google-notifications.ts'
import { healthRoutes } from './routes/health.ts'
import { type ConnectionLimits, httpServer, mostConnections } from './routes/http-server.ts'
import { readJsonBodies } from './routes/json-body.ts'
import { meRoutes, type Offers } from './routes/me.ts'
import { refuseOtherMethods } from './routes/method-not-allowed.ts'
import { countAnswers, metricsRoutes } from './routes/metrics.ts'
import { addOwnTokens, type OwnTokens } from './routes/own-tokens.ts'
import { pageRoutes } from './routes/page.ts'
import { addErrorResponses, answerMalformedRequest, sendProblem, toAppError } from './routes/problem-details.ts'
import { queryRoutes } from './routes/query.ts'
import { addRateLimit } from './routes/rate-limit.ts'
import type { RequestCounts } from './routes/request-counts.ts'
import { requestIds } from './routes/request-ids.ts'
import { RequestLogger } from './routes/request-logger.ts'
import { scheduleRoutes } from './routes/schedules.ts'
import { snapshotListRoutes } from './routes/snapshot-list.ts'
import { spreadsheetRoutes } from './routes/spreadsheets.ts'
import { statusRoutes } from './routes/status.ts'
import { syncActionRoutes, syncWebhookRoutes } from './routes/sync-actions.ts'
import { syncEventRoutes } from './routes/sync-events.ts'
import { syncFileRoutes } from './routes/sync-files.ts'
import { syncListEventRoutes } from './routes/sync-list-events.ts'
import { syncRoutes } from './routes/syncs.ts'
import { tabChangesRoutes } from './routes/tab-changes.ts'
import { tabRowsRoutes } from './routes/tab-rows.ts'
import { tabSchemaRoutes } from './routes/tab-schema.ts'
import { validateRequest } from './routes/validation.ts'
import { WatcherLimit } from './routes/watcher-limit.ts'
import type { RowQuestions } from './rows/row-questions.ts'
import type { ScheduleService } from './schedules/schedule-service.ts'
import type { Status } from './status/service-status.ts'
import type { Caller } from './syncs/caller.ts'
import type { IdempotencyStore } from './syncs/idempotency-store.ts'
import { IdempotentRequests } from './syncs/idempotent-requests.ts'
import type { SyncService } from './syncs/sync-service.ts'
import { systemClock } from './system-clock.ts'

export interface AppDependencies {
  readonly service: SyncService
  /** Where idempotency keys are remembered. */
  readonly idempotency: IdempotencyStore
  readonly snapshots: SnapshotStore
  /** The Google credentials that there are; without them there is no such address. */
  readonly credentials?: Credentials
  /** Without it nothing can be scheduled. */
  readonly schedules?: ScheduleService
  /** Without it rows can be read whole, and not asked. */
  readonly questions?: RowQuestions
  /** Resolves when requests can be served; rejects with an AppError that says why not. */
  readonly checkReady: () => Promise<void>
  /** How the service stands, as a caller may know it; without it there is no such address. */
  readonly status?: (caller: Caller) => Promise<Status>
  readonly log: FastifyBaseLogger
  /** Counts every answer and is shown at /metrics; without it there is no such address. */
  readonly metrics?: Pick<PrometheusMetrics, 'route' | 'text' | 'contentType'>
  /** Version that the OpenAPI document names. */
  readonly version: string
  /** Times waits and pings; default: the system's. */
  readonly clock?: Clock
  /** Origins that browsers may call from; none by default, `*` for any. */
  readonly corsOrigins?: readonly string[]
  /** Who may call; by default everybody may do everything. */
  readonly apiKeys?: KeyRing
  /** What of the rights of keys the settings allow at all; default: nothing. */
  readonly offers?: Offers
  /** What users' own tokens are told apart and sealed by; without it none are taken. */
  readonly ownTokens?: OwnTokens | undefined
  /** Hosts that requests may be for, beside those of this machine; with API keys none means any. */
  readonly allowedHosts?: readonly string[]
  /** The origin at which browsers see this service, if it is another than the Host of their requests says. */
  readonly publicOrigin?: string | undefined
  /** Whether /metrics is shown without a key; default false. */
  readonly openMetrics?: boolean
  readonly limits?: AppLimits
  /** Limits the requests of each key or address; default: they are not counted. Started and closed by whoever made it. */
  readonly requestCounts?: RequestCounts | undefined
  /** The proxies whose X-Forwarded-For is believed: addresses, CIDRs, `loopback` and the like; none by default. */
  readonly trustedProxies?: readonly string[]
  /** Takes what Google notifies of; without it there is no such address. */
  readonly notifications?: NotificationReceiver | undefined
  /** `health`: nothing but whether it lives and is ready, as a worker needs; default `everything`. */
  readonly serves?: 'everything' | 'health'
}

export interface AppLimits extends ConnectionLimits {
  /** Event streams and waits of one key or address; default: as many as the others leave. Half of the connections are for them. */
  readonly maxStreamsPerKey?: number
}

/** Longer than any id or tab title percent-encoded, so that a field at fault is named instead of "no such address". */
const PARAM_LIMIT_CHARACTERS = 16 * 1024

/** Where both are given, Fastify does not load its own, a tenth of the start. Its types know of its own alone. */
const COMPILERS = {
  buildValidator: () => validateRequest as never,
  buildSerializer: () => serializerCompiler as never,
}

/** Builds the HTTP side of the service. Opens no port and knows no environment; `inject` and `listen` are the caller's. */
export async function buildApp(dependencies: AppDependencies): Promise<FastifyInstance> {
  const {
    service,
    schedules,
    credentials,
    snapshots,
    questions,
    checkReady,
    metrics,
    status,
    limits = {},
    clock = systemClock,
  } = dependencies
  const { apiKeys = new KeyRing(), openMetrics = false, corsOrigins = [], serves = 'everything' } = dependencies
  const { allowedHosts = [], notifications, ownTokens, publicOrigin, requestCounts, trustedProxies = [] } = dependencies
  const requestLogger = new RequestLogger(dependencies.log)
  const app = fastify({
    serverFactory: httpServer(limits, dependencies.log),
    bodyLimit: 64 * 1024,
    routerOptions: { maxParamLength: PARAM_LIMIT_CHARACTERS },
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    clientErrorHandler: answerMalformedRequest,
    genReqId: requestIds(),
    requestIdHeader: false,
    logController: requestLogger,
    schemaController: { compilersFactory: COMPILERS },
    // While draining, what is still under way is answered; new connections are refused by the closed port.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    frameworkErrors: (error, request, reply) => {
      sendProblem(request, reply, toAppError(error))
    },
  }).withTypeProvider<ZodTypeProvider>()

  app.setValidatorCompiler(validateRequest)
  app.setSerializerCompiler(serializerCompiler)
  readJsonBodies(app)
  requestLogger.attach(app)

  if (serves === 'everything') {
    logRefusedOrigins(app, { corsOrigins, publicOrigin }, dependencies.log)
    refuseForeignRequests(app, { isKeyless: !apiKeys.keyed, allowedHosts, corsOrigins, publicOrigin })
  }
  await addCors(app, corsOrigins)
  const { callerOf: keyholderOf, keyOf, isRevoked, ownerOf } = addAuthentication(app, apiKeys)
  const limitRate = requestCounts && addRateLimit(app, requestCounts, ownerOf)
  addErrorResponses(app, requestLogger, { limitRate, countUnmatched: metrics?.route('any', 'unmatched') })
  addAuthorization(app, { keyOf: apiKeys.keyed ? keyOf : undefined, openMetrics, limitRate })
  const callerOf = addOwnTokens(app, { callerOf: keyholderOf, tokens: ownTokens, limitRate })
  await app.register(accepts)
  if (metrics !== undefined) countAnswers(app, metrics)
  if (serves === 'everything') await addDocs(app, dependencies.version)

  const refuse = refuseOtherMethods(app)
  if (serves === 'everything') await app.register(pageRoutes)
  await app.register(healthRoutes, { checkReady })
  const compression = new Compression()
  if (metrics !== undefined) await app.register(metricsRoutes, { metrics, compression, ownerOf })
  if (serves === 'everything') {
    const starts = new IdempotentRequests({ service, store: dependencies.idempotency, clock })
    const fileLimit = new FileLimit(limits.openFilesAtMost)
    const connections = mostConnections(limits)
    const watchers = new WatcherLimit({ connections, perOwner: limits.maxStreamsPerKey, isRevoked })
    apiKeys.onChange(() => watchers.dropRevoked())
    const { log } = dependencies
    if (notifications !== undefined) await app.register(googleNotificationRoutes, { notifications })
    // In this order the OpenAPI document lists them.
    for (const routes of [
      syncRoutes,
      syncActionRoutes,
      syncEventRoutes,
      syncListEventRoutes,
      syncWebhookRoutes,
      syncFileRoutes,
      scheduleRoutes,
      spreadsheetRoutes,
      snapshotListRoutes,
      tabSchemaRoutes,
      tabRowsRoutes,
      queryRoutes,
      tabChangesRoutes,
      credentialRoutes,
    ]) {
      await app.register(routes, {
        service,
        schedules,
        credentials,
        starts,
        snapshots,
        questions,
        clock,
        callerOf,
        ownerOf,
        watchers,
        fileLimit,
        compression,
        log,
      })
    }
    await app.register(meRoutes, { callerOf, keyOf, offers: dependencies.offers })
    if (status !== undefined) await app.register(statusRoutes, { callerOf, status })
  }
  refuse()
  return app
}
