import { AppError } from '../errors.ts'
import { CallFault } from '../ports/sheet-source.ts'

/** Who calls, as far as a user may know. */
export interface Caller {
  /** `client_email` of a service account. */
  readonly account?: string | undefined
  /** Whether the call was made with an API key, which sees public spreadsheets only. */
  readonly isKeyed?: boolean
}

/** An answer that is no success. */
export interface ErrorAnswer {
  readonly status: number
  readonly body: string
  readonly retryAfterMs?: number | undefined
}

interface GoogleErrorBody {
  readonly message: string
  readonly status: string
  readonly reasons: readonly string[]
  readonly activationUrl: string | undefined
}

/** What a user or the credential's project may not do for now, though the status is 403 (Drive API, "Resolve errors"). */
const LIMITS_THAT_PASS = ['rateLimitExceeded', 'userRateLimitExceeded', 'RATE_LIMIT_EXCEEDED']
const LIMITS_OF_THE_DAY = ['dailyLimitExceeded', 'quotaExceeded', 'sharingRateLimitExceeded']

/** Tells an answer of Sheets as a fault that may pass, or as the failure that it is, with what the user can do. */
export function errorOfAnswer({ status, body, retryAfterMs }: ErrorAnswer, caller: Caller): AppError | CallFault {
  const google = readBody(body)
  const says = (...reasons: readonly string[]) => reasons.some((reason) => google.reasons.includes(reason))
  const told = google.message === '' ? `It answered with status ${status}.` : `It says: ${google.message}`
  if (status === 429 || (status === 403 && says(...LIMITS_THAT_PASS))) {
    return new CallFault('quota', `Google refuses more reads for now. ${told}`, { retryAfterMs })
  }
  if (status >= 500 || status === 408) {
    return new CallFault('unavailable', `Google answered with status ${status}.`, { retryAfterMs })
  }
  if (google.status === 'FAILED_PRECONDITION') {
    return new AppError('SHEET_NOT_GOOGLE', `Google Sheets cannot read this document. ${told}`)
  }
  if (status === 401 || says('API_KEY_INVALID', 'API_KEY_EXPIRED')) {
    return new AppError('GOOGLE_CREDENTIAL_INVALID', `Google does not accept the credential. ${told}`)
  }
  if (says('SERVICE_DISABLED', 'accessNotConfigured')) {
    return new AppError(
      'GOOGLE_API_DISABLED',
      `The Google Sheets API is not enabled for the project of the credential.`,
      google.activationUrl === undefined ? {} : { hint: `Enable it at ${google.activationUrl}, then retry.` },
    )
  }
  if (status === 403 && says(...LIMITS_OF_THE_DAY)) return new AppError('GOOGLE_QUOTA_EXCEEDED', told)
  if (status === 403 && /unregistered callers/.test(google.message)) {
    return new AppError('GOOGLE_CREDENTIAL_MISSING', 'Google answers no calls without a credential.')
  }
  if (says('ACCESS_TOKEN_SCOPE_INSUFFICIENT', 'insufficientPermissions')) {
    return new AppError('GOOGLE_CREDENTIAL_INVALID', 'The credential was not granted the right to read spreadsheets.', {
      hint: 'Grant it the scope https://www.googleapis.com/auth/spreadsheets.readonly, or use a service account.',
    })
  }
  if (status === 403) {
    return new AppError('SHEET_FORBIDDEN', `Google refuses to show this spreadsheet. ${told}`, {
      hint: sharingHint(caller),
    })
  }
  if (status === 404) {
    return new AppError('SHEET_NOT_FOUND', `Google knows no spreadsheet with this id. ${told}`, {
      hint: `Check the id in the URL. ${sharingHint(caller)}`,
    })
  }
  return new AppError('GOOGLE_REQUEST_REFUSED', `Google refused a request with status ${status}. ${told}`)
}

/** Whether an answer of Drive only says that this credential may not look; then there is no version to be had. */
export function isDriveClosed({ status, body }: ErrorAnswer): boolean {
  if (status === 403) return !readBody(body).reasons.some((reason) => LIMITS_THAT_PASS.includes(reason))
  return status === 400 || status === 401 || status === 404
}

function sharingHint({ account, isKeyed }: Caller): string {
  if (account !== undefined) return `Share the spreadsheet with ${account} as Viewer.`
  if (isKeyed) return 'Make it link-viewable (Share > Anyone with the link > Viewer): an API key sees nothing else.'
  return 'Share the spreadsheet with the account this service uses, as Viewer.'
}

function readBody(text: string): GoogleErrorBody {
  const error = member(parseJson(text), 'error')
  const details = asList(member(error, 'details'))
  const reasons = [...asList(member(error, 'errors')), ...details].map((one) => asText(member(one, 'reason')))
  const urls = details.map((one) => asText(member(member(one, 'metadata'), 'activationUrl')))
  return {
    message: asText(member(error, 'message')).slice(0, 500),
    status: asText(member(error, 'status')),
    reasons,
    activationUrl: urls.find((url) => /^https:\/\/console\.(?:developers|cloud)\.google\.com\//.test(url)),
  }
}

/** An error page is no JSON, and says nothing that can be told. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
