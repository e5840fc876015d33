import { type Logger, pino, stdSerializers } from 'pino'
import { redact } from './redaction.ts'

/** What is logged of an error: never its other fields, as a vendor's error may carry the request with its headers. */
interface LoggedError {
  readonly type: string
  readonly message: string
  readonly stack: string | undefined
  readonly code?: unknown
  /** Of an AggregateError: what it gathers. */
  readonly errors?: readonly LoggedError[]
}

/**
 * The service's log: JSON lines on standard output. Each line is redacted as a whole, whatever was put into it. It ends, and
 * the service goes on, when they cannot be written any more: the terminal was closed, or the disk is full.
 */
export function createLogger(level: string): Logger {
  const destination = pino.destination()
  // pino stops writing after EPIPE; after any other errno it would throw, and then wait at exit for what is unwritten.
  destination.prependListener('error', (error) => Object.assign(error, { code: 'EPIPE' }))
  return pino(
    { level, serializers: { err: describeError, req: describeRequest }, hooks: { streamWrite: redact } },
    destination,
  )
}

/** An error with its causes, as pino describes it, less everything but type, message, stack and code. */
export function describeError(error: unknown): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: redact(String(error)), stack: undefined }
  // pino's own serializer appends what the causes say to message and stack.
  const described = stdSerializers.err(error)
  return {
    type: described.type,
    message: redact(described.message),
    stack: redact(described.stack),
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    ...(error instanceof AggregateError ? { errors: error.errors.map(describeError) } : {}),
  }
}

function describeRequest(request: { method: string; url: string; host?: string; ip?: string }) {
  return { method: request.method, url: request.url, host: request.host, remoteAddress: request.ip }
}
