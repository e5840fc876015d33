import { type Logger, pino, stdSerializers } from 'pino'
import { isExpected, reasonOf } from './failure-reason.ts'
import { redact } from './redaction.ts'
import { RepeatedLines } from './repeated-lines.ts'

/** pino's numbers of the levels at which failures are logged that may come again and again. */
const WARN = 40
const ERROR = 50

/** What is logged of an error: never its other fields, as a vendor's error may carry the request with its headers. */
export interface LoggedError {
  readonly type: string
  readonly message: string
  readonly stack: string | undefined
  readonly code?: unknown
  /** Of an AggregateError: what it gathers. */
  readonly errors?: readonly LoggedError[]
}

/**
 * The service's log: lines on standard output, JSON unless `format` makes something else of them. Each line is redacted as a
 * whole, whatever was put into it. An error with a code is logged as `code` and `reason`, with a stack only at the levels
 * `debug` and `trace`; a warning about the storage that was given within the last minute is logged at `debug`. The log ends,
 * and the service goes on, when lines cannot be written any more: the terminal was closed, or the disk is full.
 */
export function createLogger(level: string, format: (line: string) => string = (line) => line): Logger {
  const destination = pino.destination()
  // pino stops writing after EPIPE; after any other errno it would throw, and then wait at exit for what is unwritten.
  destination.prependListener('error', (error) => Object.assign(error, { code: 'EPIPE' }))
  const isDebugging = level === 'debug' || level === 'trace'
  const repeated = new RepeatedLines(() => performance.now())
  return pino(
    {
      level,
      serializers: { err: describeError, req: describeRequest },
      formatters: { log: (fields) => withReason(fields, isDebugging) },
      hooks: {
        streamWrite: (line) => format(redact(line)),
        logMethod(line, method, at) {
          const [fields, message] = line as [unknown, string | undefined]
          const mayRepeat = (at === WARN || at === ERROR) && typeof fields === 'object' && fields !== null
          const withheld = mayRepeat ? repeated.admit(fields, message) : 0
          if (withheld === undefined) this.debug(fields, message)
          else method.apply(this, withheld === 0 ? line : [{ ...(fields as object), repeated: withheld }, message])
        },
      },
    },
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

/** The fields with code and reason in place of an error that has a code; `keepsStack`: beside it. */
function withReason(fields: Record<string, unknown>, keepsStack: boolean): Record<string, unknown> {
  const { err, ...rest } = fields
  if (!isExpected(err)) return fields
  return { ...(keepsStack ? fields : rest), code: err.code, reason: reasonOf(err) }
}

function describeRequest(request: { method: string; url: string; host?: string; ip?: string }) {
  return { method: request.method, url: request.url, host: request.host, remoteAddress: request.ip }
}
