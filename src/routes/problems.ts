import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { AppError, type ErrorCode, toProblem } from '../errors.ts'
import { problem } from '../model/problem.ts'
import type { RequestLog } from './request-log.ts'

/** Fastify's own error codes and what they are here. */
const FASTIFY_CODES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'MEDIA_TYPE_UNSUPPORTED',
    'The body has a content type that this service does not read.',
  ],
  FST_ERR_CTP_BODY_TOO_LARGE: ['BODY_TOO_LARGE', 'The body is larger than 64 KiB.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['BODY_NOT_JSON', 'The body does not have the length that Content-Length says.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['BODY_NOT_JSON', 'The body is not valid JSON.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['BODY_NOT_JSON', 'The body is empty.'],
  FST_ERR_MAX_PARAM_LENGTH: ['URI_TOO_LONG', 'A segment of the path is too long.'],
}

/** The answers of one route besides the good ones, for its schema: every error is a problem+json. */
export function problemAnswers<const S extends number>(...statuses: S[]) {
  const answer = {
    description: 'Says what is wrong: code, detail, and a hint where it can be mended',
    content: { 'application/problem+json': { schema: problem } },
  }
  return Object.fromEntries(statuses.map((status) => [status, answer])) as Record<S, typeof answer>
}

/** A good answer of one route, for its schema; `headers` are names and what each says. */
export function jsonAnswer<S extends z.ZodType>(
  description: string,
  schema: S,
  headers: Readonly<Record<string, string>> = {},
) {
  const described = Object.entries(headers).map(([name, says]) => [name, { type: 'string', description: says }])
  return { description, headers: Object.fromEntries(described), content: { 'application/json': { schema } } }
}

/** The bytes of a file in whatever format it has, for the schema of a route. They are streamed and never checked. */
export function rowsAnswer(description: string) {
  const text = z.string()
  return {
    description,
    content: {
      'application/json': { schema: z.array(z.unknown()) },
      'application/x-ndjson': { schema: text },
      'text/csv': { schema: text },
    },
  }
}

/** Turns whatever was thrown into an AppError, so that every failure on the wire has a code. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  const { code, statusCode } = error as Partial<FastifyError>
  const known = FASTIFY_CODES[code ?? '']
  if (code === 'FST_ERR_BAD_URL') {
    const errors = [{ field: 'path', message: 'holds a broken percent-encoding', hint: 'Encode a % itself as %25.' }]
    return new AppError('VALIDATION_FAILED', 'The request is not valid: path.', { cause: error, errors })
  }
  if (known !== undefined) return new AppError(known[0], known[1], { cause: error })
  // A body that is no JSON reaches us as a SyntaxError with a status, without a code of Fastify's.
  if (error instanceof SyntaxError && statusCode === 400) {
    return new AppError('BODY_NOT_JSON', 'The body is not valid JSON.', { cause: error })
  }
  return new AppError('INTERNAL', 'The request could not be completed.', { cause: error })
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: AppError): FastifyReply {
  const isForNow = error.status === 503 || error.code === 'IDEMPOTENCY_KEY_IN_FLIGHT'
  const retryAfter = error.retryAfterSeconds ?? (isForNow ? 1 : undefined)
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  return reply
    .code(error.status)
    .header('x-request-id', request.id)
    .type('application/problem+json')
    .send(JSON.stringify(toProblem(error, request.id)))
}

/** Answers every failure, known address or not, as `application/problem+json` (RFC 9457). */
export function addProblemHandlers(
  app: FastifyInstance,
  log: RequestLog,
  onUnmatched: (reply: FastifyReply) => void = () => undefined,
): void {
  app.setErrorHandler((thrown, request, reply) => {
    const error = toAppError(thrown)
    if (error.status >= 500) log.failed(request, error)
    return sendProblem(request, reply, error)
  })
  app.setNotFoundHandler((request, reply) => {
    sendProblem(request, reply, new AppError('ROUTE_NOT_FOUND', `Nothing is at ${request.method} of this path.`))
    onUnmatched(reply)
  })
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/**
 * Answers the methods that an address does not take with 405 and `Allow` (RFC 9110, section 15.5.6), where Fastify alone
 * would say 404. To be called before the routes are added; what it returns is to be called after.
 */
export function refuseOtherMethods(app: FastifyInstance): () => void {
  const allowed = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const known = allowed.get(url) ?? new Set<string>()
    for (const name of [method].flat()) known.add(name)
    allowed.set(url, known)
  })
  return () => {
    for (const [url, known] of [...allowed]) {
      if (url.includes('*')) continue
      const allow = [...known].join(', ')
      app.route({
        url,
        method: METHODS.filter((method) => !known.has(method)),
        schema: { hide: true },
        config: { access: 'open' },
        onRequest: async (request, reply) => {
          reply.header('allow', allow)
          throw new AppError('METHOD_NOT_ALLOWED', `${request.method} is not allowed here; ${allow} is.`)
        },
        handler: () => undefined,
      })
    }
  }
}
