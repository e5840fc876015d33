import { z } from 'zod'
import { isOutOfDescriptors } from '../disk/descriptors.ts'
import { AppError, type ErrorCode } from '../errors.ts'
import { redact } from '../redaction.ts'
import { CallFault } from './call-fault.ts'
import { type GoogleIdentity, namedKeyHint, sharingHint, whoseCredential } from './google-identity.ts'
import { hintForGrant, hintForPerson, refusalFor, TOKEN_SCOPE_HINT, UNKNOWN_REASON } from './google-reasons.ts'
import { parseJson } from './parse-json.ts'

/** An answer that is no success. */
export interface ErrorAnswer {
  readonly status: number
  readonly body: string
  readonly retryAfterMs: number | undefined
}

const text = z.string().catch('')
const older = z.object({ reason: text }).catch({ reason: '' })
const metadata = z.object({ activationUrl: text, quota_limit: text }).catch({ activationUrl: '', quota_limit: '' })
const detail = z
  .object({ reason: text, domain: text, metadata })
  .catch({ reason: '', domain: '', metadata: { activationUrl: '', quota_limit: '' } })
const NOTHING = { message: '', status: '', errors: [], details: [] }

/** What is read of an error answer; an error page is no JSON, and says nothing that a user could read. */
const errorBody = z
  .object({
    error: z.object({
      message: text,
      status: text,
      errors: z.array(older).catch([]),
      details: z.array(detail).catch([]),
    }),
  })
  .catch({ error: NOTHING })
type ErrorBody = z.output<typeof errorBody>['error']

/** What the client throws when the other side has refused, with what a token endpoint then answers (RFC 6749, section 5.2). */
const refusal = z.object({ response: z.object({ status: z.number(), data: z.unknown() }) })
const grantError = z
  .object({ error: z.string(), error_description: text, error_subtype: text })
  .catch({ error: '', error_description: '', error_subtype: '' })

/**
 * Codes of failed system calls, less those of files that a credential names, and of TLS (Node, "X509 certificate error
 * codes"). Any other `ERR_…` is a key that cannot be used.
 */
const NETWORK_CODE =
  /^(?:E(?!RR_|NOENT|ACCES|PERM|ISDIR|NOTDIR)[A-Z0-9_]+|UND_ERR_\w+|ERR_STREAM_PREMATURE_CLOSE|ERR_(?:TLS|SSL)_\w+|\w*CERT\w*|UNABLE_TO_\w+)$/

/** What a user or the credential's project may not do for now, though the status is 403 (Drive API, "Resolve errors"). */
const LIMITS_THAT_PASS = ['rateLimitExceeded', 'userRateLimitExceeded', 'RATE_LIMIT_EXCEEDED']

/**
 * The limit that all accounts of a project share, by its name in `ErrorInfo`: `ReadRequestsPerMinutePerProject`, beside
 * `ReadRequestsPerMinutePerUser` (Cloud Quotas, "quotaId"; the former is "limit 'Read requests per minute'" in words).
 */
const LIMIT_OF_PROJECT = /PerProject$/

/** What a refusal of the caller is told with. */
const LEADS: Partial<Record<ErrorCode, (identity: GoogleIdentity) => string>> = {
  GOOGLE_CREDENTIAL_INVALID: notAccepted,
  GOOGLE_CREDENTIAL_RESTRICTED: (identity) => `Google does not let ${whoseCredential(identity)} be used here`,
  GOOGLE_CREDENTIAL_MISSING: () => 'Google answers no calls without a credential',
  GOOGLE_QUOTA_EXCEEDED: () => 'Google refuses more reads for now',
}

function notAccepted(identity: GoogleIdentity): string {
  return `Google does not accept ${whoseCredential(identity)}`
}

