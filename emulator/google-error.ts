/** The consumer that the answers about a disabled API name, and those about the quota of the demo project. */
export const PROJECT = '123456789012'

const STATUS_OF: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  408: 'DEADLINE_EXCEEDED',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}
/** The reason of the older `errors[]` list, by status. */
const REASON_OF: Record<number, string> = {
  400: 'badRequest',
  401: 'authError',
  403: 'forbidden',
  404: 'notFound',
  429: 'rateLimitExceeded',
  500: 'backendError',
  503: 'backendError',
}

export interface GoogleErrorOptions {
  /** The canonical code; by default the usual one of the HTTP status. */
  status?: string
  /** The reason in `errors[]`. */
  reason?: string
  /** The domain in `errors[]`, default `global`. */
  domain?: string
  /** The message in `errors[]`, where it is another one. */
  entryMessage?: string
  /** More members of the one entry in `errors[]`. */
  location?: { locationType: string; location: string }
  /** `google.rpc` error details. */
  details?: object[]
  /** The canonical code is told by Drive too, as it is where a front end has answered and not Drive itself. */
  isNewer?: boolean
  headers?: Record<string, string>
}

/** An answer that is an error in Google's format. */
export class GoogleError extends Error {
  readonly code: number
  readonly headers: Record<string, string> | undefined
  readonly #options: GoogleErrorOptions

  constructor(code: number, message: string, options: GoogleErrorOptions = {}) {
    super(message)
    this.code = code
    this.headers = options.headers
    this.#options = options
  }

  /** Sheets' body. The list `errors` is there for callers of the older error format: Google's own client libraries. */
  sheetsBody(withErrors: boolean): object {
    const { details, status = STATUS_OF[this.code] ?? 'UNKNOWN' } = this.#options
    const errors = withErrors ? { errors: [this.#entry()] } : {}
    return { error: { code: this.code, message: this.message, ...errors, status, ...(details && { details }) } }
  }

  /** Drive's body: the older format always, the canonical code only where newer checks answered. */
  driveBody(): object {
    const { status, details, isNewer = details !== undefined } = this.#options
    const newer = isNewer ? { status: status ?? STATUS_OF[this.code], ...(details && { details }) } : {}
    return { error: { code: this.code, message: this.message, errors: [this.#entry()], ...newer } }
  }

  #entry(): object {
    const { reason = REASON_OF[this.code] ?? 'badRequest', domain = 'global', location, entryMessage } = this.#options
    return { message: entryMessage ?? this.message, domain, reason, ...location }
  }
}

export function badRequest(message: string): GoogleError {
  return new GoogleError(400, message)
}

export function errorInfo(reason: string, metadata: Record<string, string>): object {
  return { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com', metadata }
}

export const SERVICE = { sheets: 'sheets.googleapis.com', drive: 'drive.googleapis.com' }
export type Api = keyof typeof SERVICE

/** The 403 of an API that the credential's project has not turned on. Its old-format domain is `usageLimits`. */
export function serviceDisabled(api: Api): GoogleError {
  const name = api === 'sheets' ? 'Google Sheets API' : 'Google Drive API'
  const url = `https://console.developers.google.com/apis/api/${SERVICE[api]}/overview?project=${PROJECT}`
  const message =
    `${name} has not been used in project ${PROJECT} before or it is disabled. Enable it by visiting ${url} then ` +
    'retry. If you enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.'
  const help = {
    '@type': 'type.googleapis.com/google.rpc.Help',
    links: [{ description: 'Google developers console API activation', url }],
  }
  const info = errorInfo('SERVICE_DISABLED', {
    service: SERVICE[api],
    serviceTitle: name,
    activationUrl: url,
    consumer: `projects/${PROJECT}`,
    containerInfo: PROJECT,
  })
  return new GoogleError(403, message, { reason: 'accessNotConfigured', domain: 'usageLimits', details: [help, info] })
}

export function apiKeyInvalid(api: Api): GoogleError {
  return new GoogleError(400, 'API key not valid. Please pass a valid API key.', {
    details: [errorInfo('API_KEY_INVALID', { service: SERVICE[api] })],
  })
}

export function notFound(api: Api, id: string): GoogleError {
  if (api === 'sheets') return new GoogleError(404, 'Requested entity was not found.')
  return new GoogleError(404, `File not found: ${id}.`, { location: { locationType: 'parameter', location: 'fileId' } })
}

export function forbidden(): GoogleError {
  return new GoogleError(403, 'The caller does not have permission')
}

/** The 400 for an Office file, which Drive shows as a spreadsheet and Sheets cannot read. */
export function notASheet(): GoogleError {
  return new GoogleError(400, 'This operation is not supported for this document', {
    status: 'FAILED_PRECONDITION',
    reason: 'failedPrecondition',
  })
}
