import type { ErrorCode } from '../errors.ts'
import type { GoogleIdentity } from './google-identity.ts'

/** The least that lets an account read cells and versions. */
export const SCOPES = [
  'https://www.googleapis.com/auth/spreadsheets.readonly',
  'https://www.googleapis.com/auth/drive.metadata.readonly',
]

/** What a reason of Google's means here. */
export interface Refusal {
  readonly code: ErrorCode
  /** How the operator can mend it. Absent where the standing hint of the code says it. */
  readonly hint?: string
}

const KEYS = 'https://console.cloud.google.com/apis/credentials'

const restricted = (hint: string): Refusal => ({ code: 'GOOGLE_CREDENTIAL_RESTRICTED', hint })
const invalid = (hint: string): Refusal => ({ code: 'GOOGLE_CREDENTIAL_INVALID', hint })

const KEY_INVALID = invalid(
  `Compare GOOGLE_API_KEY with the keys at ${KEYS}; one that was deleted or has expired needs a new one.`,
)
const KEY_FOR_SITES = restricted(
  `The API key is restricted to websites, and this service is none: at ${KEYS} set its application restriction to None or to the IP address of this service.`,
)
const KEY_FOR_APPS = restricted(
  `The API key is restricted to an app, and this service is none: at ${KEYS} set its application restriction to None or to the IP address of this service.`,
)
const SUSPENDED = invalid(
  'Google has suspended the project of the credential: its owner can appeal in the Google Cloud console. Until then use a credential of another project.',
)
const ORGANIZATION = restricted(
  "A policy of an organization forbids the call: ask the administrator of the credential's organization to allow this service, its network or the Google Sheets API.",
)
const PROJECT = restricted(
  'Check the project that is charged for the calls (quota_project_id in the credential file, or that of the key): it must exist, and the account needs the role Service Usage Consumer in it.',
)
const TOKEN = invalid(
  'Check the clock of this machine, and that the key of the credential was not revoked; a new key mends that.',
)
const KIND = invalid('Use the JSON key of a service account: this kind of account or token is not accepted.')
const SCOPE = invalid(
  'Grant it the scope https://www.googleapis.com/auth/spreadsheets.readonly, or use a service account.',
)
const DISABLED: Refusal = { code: 'GOOGLE_API_DISABLED' }
const MISSING: Refusal = { code: 'GOOGLE_CREDENTIAL_MISSING' }
const QUOTA: Refusal = { code: 'GOOGLE_QUOTA_EXCEEDED' }
const REFUSED: Refusal = { code: 'GOOGLE_REQUEST_REFUSED' }

/**
 * Every reason of the domain `googleapis.com` (google/api/error_reason.proto of googleapis/googleapis, `ErrorReason`):
 * all are about the caller or its project, none is about the file. `RATE_LIMIT_EXCEEDED` passes by itself, as a fault.
 */