/** What an error answer of Sheets, or of Drive, means: a fault that may pass, or a failure, with what the user can do. */
export function errorOfAnswer(
  { status, body, retryAfterMs }: ErrorAnswer,
  identity: GoogleIdentity,
  api: 'Sheets' | 'Drive' = 'Sheets',
): AppError | CallFault {
  const { error: google } = errorBody.parse(parseJson(body))
  const reasons = [...google.details, ...google.errors].map(({ reason }) => reason)
  const message = saidBy(google.message)
  const said = message === '' ? `It answered with status ${status}.` : message
  if (status === 429 || (status === 403 && reasons.some((reason) => LIMITS_THAT_PASS.includes(reason)))) {
    const isOfProject = google.details.some(({ metadata }) => LIMIT_OF_PROJECT.test(metadata.quota_limit))
    return new CallFault(
      'quota',
      `Google refuses more reads for now. ${said}`,
      retryAfterMs,
      isOfProject ? 'project' : 'account',
    )
  }
  if (status >= 500 || status === 408) {
    return new CallFault('unavailable', `Google answered with status ${status}. ${message}`.trim(), retryAfterMs)
  }
  if (status === 401 && identity.isToken) {
    return new AppError('GOOGLE_TOKEN_EXPIRED', `Google does not accept the user's token any more. ${said}`)
  }
  const refused = refusalOfCaller(google, status, said, identity, api)
  if (refused !== undefined) return refused
  if (google.status === 'FAILED_PRECONDITION') {
    return new AppError('SHEET_NOT_GOOGLE', `Google Sheets cannot read this document. ${said}`)
  }
  if (status === 401) {
    const hint = namedKeyHint(identity)
    return new AppError('GOOGLE_CREDENTIAL_INVALID', `${notAccepted(identity)}. ${said}`, { hint })
  }
  if (status === 403) {
    return new AppError('SHEET_FORBIDDEN', `Google refuses to show this spreadsheet. ${said}`, {
      hint: sharingHint(identity),
    })
  }
  if (status === 404) {
    return new AppError('SHEET_NOT_FOUND', `Google knows no spreadsheet with this id. ${said}`, {
      hint: `Check the id in the URL. ${sharingHint(identity)}`,
    })
  }
  return new AppError('GOOGLE_REQUEST_REFUSED', `Google refused a request with status ${status}. ${said}`)
}

/** The reasons that an error answer gives, in either format. */
export function reasonsOf({ body }: Pick<ErrorAnswer, 'body'>): readonly string[] {
  const { details, errors } = errorBody.parse(parseJson(body)).error
  return [...details, ...errors].map(({ reason }) => reason)
}

/** The failure of a call that Google refuses because of who calls, whatever the file; `undefined` when it is another. */
function refusalOfCaller(
  { message, details, errors }: ErrorBody,
  status: number,
  said: string,
  identity: GoogleIdentity,
  api: 'Sheets' | 'Drive' = 'Sheets',
): AppError | undefined {
  const known = [...details, ...errors].find(({ reason }) => refusalFor(reason) !== undefined)
  const added = details.find(({ reason, domain }) => domain === 'googleapis.com' && /^[A-Z_]{3,63}$/.test(reason))
  const reason = known?.reason ?? (status === 401 || status === 403 ? added?.reason : undefined)
  if (reason === undefined) {
    if (status !== 403 || !/unregistered callers/.test(message)) return undefined
    return new AppError('GOOGLE_CREDENTIAL_MISSING', `${LEADS.GOOGLE_CREDENTIAL_MISSING?.(identity)}.`)
  }
  const { code, hint } = refusalFor(reason) ?? UNKNOWN_REASON
  const isScope = reason === 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' || reason === 'insufficientPermissions'
  const url = details
    .map(({ metadata }) => metadata.activationUrl)
    .find((one) => /^https:\/\/console\.(?:developers|cloud)\.google\.com\/[!-~]{0,500}$/.test(one))
  const disabled = `The Google ${api} API is not enabled for the project of ${whoseCredential(identity)}`
  const lead = code === 'GOOGLE_API_DISABLED' ? disabled : (LEADS[code]?.(identity) ?? 'Google refused a request')
  const ownHint = isScope && identity.isToken ? TOKEN_SCOPE_HINT : hint
  return new AppError(code, `${lead} (${reason}). ${said}`, {
    hint: code === 'GOOGLE_API_DISABLED' && url !== undefined ? `Enable it at ${redact(url)}, then retry.` : ownHint,
  })
}

