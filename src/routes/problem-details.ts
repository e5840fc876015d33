import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError, type ErrorCode, toProblem } from '../errors.ts'
import type { RouteCounter } from '../ports/metrics.ts'
import { PROBLEM_MEDIA_TYPE } from './media-types.ts'
import type { RequestLogger } from './request-logger.ts'

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
    .type(PROBLEM_MEDIA_TYPE)
    .send(JSON.stringify(toProblem(error, request.id)))
}

/** Answers every failure, known address or not, as `application/problem+json` (RFC 9457). */
export function addErrorResponses(app: FastifyInstance, logger: RequestLogger, countUnmatched?: RouteCounter): void {
  app.setErrorHandler((thrown, request, reply) => {
    const error = toAppError(thrown)
    if (error.status >= 500) logger.logFailure(request, error)
    return sendProblem(request, reply, error)
  })
  app.setNotFoundHandler((request, reply) => {
    sendProblem(request, reply, new AppError('ROUTE_NOT_FOUND', `Nothing is at ${request.method} of this path.`))
    countUnmatched?.(reply.statusCode, 0)
  })
}
