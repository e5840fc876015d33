import { insufficientScopes, invalidToken, unregisteredCaller } from './auth-errors.ts'
import type { CallKind } from './calls.ts'
import {
  type Api,
  apiKeyInvalid,
  forbidden,
  GoogleError,
  notASheet,
  notFound,
  serviceDisabled,
} from './google-error.ts'
import { quotaExceeded } from './quota-error.ts'
import { DEFAULT_PROJECT } from './service-accounts.ts'

/** The call that a fault strikes. */
export interface FailedCall {
  readonly api: Api
  readonly kind: CallKind
  readonly spreadsheetId: string
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
export function errorFor(call: FailedCall, code: number, reason?: string): GoogleError {
  const { api, kind, spreadsheetId } = call
  if (reason === 'SERVICE_DISABLED' || reason === 'accessNotConfigured') return serviceDisabled(api)
  if (reason === 'API_KEY_INVALID') return apiKeyInvalid(api)
  if (reason === 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' || reason === 'insufficientPermissions') {
    return insufficientScopes(api, kind)
  }
  if (reason === 'FAILED_PRECONDITION' || reason === 'failedPrecondition') return notASheet()
  if (reason === 'userRateLimitExceeded' || reason === 'rateLimitExceeded' || reason === 'dailyLimitExceeded') {
    const message = reason === 'userRateLimitExceeded' ? 'User Rate Limit Exceeded' : 'Rate Limit Exceeded'
    if (api === 'drive' || code === 403) return new GoogleError(code, message, { reason, domain: 'usageLimits' })
  }
  if (code === 429)
    return api === 'sheets'
      ? quotaExceeded({ of: 'user', project: DEFAULT_PROJECT })
      : errorFor(call, 429, 'rateLimitExceeded')
  if (reason === 'CREDENTIALS_MISSING' && code === 403) return unregisteredCaller()
  if (code === 401) return invalidToken(api, kind, true)
  if (code === 404) return notFound(api, spreadsheetId)
  if (code === 403) return forbidden()
  return new GoogleError(code, MESSAGE_OF[code] ?? 'The service answered with an error.', reason ? { reason } : {})
}