/** What Google says in words, which may name the credential in full; nothing when it says nothing. Redacted before it is cut. */
function saidBy(message: string): string {
  return message === '' ? '' : `It says: ${redact(message).slice(0, 500)}`
}

/** What the client throws holds its configuration, secrets among it; of that only the code and the kind are kept. */
export function asNetworkFault(error: unknown, isAnswered: boolean): CallFault {
  if (isOutOfDescriptors(error)) return outOfDescriptors()
  const code = networkCode(error) ?? 'no code'
  return isAnswered
    ? new CallFault('garbled', `Google's answer broke off (${code}).`)
    : new CallFault('network', `Google could not be reached (${code}).`)
}

/** Google is asked again for as long as the sync may run: it is not what is at fault. */
export function outOfDescriptors(): CallFault {
  return new CallFault('descriptors', 'Google could not be reached: this service has too many open files.')
}

/** Rejects with the reason why there is no token: the credential is no good, or the token endpoint is not there just now. */
export async function asCredentialError<T>(work: Promise<T>, identity: GoogleIdentity = {}): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (isOutOfDescriptors(error)) throw outOfDescriptors()
    const answered = refusal.safeParse(error)
    const status = answered.data?.response.status
    if (status === 408 || status === 429 || (status !== undefined && status >= 500)) {
      throw new CallFault('unavailable', `Google's sign-in answered with status ${status}.`)
    }
    const code = networkCode(error)
    if (code === 'TimeoutError') throw new CallFault('timeout', "Google's sign-in did not answer in time.")
    if (status === undefined && code !== undefined && NETWORK_CODE.test(code)) {
      throw new CallFault('network', `Google's sign-in could not be reached (${code}).`)
    }
    throw refusalOfSignIn(status, answered.data?.response.data, identity)
  }
}

/** Why there is no token: what the token endpoint says of the grant, or IAM of an impersonation, in Google's usual format. */
function refusalOfSignIn(status: number | undefined, data: unknown, identity: GoogleIdentity): AppError {
  const lead = notAccepted(identity)
  if (status === undefined) {
    const hint = namedKeyHint(identity)
    return new AppError('GOOGLE_CREDENTIAL_INVALID', `${lead}: it cannot be used to sign in.`, { hint })
  }
  const { error: google } = errorBody.parse(data)
  const said = saidBy(google.message)
  const refused = refusalOfCaller(google, status, said, identity)
  if (refused !== undefined) return refused
  const { error, error_description: description, error_subtype: subtype } = grantError.parse(data)
  const told = description === '' ? said : saidBy(description)
  const reason = redact([error, subtype].filter((part) => part !== '').join(', ')).slice(0, 100)
  const answer = reason === '' ? `status ${status}` : `${status} ${reason}`
  const refusedGrant = [`${error} ${subtype}`.trim(), description] as const
  return new AppError('GOOGLE_CREDENTIAL_INVALID', `${lead}: sign-in answered with ${answer}. ${told}`.trim(), {
    hint: hintForPerson(...refusedGrant, identity) ?? hintForGrant(...refusedGrant) ?? namedKeyHint(identity),
  })
}

/** The code of the innermost error that has one in words: `ECONNREFUSED`, `ERR_STREAM_PREMATURE_CLOSE` … */
function networkCode(error: unknown): string | undefined {
  let code: string | undefined
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') code = at.code
  }
  return code
}
