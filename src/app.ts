import accepts from '@fastify/accepts'
import cors from '@fastify/cors'
import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { v7 as uuidv7 } from 'uuid'
import type { ApiKey } from './api-keys.ts'
import type { PrometheusMetrics } from './metrics/prometheus.ts'
import type { Clock } from './ports/clock.ts'
import type { IdempotencyStore } from './ports/idempotency-store.ts'
import type { SnapshotStore } from './ports/snapshot-store.ts'
import { accessControl } from './routes/access.ts'
import { answerClientError } from './routes/client-errors.ts'
import { addDocs } from './routes/docs.ts'
import { healthRoutes } from './routes/health.ts'
import { countAnswers, countUnmatched, metricsRoutes } from './routes/metrics.ts'
import { addProblemHandlers, refuseOtherMethods, sendProblem, toAppError } from './routes/problems.ts'
import { addRateLimit } from './routes/rate-limit.ts'
import { RequestLog } from './routes/request-log.ts'
import { spreadsheetRoutes } from './routes/spreadsheets.ts'
import { StreamLimit } from './routes/stream-limit.ts'
import { syncEventRoutes } from './routes/sync-events.ts'
import { syncFileRoutes } from './routes/sync-files.ts'
import { syncWebhookRoutes } from './routes/sync-webhook.ts'
import { syncRoutes } from './routes/syncs.ts'
import { validateRequest } from './routes/validation.ts'
import { IdempotentRequests } from './syncs/idempotent-requests.ts'
import type { SyncService } from './syncs/sync-service.ts'
import { systemClock } from './system-clock.ts'

const BODY_LIMIT_BYTES = 64 * 1024
/** Longer than any id or tab title percent-encoded, so that a field at fault is named instead of "no such address". */
const PARAM_LIMIT_CHARACTERS = 16 * 1024
/** Path, query and headers together, as Node counts them. */
const HEADERS_LIMIT_BYTES = 16 * 1024
/** Milliseconds in which the headers of a request must be there. */
const HEADERS_TIMEOUT_MS = 10_000
/** Milliseconds a connection may be idle between two requests: longer than the load balancers in use keep theirs. */
const KEEP_ALIVE_MS = 72_000
/** Longer than any wait we offer, and than any silence of an event stream. */
const SILENCE_MS = 120_000

/** What a browser script may send and read across origins, beyond what every request has. */
const CORS_REQUEST_HEADERS = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-None-Match',
  'If-Match',
  'If-Range',
  'Range',
  'Prefer',
  'Last-Event-ID',
  'traceparent',
  'tracestate',
]

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
  /** Whether /metrics is shown without a key; default false. */
  readonly openMetrics?: boolean
  /** Requests a minute of each key or address; default: no limit. */
  readonly requestsPerMinute?: number | undefined
  /** Event streams that one key may have open; default: any number. */
  readonly maxStreamsPerKey?: number
  /** Milliseconds in which a whole request must be there; default 30 s. */
  readonly requestTimeoutMs?: number
  /** Milliseconds without a byte in either direction after which a connection is cut; default 2 minutes. */
  readonly silenceMs?: number
  /** `health`: nothing but whether it lives and is ready, as a worker needs; default `everything`. */
  readonly serves?: 'everything' | 'health'
}

/** Builds the HTTP side of the service. Opens no port and knows no environment; `inject` and `listen` are the caller's. */
export async function buildApp(dependencies: AppDependencies): Promise<FastifyInstance> {
  const {
    service,
    idempotency,
    snapshots,
    checkReady,
    log,
    metrics,
    version,
    clock = systemClock,
    corsOrigins = [],
    apiKeys = [],
    openMetrics = false,
    requestsPerMinute,
    maxStreamsPerKey = Number.POSITIVE_INFINITY,
    requestTimeoutMs = 30_000,
    silenceMs = SILENCE_MS,
    serves = 'everything',
  } = dependencies
  const requestLog = new RequestLog(log)
  const app = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    // Who sends a byte now and then must not hold a connection for ever.
    requestTimeout: requestTimeoutMs,
    connectionTimeout: silenceMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      maxHeaderSize: HEADERS_LIMIT_BYTES,
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs),
      connectionsCheckingInterval: Math.min(1000, requestTimeoutMs / 4),
    },
    clientErrorHandler: answerClientError,
    routerOptions: { maxParamLength: PARAM_LIMIT_CHARACTERS },
    genReqId: requestIds(),
    requestIdHeader: false,
    logController: requestLog,
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
  addProblemHandlers(app, requestLog, metrics && countUnmatched(metrics))
  requestLog.watch(app)

  if (corsOrigins.length > 0) {
    await app.register(cors, {
      origin: corsOrigins.includes('*') ? '*' : [...corsOrigins],
      methods: ['GET', 'HEAD', 'POST', 'DELETE'],
      allowedHeaders: CORS_REQUEST_HEADERS,
      exposedHeaders: [
        'ETag',
        'Location',
        'Operation-Location',
        'Retry-After',
        'Idempotent-Replayed',
        'Preference-Applied',
        'Content-Disposition',
        'Content-Range',
        'Accept-Ranges',
        'X-Request-Id',
        'Idempotent-Replayed',
        'RateLimit',
        'RateLimit-Policy',
        'WWW-Authenticate',
      ],
      maxAge: 600,
    })
  }
  const access = accessControl(app, { keys: apiKeys, openMetrics })
  const { callerOf, keyOf } = access
  access.identify()
  if (requestsPerMinute !== undefined) await addRateLimit(app, { requestsPerMinute, keyOf })
  access.enforce()
  await app.register(accepts)
  if (metrics !== undefined) countAnswers(app, metrics)
  if (serves === 'everything') await addDocs(app, version)

  const refuse = refuseOtherMethods(app)
  await app.register(healthRoutes, { checkReady })
  if (metrics !== undefined) await app.register(metricsRoutes, { metrics })
  if (serves === 'health') {
    refuse()
    return app
  }
  const starts = new IdempotentRequests({ service, store: idempotency, clock })
  const limit = new StreamLimit(maxStreamsPerKey)
  await app.register(syncRoutes, { service, starts, clock, callerOf })
  await app.register(syncEventRoutes, { service, clock, callerOf, limit })
  await app.register(syncWebhookRoutes, { service, callerOf })
  await app.register(syncFileRoutes, { service, snapshots, callerOf })
  await app.register(spreadsheetRoutes, { snapshots, callerOf })
  refuse()
  return app
}

/** Ids that no two processes share, and that cost a poll next to nothing. */
function requestIds(): () => string {
  const process = uuidv7().slice(-12)
  let count = 0
  return () => {
    count += 1
    return `req-${process}-${count.toString(36)}`
  }
}

/** JSON is the only body there is; an empty one is no body, as clients send the content type with none. */
function readJsonBodies(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined)
    return parseJson(request, body as string, done)
  })
}
