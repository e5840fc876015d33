/** The consumer that the emulator's quota and disabled-API answers name. */
const PROJECT = '123456789012'

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
  /** More members of the one entry in `errors[]`. */
  location?: { locationType: string; location: string }
  /** `google.rpc` error details. */
  details?: object[]
}

/** An answer that is an error in Google's format. */
export class GoogleError extends Error {
  readonly code: number
  readonly #options: GoogleErrorOptions

  constructor(code: number, message: string, options: GoogleErrorOptions = {}) {
    super(message)
    this.code = code
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
    const { status, details } = this.#options
    const newer = details ? { status: status ?? STATUS_OF[this.code], details } : {}
    return { error: { code: this.code, message: this.message, errors: [this.#entry()], ...newer } }
  }

  #entry(): object {
    const { reason = REASON_OF[this.code] ?? 'badRequest', domain = 'global', location } = this.#options
    return { message: this.message, domain, reason, ...location }
  }
}

export function badRequest(message: string): GoogleError {
  return new GoogleError(400, message)
}

function errorInfo(reason: string, metadata: Record<string, string>): object {
  return { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com', metadata }
}

const SERVICE = { sheets: 'sheets.googleapis.com', drive: 'drive.googleapis.com' }
export type Api = keyof typeof SERVICE

/**
 * The 429 of the per-minute read quota, without `Retry-After`, as it was recorded of Sheets (github.com/grouparoo/grouparoo,
 * `plugins/@grouparoo/google-sheets/__tests__/fixtures`, January 2022) and is cited in github.com/Sage-Bionetworks/data_curator#110.
 */
export function quotaExceeded(): GoogleError {
  const message =
    "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user' of service " +
    `'${SERVICE.sheets}' for consumer 'project_number:${PROJECT}'.`
  const info = errorInfo('RATE_LIMIT_EXCEEDED', {
    quota_metric: `${SERVICE.sheets}/read_requests`,
    service: SERVICE.sheets,
    consumer: `projects/${PROJECT}`,
    quota_limit: 'ReadRequestsPerMinutePerUser',
  })
  return new GoogleError(429, message, { reason: 'rateLimitExceeded', details: [info] })
}

/** The 403 of an API that the credential's project has not turned on. Its old-format domain is `usageLimits`. */
function serviceDisabled(api: Api): GoogleError {
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

function apiKeyInvalid(api: Api): GoogleError {
  return new GoogleError(400, 'API key not valid. Please pass a valid API key.', {
    details: [errorInfo('API_KEY_INVALID', { service: SERVICE[api] })],
  })
}

/** The 403 of a call without token and key. */
export function unregisteredCaller(): GoogleError {
  const message =
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other " +
    'form of API consumer identity to call this API.'
  return new GoogleError(403, message)
}

/** The 401 of a token that Google did not issue, or that has run out. */
export function invalidToken(api: Api): GoogleError {
  const message =
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid ' +
    'authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.'
  return new GoogleError(401, message, {
    details: [errorInfo('ACCESS_TOKEN_EXPIRED', { service: SERVICE[api], method: 'google.apps.read' })],
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

/** Drive's 403 of a token whose scopes do not cover Drive. */
export function insufficientScopes(): GoogleError {
  return new GoogleError(403, 'Request had insufficient authentication scopes.', {
    reason: 'insufficientPermissions',
    details: [errorInfo('ACCESS_TOKEN_SCOPE_INSUFFICIENT', { service: SERVICE.drive })],
  })
}

const MESSAGE_OF: Record<number, string> = {
  401: 'Request had invalid authentication credentials.',
  500: 'Internal error encountered.',
  503: 'The service is currently unavailable.',
  504: 'Deadline expired before operation could complete.',
}

/**
 * The error that Google would answer with for a status, and for a reason of either format (`SERVICE_DISABLED`,
 * `userRateLimitExceeded` …) where one is named.
 */
export function errorFor(api: Api, code: number, reason: string | undefined, id: string): GoogleError {
  if (reason === 'SERVICE_DISABLED' || reason === 'accessNotConfigured') return serviceDisabled(api)
  if (reason === 'API_KEY_INVALID') return apiKeyInvalid(api)
  if (reason === 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' || reason === 'insufficientPermissions') return insufficientScopes()
  if (reason === 'FAILED_PRECONDITION' || reason === 'failedPrecondition') return notASheet()
  if (reason === 'userRateLimitExceeded' || reason === 'rateLimitExceeded' || reason === 'dailyLimitExceeded') {
    const message = reason === 'userRateLimitExceeded' ? 'User Rate Limit Exceeded' : 'Rate Limit Exceeded'
    if (api === 'drive' || code === 403) return new GoogleError(code, message, { reason, domain: 'usageLimits' })
  }
  if (code === 429) return api === 'sheets' ? quotaExceeded() : errorFor(api, 429, 'rateLimitExceeded', id)
  if (reason === 'CREDENTIALS_MISSING' && code === 403) return unregisteredCaller()
  if (code === 401) return invalidToken(api)
  if (code === 404) return notFound(api, id)
  if (code === 403) return forbidden()
  return new GoogleError(code, MESSAGE_OF[code] ?? 'The service answered with an error.', reason ? { reason } : {})
}