const REASONS = {
  SERVICE_DISABLED: DISABLED,
  SERVICE_NOT_VISIBLE: DISABLED,
  MCP_SERVER_DISABLED: DISABLED,
  BILLING_DISABLED: restricted(
    "Enable billing for the project of the credential at https://console.cloud.google.com/billing, or use another project's credential.",
  ),
  RESOURCE_QUOTA_EXCEEDED: QUOTA,
  EMULATOR_QUOTA_EXCEEDED: QUOTA,

  API_KEY_INVALID: KEY_INVALID,
  API_KEY_EXPIRED: KEY_INVALID,
  API_KEY_SERVICE_BLOCKED: restricted(`Add the Google Sheets API to the API restrictions of the key at ${KEYS}.`),
  API_KEY_HTTP_REFERRER_BLOCKED: KEY_FOR_SITES,
  MISSING_ORIGIN: KEY_FOR_SITES,
  API_KEY_IP_ADDRESS_BLOCKED: restricted(
    `Add the IP address from which this service calls to the application restriction of the key at ${KEYS}.`,
  ),
  API_KEY_ANDROID_APP_BLOCKED: KEY_FOR_APPS,
  API_KEY_IOS_APP_BLOCKED: KEY_FOR_APPS,
  CREDENTIAL_ANDROID_APP_INVALID: KEY_FOR_APPS,
  OVERLOADED_CREDENTIALS: invalid(
    'Two credentials arrived in one call: what stands at GOOGLE_API_ROOT_URL, or a proxy, must not add one of its own.',
  ),
  CREDENTIALS_MISSING: MISSING,

  CONSUMER_SUSPENDED: SUSPENDED,
  GCP_SUSPENDED: SUSPENDED,
  CONSUMER_INVALID: PROJECT,
  RESOURCE_PROJECT_INVALID: PROJECT,
  USER_PROJECT_DENIED: PROJECT,
  IAM_PERMISSION_DENIED: restricted(
    'Grant the account of the credential the permission that Google names, in Google Cloud IAM; to impersonate a service account it needs the role Service Account Token Creator.',
  ),

  ACCESS_TOKEN_EXPIRED: TOKEN,
  JWT_TOKEN_INVALID: TOKEN,
  SESSION_COOKIE_INVALID: TOKEN,
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: SCOPE,
  ACCESS_TOKEN_TYPE_UNSUPPORTED: KIND,
  ACCOUNT_TYPE_UNSUPPORTED: KIND,
  CREDENTIAL_TYPE_UNSUPPORTED: KIND,
  ACCOUNT_STATE_INVALID: invalid(
    'The account of the credential is disabled or deleted: enable it in the Google Cloud console, or use another.',
  ),
  USER_BLOCKED_BY_ADMIN: restricted(
    'An administrator has blocked the account of the credential: ask for its release, or use another.',
  ),

  SECURITY_POLICY_VIOLATED: ORGANIZATION,
  ORG_RESTRICTION_VIOLATION: ORGANIZATION,
  ORG_RESTRICTION_HEADER_INVALID: ORGANIZATION,
  RESOURCE_USAGE_RESTRICTION_VIOLATED: ORGANIZATION,
  ENDPOINT_USAGE_RESTRICTION_VIOLATED: ORGANIZATION,
  LOCATION_POLICY_VIOLATED: ORGANIZATION,
  LOCATION_ORG_POLICY_VIOLATED: ORGANIZATION,
  LOCATION_TAX_POLICY_VIOLATED: ORGANIZATION,
  TLS_CIPHER_RESTRICTION_VIOLATED: ORGANIZATION,
  TLS_ORG_POLICY_VIOLATED: ORGANIZATION,
  SYSTEM_PARAMETER_UNSUPPORTED: REFUSED,
} satisfies Readonly<Record<string, Refusal>>

/**
 * Reasons of the older `errors[]` that are about the caller (Drive API, "Resolve errors"; Google's "Standard error
 * messages"). The others, such as `forbidden` and `insufficientFilePermissions`, are about the file.
 */
const OLDER_REASONS = {
  accessNotConfigured: DISABLED,
  keyInvalid: KEY_INVALID,
  keyExpired: KEY_INVALID,
  ipRefererBlocked: restricted(
    `Add the IP address from which this service calls to the application restriction of the key at ${KEYS}.`,
  ),
  authError: TOKEN,
  expired: TOKEN,
  unknownAuth: TOKEN,
  insufficientPermissions: SCOPE,
  insufficientAudience: KIND,
  accountDeleted: REASONS.ACCOUNT_STATE_INVALID,
  accountDisabled: REASONS.ACCOUNT_STATE_INVALID,
  accountUnverified: REASONS.ACCOUNT_STATE_INVALID,
  domainPolicy: ORGANIZATION,
  lockedDomainForbidden: ORGANIZATION,
  dailyLimitExceeded: QUOTA,
  quotaExceeded: QUOTA,
  sharingRateLimitExceeded: QUOTA,
  variableTermLimitExceeded: QUOTA,
  dailyLimitExceededUnreg: MISSING,
  rateLimitExceededUnreg: MISSING,
  userRateLimitExceededUnreg: MISSING,
} satisfies Readonly<Record<string, Refusal>>

const MEANINGS = new Map<string, Refusal>([...Object.entries(REASONS), ...Object.entries(OLDER_REASONS)])

