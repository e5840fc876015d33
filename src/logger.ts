import { type Logger, pino, stdSerializers } from 'pino'

/** What could hold a credential wherever it comes from: API keys, Google's and ours, bearer tokens, signed assertions, private keys. */
const SECRETS =
  /([?&](?:key|access_token|assertion)=)[^&\s"']+|(bearer\s+)[^\s"',]+|ssk_[\w-]+|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/gi

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
 * The service's log: JSON lines on standard output, free of secrets. It ends, and the service goes on, when they cannot be
 * written any more: the terminal was closed, or the disk is full.
 */
export function createLogger(level: string): Logger {
  const destination = pino.destination()
  // pino stops writing after EPIPE; after any other errno it would throw, and then wait at exit for what is unwritten.
  destination.prependListener('error', (error) => Object.assign(error, { code: 'EPIPE' }))
  return pino(
    {
      level,
      serializers: { err: describeError, req: describeRequest },
      redact: ['req.headers.authorization', 'req.headers.cookie', 'req.headers["x-goog-api-key"]'],
    },
    destination,
  )
}

/** An error with its causes, as pino describes it, less everything but type, message, stack and code. */
export function describeError(error: unknown): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: withoutSecrets(String(error)), stack: undefined }
  // pino's own serializer appends what the causes say to message and stack.
  const described = stdSerializers.err(error)
  return {
    type: described.type,
    message: withoutSecrets(described.message),
    stack: withoutSecrets(described.stack),
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    ...(error instanceof AggregateError ? { errors: error.errors.map(describeError) } : {}),
  }
}

function describeRequest(request: { method: string; url: string; host?: string; ip?: string }) {
  return { method: request.method, url: withoutSecrets(request.url), host: request.host, remoteAddress: request.ip }
}

function withoutSecrets(text: string): string {
  return text.replace(SECRETS, (_, key?: string, bearer?: string) => `${key ?? bearer ?? ''}[redacted]`)
}
