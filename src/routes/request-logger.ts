import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import type { AppError } from '../errors.ts'
import { isSyncId } from '../model/sync-id.ts'
import { parseTraceparent, traceFields } from '../syncs/trace-context.ts'

/** The sync that a request is about: the one it names, or the one that was started for it. */
function syncFields(request: FastifyRequest, reply: FastifyReply): object {
  const started = /^\/syncs\/([^/]+)$/.exec(String(reply.getHeader('location') ?? ''))?.[1]
  const { id } = (request.params ?? {}) as { readonly id?: string }
  const syncId = started ?? (id !== undefined && isSyncId(id) ? id : undefined)
  return syncId === undefined ? {} : { syncId }
}

/**
 * Logs one line for each request that may change something, and every failure; their answers carry the `X-Request-Id`
 * that the line names. Polls come by the thousand and are not logged. Fastify itself is given no logger: with one it
 * makes a child logger and listens to the end of every answer, a tenth of what a poll costs in all.
 */
export class RequestLogger extends LogController {
  readonly #log: FastifyBaseLogger

  constructor(log: FastifyBaseLogger) {
    super({ disableRequestLogging: true })
    this.#log = log
  }

  /** Has the routes that are added from now on logged. */
  attach(app: FastifyInstance): void {
    app.addHook('onRoute', (route) => {
      if (route.method === 'GET' || route.method === 'HEAD') return
      const logResponse = (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
        const { method, url, id: requestId } = request
        const fields = {
          requestId,
          ...syncFields(request, reply),
          ...traceFields({ traceparent: parseTraceparent(request.headers.traceparent as string | undefined) }),
          req: { method, url },
          status: reply.statusCode,
          ms: Math.round(reply.elapsedTime),
        }
        this.#log.info(fields, 'request answered')
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

  /** Logs a failure that is ours, not the caller's. */
  logFailure(request: FastifyRequest, error: AppError): void {
    const { code, cause, message: reason } = error
    const fields = { code, requestId: request.id }
    // What is refused at a limit has no cause: its code says all, and there may be thousands of them.
    if (cause === undefined && code !== 'INTERNAL') this.#log.warn({ ...fields, reason }, 'request refused')
    else this.#log.error({ err: error, ...fields }, 'request failed')
  }

  /** Called by Fastify when a body broke off that was already being sent. */
  override streamError(error: Error & { readonly code?: string }, request: FastifyRequest): void {
    // The client has gone away; there is nothing to mend.
    if (error.code === 'ERR_STREAM_PREMATURE_CLOSE') return
    this.#log.warn({ err: error, requestId: request.id }, 'an answer broke off')
  }
}
