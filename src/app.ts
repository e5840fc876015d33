import accepts from '@fastify/accepts'
import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import type { ApiKey } from './api-keys.ts'
import type { PrometheusMetrics } from './metrics/prometheus.ts'
import type { Clock } from './ports/clock.ts'
import type { SnapshotStore } from './ports/snapshot-store.ts'
import { addAuthentication } from './routes/authentication.ts'
import { addAuthorization } from './routes/authorization.ts'
import { addCors } from './routes/cors.ts'
import { addDocs } from './routes/docs.ts'
import { FileLimit } from './routes/file-limit.ts'
import { refuseForeignRequests } from './routes/foreign-requests.ts'
import { healthRoutes } from './routes/health.ts'
import { type ConnectionLimits, httpServer, mostConnections } from './routes/http-server.ts'
import { readJsonBodies } from './routes/json-body.ts'
import { refuseOtherMethods } from './routes/method-not-allowed.ts'
import { countAnswers, metricsRoutes } from './routes/metrics.ts'
import { addErrorResponses, answerMalformedRequest, sendProblem, toAppError } from './routes/problem-details.ts'
import { addRateLimit } from './routes/rate-limit.ts'
import type { RequestCounts } from './routes/request-counts.ts'
import { requestIds } from './routes/request-ids.ts'
import { RequestLogger } from './routes/request-logger.ts'
import { spreadsheetRoutes } from './routes/spreadsheets.ts'
import { syncActionRoutes, syncWebhookRoutes } from './routes/sync-actions.ts'
import { syncEventRoutes } from './routes/sync-events.ts'
import { syncFileRoutes } from './routes/sync-files.ts'
import { syncRoutes } from './routes/syncs.ts'
import { validateRequest } from './routes/validation.ts'
import { WatcherLimit } from './routes/watcher-limit.ts'
import type { IdempotencyStore } from './syncs/idempotency-store.ts'
import { IdempotentRequests } from './syncs/idempotent-requests.ts'
import type { SyncService } from './syncs/sync-service.ts'
import { systemClock } from './system-clock.ts'

export interface AppDependencies {
  readonly service: SyncService
  /** Where idempotency keys are remembered. */
  readonly idempotency: IdempotencyStore
  readonly snapshots: SnapshotStore
  /** Resolves when requests can be served; rejects with an AppError that says why not. */
  readonly checkReady: () => Promise<void>
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
  readonly apiKeys?: readonly ApiKey[]
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
  /** `health`: nothing but whether it lives and is ready, as a worker needs; default `everything`. */
  readonly serves?: 'everything' | 'health'
}

export interface AppLimits extends ConnectionLimits {
  /** Event streams and waits of one key or address; default: as many as the others leave. Half of the connections are for them. */
  readonly maxStreamsPerKey?: number
}

/** Longer than any id or tab title percent-encoded, so that a field at fault is named instead of "no such address". */
const PARAM_LIMIT_CHARACTERS = 16 * 1024

/** Builds the HTTP side of the service. Opens no port and knows no environment; `inject` and `listen` are the caller's. */
export async function buildApp(dependencies: AppDependencies): Promise<FastifyInstance> {
  const { service, snapshots, checkReady, metrics, limits = {}, clock = systemClock } = dependencies
  const { apiKeys = [], openMetrics = false, corsOrigins = [], serves = 'everything' } = dependencies
  const { allowedHosts = [], publicOrigin, requestCounts, trustedProxies = [] } = dependencies
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
    refuseForeignRequests(app, { isKeyless: apiKeys.length === 0, allowedHosts, corsOrigins, publicOrigin })
  }
  await addCors(app, corsOrigins)
  const { callerOf, keyOf, ownerOf } = addAuthentication(app, apiKeys)
  const limitRate = requestCounts && addRateLimit(app, requestCounts, ownerOf)
  addErrorResponses(app, requestLogger, { limitRate, countUnmatched: metrics?.route('any', 'unmatched') })
  addAuthorization(app, { keyOf: apiKeys.length === 0 ? undefined : keyOf, openMetrics, limitRate })
  await app.register(accepts)
  if (metrics !== undefined) countAnswers(app, metrics)
  if (serves === 'everything') await addDocs(app, dependencies.version)

  const refuse = refuseOtherMethods(app)
  await app.register(healthRoutes, { checkReady })
  if (metrics !== undefined) await app.register(metricsRoutes, { metrics })
  if (serves === 'everything') {
    const starts = new IdempotentRequests({ service, store: dependencies.idempotency, clock })
    const fileLimit = new FileLimit(limits.openFilesAtMost)
    const watchers = new WatcherLimit({ connections: mostConnections(limits), perOwner: limits.maxStreamsPerKey })
    const { log } = dependencies
    // In this order the OpenAPI document lists them.
    for (const routes of [
      syncRoutes,
      syncActionRoutes,
      syncEventRoutes,
      syncWebhookRoutes,
      syncFileRoutes,
      spreadsheetRoutes,
    ]) {
      await app.register(routes, { service, starts, snapshots, clock, callerOf, ownerOf, watchers, fileLimit, log })
    }
  }
  refuse()
  return app
}