/** What a reason of either format means when it is about the caller; `undefined` for any other. */
export function refusalFor(reason: string): Refusal | undefined {
  return MEANINGS.get(reason)
}

/** A reason of `googleapis.com` that Google has added since: about the caller too, as they all are. */
export const UNKNOWN_REASON = restricted(
  'The reason is about the credential, its project or its organization, not about the spreadsheet: look for it in the Google Cloud console.',
)

const DELEGATION =
  'A Workspace administrator must allow the client id of the service account, with the scope https://www.googleapis.com/auth/spreadsheets.readonly, under Security > API controls > Domain-wide delegation.'
const SIGN_IN_ANEW =
  'Sign in anew (gcloud auth application-default login), or use the key of a service account, which needs no renewal.'

/** What a user's own token needs to be read with (Google, "Choose Google Sheets API scopes"). */
export const TOKEN_SCOPE_HINT = `Ask the user for a token with the scopes ${SCOPES.join(' and ')}; https://www.googleapis.com/auth/drive.file is enough for a file that the user has picked.`

/**
 * What the token endpoint's `error` and `error_description` ask for, the first that fits (RFC 6749, section 5.2; Google,
 * "Using OAuth 2.0 for Server to Server Applications", JWT error codes).
 */
const GRANT_HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /short-lived token|reasonable timeframe|\biat\b|\bexp\b|stale to sign|future/i,
    'The clock of this machine is wrong: set it by NTP (timedatectl set-ntp true), then retry.',
  ],
  [/invalid_rapt|reauth/i, SIGN_IN_ANEW],
  [/token has been expired or revoked|expired or revoked|invalid_grant: bad request/i, SIGN_IN_ANEW],
  [
    /invalid jwt signature|no valid verifier/i,
    'The key was deleted, or belongs to another account: create a new JSON key of the service account and replace the file.',
  ],
  [
    /account not found|account has been deleted|not a valid email/i,
    'The account of the credential no longer exists: create a service account with a JSON key, and replace the file.',
  ],
  [/disabled/i, 'Enable the account or the client of the credential in the Google Cloud console, or use another.'],
  [/unauthorized_client|access_denied/i, DELEGATION],
  [
    /admin_policy_enforced|org_internal/i,
    'A policy of the organization forbids it: ask its administrator to allow the client of the credential.',
  ],
  [
    /invalid_client|deleted_client/i,
    'The OAuth client of the credential is unknown or deleted: sign in anew with another client, or use the key of a service account.',
  ],
  [
    /invalid_scope/i,
    'The credential cannot be granted https://www.googleapis.com/auth/spreadsheets.readonly: use the key of a service account.',
  ],
  [
    /invalid_request|unsupported_grant_type|invalid_target/i,
    'Check token_uri (or token_url and audience) in the credential file: it must name the endpoint that issued the credential.',
  ],
]

/** How the operator can mend what the token endpoint has refused; `undefined` when nothing special is known of it. */
export function hintForGrant(error: string, description: string): string | undefined {
  const said = `${error}: ${description}`
  return GRANT_HINTS.find(([pattern]) => pattern.test(said))?.[1]
}

/**
 * What is to be done when the token endpoint lets a service account not act for a person (Google, "Using OAuth 2.0 for
 * Server to Server Applications", JWT error codes); `undefined` where it acts for nobody, or that is not the reason.
 */
export function hintForPerson(
  error: string,
  description: string,
  { actAs, clientId }: GoogleIdentity,
): string | undefined {
  if (actAs === undefined) return undefined
  if (/unauthorized_client|access_denied/i.test(error)) {
    const client = clientId === undefined ? 'the client id of the service account' : `the client id ${clientId}`
    return `An administrator of the domain of ${actAs} must grant ${client} the scopes ${SCOPES.join(',')} at https://admin.google.com (Security > Access and data control > API controls > Domain-wide delegation); it may take up to a day until that holds.`
  }
  if (/invalid email or user id|not a valid email|account not found/i.test(description)) {
    return `Check "actAs": Google knows no ${actAs} whom the credential could act for.`
  }
  return undefined
}
