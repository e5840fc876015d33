import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError, type ErrorCode } from '../errors.ts'
import { invalidRequest } from '../model/invalid-request.ts'
import { toProblem } from '../model/problem.ts'
import type { RouteCounter } from '../ports/metrics.ts'
import { PROBLEM_MEDIA_TYPE } from './media-types.ts'
import { responseUnderWay } from './open-connections.ts'
import type { RateLimit } from './rate-limit.ts'
import type { RequestLogger } from './request-logger.ts'
import { dropBody } from './unread-body.ts'

// See http-server.ts for why not by `import`.
const { STATUS_CODES } = process.getBuiltinModule('node:http')

/** Milliseconds that a client is given to read why its connection is closed, and to close it. */
const LINGER_MS = 1000

/** What is said of a body that is not sent then. */
const HEADERS_OF_CONTENT = ['content-encoding', 'content-disposition', 'accept-ranges', 'etag', 'last-modified']

/** Error codes of Fastify and of Node's HTTP parser, and what they are here. */
const FOREIGN_CODES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'MEDIA_TYPE_UNSUPPORTED',
    'The body has a content type that this service does not read.',
  ],
  FST_ERR_CTP_BODY_TOO_LARGE: ['BODY_TOO_LARGE', 'The body is larger than 64 KiB.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['BODY_NOT_JSON', 'The body does not have the length that Content-Length says.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['BODY_NOT_JSON', 'The body is not valid JSON.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['BODY_NOT_JSON', 'The body is empty.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'The request was not here in time.'],
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'Path, query and headers are larger than 16 KiB together.'],
}

/** Turns whatever was thrown into an AppError, so that every failure on the wire has a code. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  const { code, statusCode = 500 } = error as Partial<FastifyError>
  const known = FOREIGN_CODES[code ?? '']
  if (code === 'FST_ERR_BAD_URL') {
    const errors = [{ field: 'path', message: 'holds a broken percent-encoding', hint: 'Encode a % itself as %25.' }]
    return invalidRequest(errors, { cause: error })
  }
  if (known !== undefined) return new AppError(known[0], known[1], { cause: error })
  // A body that is no JSON reaches us as a SyntaxError with a status, without a code of Fastify's.
  if (error instanceof SyntaxError && statusCode === 400) {
    return new AppError('BODY_NOT_JSON', 'The body is not valid JSON.', { cause: error })
  }
  // Fastify and its plugins have more ways to refuse a request than are named above; none of them is a fault of ours.
  if (statusCode >= 400 && statusCode < 500) {
    return new AppError('REQUEST_MALFORMED', 'The request is not one that this service reads.', { cause: error })
  }
  return new AppError('INTERNAL', 'The request could not be completed.', { cause: error })
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: AppError): FastifyReply {
  const isForNow = error.status === 503 || error.code === 'IDEMPOTENCY_KEY_IN_FLIGHT'
  const retryAfter = error.retryAfterSeconds ?? (isForNow ? 1 : undefined)
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  // A body that fails before its first byte has left its headers, those of Node's response included.
  for (const name of HEADERS_OF_CONTENT) {
    reply.removeHeader(name)
    reply.raw.removeHeader(name)
  }
  return reply
    .code(error.status)
    .header('x-request-id', request.id)
    .type(PROBLEM_MEDIA_TYPE)
    .send(JSON.stringify(toProblem(error, request.id)))
}

/** Connections that are kept for a moment, so that their clients read why they are closed. */
const refused = new WeakSet<Socket>()

/** Answers what Node's parser could not hand on as a request, as every other error is answered, and closes the connection. */
export function answerMalformedRequest(cause: NodeJS.ErrnoException, socket: Socket): void {
  // Of what the client goes on to send the parser says the same again.
  if (cause.code === 'ECONNRESET' || socket.destroyed || refused.has(socket)) return
  // A second status line would be taken for part of the answer that is being sent.
  if (!socket.writable || responseUnderWay(socket)?.headersSent === true) {
    socket.destroy()
    return
  }
  const [code, detail] = FOREIGN_CODES[cause.code ?? ''] ?? [
    'REQUEST_MALFORMED',
    'What was sent is not a request of HTTP/1.1.',
  ]
  const refusal = toProblem(new AppError(code, detail, { cause }))
  const body = JSON.stringify(refusal)
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
    `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  refused.add(socket)
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  // What was not read yet would reset the connection at once, and the answer would be lost.
  const lingering = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(lingering))
}

/**
 * Answers every failure, known address or not, as `application/problem+json` (RFC 9457). `limitRate` is asked first for
 * those that no route takes, `countUnmatched` is told of their answers.
 */
export function addErrorResponses(
  app: FastifyInstance,
  logger: RequestLogger,
  { limitRate, countUnmatched }: { limitRate?: RateLimit | undefined; countUnmatched?: RouteCounter | undefined } = {},
): void {
  app.setErrorHandler((thrown, request, reply) => {
    // Whatever is wrong with a request to nowhere, there is nothing to mend.
    const error = request.is404 && !(thrown instanceof AppError) ? noSuchAddress(request) : toAppError(thrown)
    logger.logFailure(request, reply, error)
    if (error.code !== 'BODY_TOO_LARGE') return sendProblem(request, reply, error)
    return dropBody(request.raw).then(() => sendProblem(request, reply, error))
  })
  app.setNotFoundHandler((request, reply) => {
    const error = limitRate?.(request, reply) ?? noSuchAddress(request)
    logger.logFailure(request, reply, error)
    sendProblem(request, reply, error)
    countUnmatched?.(reply.statusCode, 0)
  })
}

/** Without the address: a secret that was put there by mistake is not shown to whoever is shown the answer. */
function noSuchAddress({ method }: FastifyRequest): AppError {
  return new AppError('ROUTE_NOT_FOUND', `There is no ${method} at this address.`)
}
