import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { AppError, toProblem } from '../errors.ts'

/** What came in is no request that Node's parser could hand on; it is told as every other error is, and the line is cut. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const told = toClientError(error)
  const body = JSON.stringify(toProblem(told))
  // What Node hangs on a socket while it is being answered. A second status line would be taken for part of that answer.
  const { _httpMessage: underWay } = socket as Socket & { readonly _httpMessage?: ServerResponse | null }
  if (!socket.writable || underWay?.headersSent === true) {
    socket.destroy()
    return
  }
  socket.end(
    [
      `HTTP/1.1 ${told.status} ${STATUS_CODES[told.status]}`,
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}

function toClientError(cause: NodeJS.ErrnoException): AppError {
  switch (cause.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new AppError('REQUEST_TIMEOUT', 'The request was not here in time.', { cause })
    case 'HPE_HEADER_OVERFLOW':
      return new AppError('HEADERS_TOO_LARGE', 'Path, query and headers are larger than 16 KiB together.', { cause })
    default:
      return new AppError('REQUEST_MALFORMED', 'What was sent is not a request of HTTP/1.1.', { cause })
  }
}
