import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import type { AppError } from '../errors.ts'
import { reasonOf } from '../failure-reason.ts'
import { isSyncId } from '../model/sync-id.ts'
import { parseTraceparent, traceFields } from '../syncs/trace-context.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether requests of a route are not logged: anybody may send any number of them, and they change nothing. */
    isUnlogged?: boolean
  }
}

/** The sync that a request is about: the one it names, or the one that was started for it. */
function syncFields(request: FastifyRequest, reply: FastifyReply): object {
  const started = /^\/syncs\/([^/]+)$/.exec(String(reply.getHeader('location') ?? ''))?.[1]
  const { id } = (request.params ?? {}) as { readonly id?: string }
  const syncId = started ?? (id !== undefined && isSyncId(id) ? id : undefined)
  return syncId === undefined ? {} : { syncId }
}

function requestFields({ id: requestId, method, url }: FastifyRequest, reply: FastifyReply, status: number): object {
  return { requestId, req: { method, url }, status, ms: Math.round(reply.elapsedTime) }
}

function isPoll(method: string | string[]): boolean {
  return method === 'GET' || method === 'HEAD'
}

/**
 * Logs one line for each request that may change something, and every failure; their answers carry the `X-Request-Id`
 * that the line names. Polls come by the thousand and are not logged. Fastify itself is given no logger: with one it
 * makes a child logger and listens to the end of every answer, a tenth of what a poll costs in all.
 */
export class RequestLogger extends LogController {
  readonly #log: FastifyBaseLogger
  /** Why a request failed whose line is still to come. */
  readonly #failures = new WeakMap<FastifyRequest, AppError>()

  constructor(log: FastifyBaseLogger) {
    super({ disableRequestLogging: true })
    this.#log = log
  }

  /** Has the routes that are added from now on logged. */
  attach(app: FastifyInstance): void {
    app.addHook('onRoute', (route) => {
      if (isPoll(route.method) || route.config?.isUnlogged) return
      const logResponse = (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
        const trace = traceFields({ traceparent: parseTraceparent(request.headers.traceparent as string | undefined) })
        const fields = { ...syncFields(request, reply), ...trace, ...requestFields(request, reply, reply.statusCode) }
        const failure = this.#failures.get(request)
        if (failure === undefined) this.#log.info(fields, 'request answered')
        else this.#logFailure(failure, fields)
        done()
      }
      const nameRequest = (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
        reply.header('x-request-id', request.id)
        done()
      }
      route.onRequest = [nameRequest, route.onRequest ?? []].flat()
      route.onResponse = [route.onResponse ?? [], logResponse].flat()
    })
  }

  /** Has a failure logged: with the line that the request gets anyway, or else at once; polls that the caller gets wrong at `debug`. */
  logFailure(request: FastifyRequest, reply: FastifyReply, error: AppError): void {
    if (!isPoll(request.method) && !request.is404) this.#failures.set(request, error)
    else if (error.status >= 500) this.#logFailure(error, requestFields(request, reply, error.status), true)
    else this.#log.debug({ ...requestFields(request, reply, error.status), err: error }, 'request refused')
  }

  /** `mayRepeat`: whether lines about the same fault of the storage may be withheld. */
  #logFailure(error: AppError, fields: object, mayRepeat = false): void {
    const { code, cause, message: reason, status } = error
    if (code === 'INTERNAL') this.#log.error({ ...fields, code, err: error }, 'request failed')
    else if (status < 500) this.#log.info({ ...fields, code, reason }, 'request refused')
    // What is refused at a limit has no cause.
    else if (cause === undefined) this.#log.warn({ ...fields, code, reason }, 'request refused')
    else
      this.#log.error(
        { ...fields, code, ...(mayRepeat ? { err: error } : { reason: reasonOf(error) }) },
        'request failed',
      )
  }

  /** Called by Fastify when a body broke off that was already being sent. */
  override streamError(error: Error & { readonly code?: string }, request: FastifyRequest): void {
    // The client has gone away; there is nothing to mend.
    if (error.code === 'ERR_STREAM_PREMATURE_CLOSE') return
    this.#log.warn({ err: error, requestId: request.id }, 'an answer broke off')
  }
}
