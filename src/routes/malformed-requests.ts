import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { AppError, toProblem } from '../errors.ts'
import { PROBLEM_MEDIA_TYPE } from './media-types.ts'

/** Answers what Node's parser could not hand on as a request, as every other error is answered, and closes the connection. */
export function answerMalformedRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const refusal = toAppError(error)
  const body = JSON.stringify(toProblem(refusal))
  // What Node hangs on a socket while it is being answered. A second status line would be taken for part of that answer.
  const { _httpMessage: underWay } = socket as Socket & { readonly _httpMessage?: ServerResponse | null }
  if (!socket.writable || underWay?.headersSent === true) {
    socket.destroy()
    return
  }
  socket.end(
    [
      `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
      `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}

function toAppError(cause: NodeJS.ErrnoException): AppError {
  switch (cause.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new AppError('REQUEST_TIMEOUT', 'The request was not here in time.', { cause })
    case 'HPE_HEADER_OVERFLOW':
      return new AppError('HEADERS_TOO_LARGE', 'Path, query and headers are larger than 16 KiB together.', { cause })
    default:
      return new AppError('REQUEST_MALFORMED', 'What was sent is not a request of HTTP/1.1.', { cause })
  }
}
