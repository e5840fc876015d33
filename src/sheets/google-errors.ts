import { z } from 'zod'
import { AppError } from '../errors.ts'
import { CallFault } from './call-fault.ts'
import { parseJson } from './parse-json.ts'

/** Who calls, as far as a user may know. */
export interface GoogleIdentity {
  /** `client_email` of a service account. */
  readonly account?: string | undefined
  /** Whether the call was made with an API key, which sees public spreadsheets only. */
  readonly isKeyed?: boolean
}

/** An answer that is no success. */
export interface ErrorAnswer {
  readonly status: number
  readonly body: string
  readonly retryAfterMs: number | undefined
}

const text = z.string().catch('')
const details = z
  .array(z.object({ reason: text, metadata: z.object({ activationUrl: text }).catch({ activationUrl: '' }) }))
  .catch([])

/** What is read of an error answer; an error page is no JSON, and says nothing that a user could read. */
const errorBody = z
  .object({ error: z.object({ message: text, status: text, errors: details, details }) })
  .catch({ error: { message: '', status: '', errors: [], details: [] } })

/** What the client throws when the other side has refused. */
const refusal = z.object({ response: z.object({ status: z.number() }) })

/**
 * Codes of failed system calls, less those of files that a credential names, and of TLS (Node, "X509 certificate error
 * codes"). Any other `ERR_…` is a key that cannot be used.
 */
const NETWORK_CODE =
  /^(?:E(?!RR_|NOENT|ACCES|PERM|ISDIR|NOTDIR)[A-Z0-9_]+|UND_ERR_\w+|ERR_STREAM_PREMATURE_CLOSE|ERR_(?:TLS|SSL)_\w+|\w*CERT\w*|UNABLE_TO_\w+)$/

/** What a user or the credential's project may not do for now, though the status is 403 (Drive API, "Resolve errors"). */
const LIMITS_THAT_PASS = ['rateLimitExceeded', 'userRateLimitExceeded', 'RATE_LIMIT_EXCEEDED']
const LIMITS_OF_THE_DAY = ['dailyLimitExceeded', 'quotaExceeded', 'sharingRateLimitExceeded']

/** What an error answer of Sheets means: a fault that may pass, or a failure, with what the user can do. */
export function errorOfAnswer(
  { status, body, retryAfterMs }: ErrorAnswer,
  identity: GoogleIdentity,
): AppError | CallFault {
  const { error: google } = errorBody.parse(parseJson(body))
  const reasons = [...google.errors, ...google.details].map(({ reason }) => reason)
  const says = (...wanted: readonly string[]) => wanted.some((reason) => reasons.includes(reason))
  const message = google.message.slice(0, 500)
  const detail = message === '' ? `It answered with status ${status}.` : `It says: ${message}`
  if (status === 429 || (status === 403 && says(...LIMITS_THAT_PASS))) {
    return new CallFault('quota', `Google refuses more reads for now. ${detail}`, retryAfterMs)
  }
  if (status >= 500 || status === 408) {
    return new CallFault('unavailable', `Google answered with status ${status}. ${message}`.trim(), retryAfterMs)
  }
  if (google.status === 'FAILED_PRECONDITION') {
    return new AppError('SHEET_NOT_GOOGLE', `Google Sheets cannot read this document. ${detail}`)
  }
  if (status === 401 || says('API_KEY_INVALID', 'API_KEY_EXPIRED')) {
    return new AppError('GOOGLE_CREDENTIAL_INVALID', `Google does not accept the credential. ${detail}`)
  }
  if (says('SERVICE_DISABLED', 'accessNotConfigured')) {
    const url = google.details
      .map(({ metadata }) => metadata.activationUrl)
      .find((one) => /^https:\/\/console\.(?:developers|cloud)\.google\.com\//.test(one))
    const hint = url === undefined ? undefined : `Enable it at ${url}, then retry.`
    const disabled = 'The Google Sheets API is not enabled for the project of the credential.'
    return new AppError('GOOGLE_API_DISABLED', disabled, { hint })
  }
  if (status === 403 && says(...LIMITS_OF_THE_DAY)) return new AppError('GOOGLE_QUOTA_EXCEEDED', detail)
  if (status === 403 && /unregistered callers/.test(message)) {
    return new AppError('GOOGLE_CREDENTIAL_MISSING', 'Google answers no calls without a credential.')
  }
  if (says('ACCESS_TOKEN_SCOPE_INSUFFICIENT', 'insufficientPermissions')) {
    return new AppError('GOOGLE_CREDENTIAL_INVALID', 'The credential was not granted the right to read spreadsheets.', {
      hint: 'Grant it the scope https://www.googleapis.com/auth/spreadsheets.readonly, or use a service account.',
    })
  }
  if (status === 403) {
    return new AppError('SHEET_FORBIDDEN', `Google refuses to show this spreadsheet. ${detail}`, {
      hint: sharingHint(identity),
    })
  }
  if (status === 404) {
    return new AppError('SHEET_NOT_FOUND', `Google knows no spreadsheet with this id. ${detail}`, {
      hint: `Check the id in the URL. ${sharingHint(identity)}`,
    })
  }
  return new AppError('GOOGLE_REQUEST_REFUSED', `Google refused a request with status ${status}. ${detail}`)
}

function sharingHint({ account, isKeyed }: GoogleIdentity): string {
  if (account !== undefined) return `Share the spreadsheet with ${account} as Viewer.`
  if (isKeyed) return 'Make it link-viewable (Share > Anyone with the link > Viewer): an API key sees nothing else.'
  return 'Share the spreadsheet with the account this service uses, as Viewer.'
}

/** What the client throws holds its configuration, secrets among it; of that only the code and the kind are kept. */
export function asNetworkFault(error: unknown, isAnswered: boolean): CallFault {
  const code = networkCode(error) ?? 'no code'
  return isAnswered
    ? new CallFault('garbled', `Google's answer broke off (${code}).`)
    : new CallFault('network', `Google could not be reached (${code}).`)
}

/** Rejects with the reason why there is no token: the credential is no good, or the token endpoint is not there just now. */
export async function asCredentialError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const status = refusal.safeParse(error).data?.response.status
    if (status === 429 || (status !== undefined && status >= 500)) {
      throw new CallFault('unavailable', `Google's sign-in answered with status ${status}.`)
    }
    const code = networkCode(error)
    if (code === 'TimeoutError') throw new CallFault('timeout', "Google's sign-in did not answer in time.")
    if (status === undefined && code !== undefined && NETWORK_CODE.test(code)) {
      throw new CallFault('network', `Google's sign-in could not be reached (${code}).`)
    }
    const reason = status === undefined ? 'it cannot be used to sign in' : `sign-in answered with status ${status}`
    throw new AppError('GOOGLE_CREDENTIAL_INVALID', `Google does not accept the credential: ${reason}.`)
  }
}

/** The code of the innermost error that has one in words: `ECONNREFUSED`, `ERR_STREAM_PREMATURE_CLOSE` … */
function networkCode(error: unknown): string | undefined {
  let code: string | undefined
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') code = at.code
  }
  return code
}
