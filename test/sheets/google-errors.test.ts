import t from 'tap'
import { AppError } from '../../src/errors.ts'
import type { CallFault } from '../../src/sheets/call-fault.ts'
import { asCredentialError, errorOfAnswer } from '../../src/sheets/google-errors.ts'
import type { GoogleIdentity } from '../../src/sheets/google-identity.ts'

const KEY = 'AIzaSyA0000000000000000000000000000000x'
/** Google's list (google/api/error_reason.proto) as of 2025, all but the one that passes by itself. */
const REASONS = `SERVICE_DISABLED BILLING_DISABLED API_KEY_INVALID API_KEY_SERVICE_BLOCKED API_KEY_HTTP_REFERRER_BLOCKED
  API_KEY_IP_ADDRESS_BLOCKED API_KEY_ANDROID_APP_BLOCKED API_KEY_IOS_APP_BLOCKED RESOURCE_QUOTA_EXCEEDED
  LOCATION_TAX_POLICY_VIOLATED USER_PROJECT_DENIED CONSUMER_SUSPENDED CONSUMER_INVALID SECURITY_POLICY_VIOLATED
  ACCESS_TOKEN_EXPIRED ACCESS_TOKEN_SCOPE_INSUFFICIENT ACCOUNT_STATE_INVALID ACCESS_TOKEN_TYPE_UNSUPPORTED
  CREDENTIALS_MISSING RESOURCE_PROJECT_INVALID SESSION_COOKIE_INVALID USER_BLOCKED_BY_ADMIN
  RESOURCE_USAGE_RESTRICTION_VIOLATED SYSTEM_PARAMETER_UNSUPPORTED ORG_RESTRICTION_VIOLATION
  ORG_RESTRICTION_HEADER_INVALID SERVICE_NOT_VISIBLE GCP_SUSPENDED LOCATION_POLICY_VIOLATED MISSING_ORIGIN
  OVERLOADED_CREDENTIALS ACCOUNT_TYPE_UNSUPPORTED CREDENTIAL_ANDROID_APP_INVALID CREDENTIAL_TYPE_UNSUPPORTED
  EMULATOR_QUOTA_EXCEEDED ENDPOINT_USAGE_RESTRICTION_VIOLATED IAM_PERMISSION_DENIED JWT_TOKEN_INVALID
  LOCATION_ORG_POLICY_VIOLATED MCP_SERVER_DISABLED TLS_CIPHER_RESTRICTION_VIOLATED TLS_ORG_POLICY_VIOLATED`.split(/\s+/)

function answered(status: number, error: object, identity: GoogleIdentity = {}): AppError | CallFault {
  return errorOfAnswer({ status, body: JSON.stringify({ error }), retryAfterMs: undefined }, identity)
}
const info = (reason: string) => ({
  message: `Google's words, with ${KEY}`,
  status: 'PERMISSION_DENIED',
  details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' }],
})

t.test('every reason of the caller is told, with what to do, and never sent away to sharing', async (t) => {
  for (const reason of [...REASONS, 'A_REASON_OF_TOMORROW']) {
    const error = answered(403, info(reason)) as AppError
    t.type(error, AppError, reason)
    t.match(error.code, /^GOOGLE_(?:CREDENTIAL_\w+|API_DISABLED|QUOTA_EXCEEDED|REQUEST_REFUSED)$/, reason)
    t.match(error.message, new RegExp(`\\(${reason}\\)\\. It says: Google's words`))
    t.notMatch(error.message, KEY)
    if (error.code !== 'GOOGLE_REQUEST_REFUSED') t.ok((error.hint ?? '').length > 40, `${reason}: a hint`)
    t.notMatch(`${error.message} ${error.hint}`, /\bshar(?:e|ing)\b/i, reason)
  }
})

t.test('the reasons that an operator meets most have the code and hint they need', async (t) => {
  const cases: [string, string, RegExp][] = [
    ['API_KEY_HTTP_REFERRER_BLOCKED', 'GOOGLE_CREDENTIAL_RESTRICTED', /restricted to websites.*credentials/],
    ['API_KEY_IP_ADDRESS_BLOCKED', 'GOOGLE_CREDENTIAL_RESTRICTED', /IP address/],
    ['API_KEY_SERVICE_BLOCKED', 'GOOGLE_CREDENTIAL_RESTRICTED', /API restrictions/],
    ['BILLING_DISABLED', 'GOOGLE_CREDENTIAL_RESTRICTED', /billing/],
    ['USER_PROJECT_DENIED', 'GOOGLE_CREDENTIAL_RESTRICTED', /quota_project_id/],
    ['CONSUMER_SUSPENDED', 'GOOGLE_CREDENTIAL_INVALID', /suspended.*another project/],
    ['API_KEY_INVALID', 'GOOGLE_CREDENTIAL_INVALID', /GOOGLE_API_KEY/],
    ['ACCESS_TOKEN_SCOPE_INSUFFICIENT', 'GOOGLE_CREDENTIAL_INVALID', /spreadsheets\.readonly/],
    ['CREDENTIALS_MISSING', 'GOOGLE_CREDENTIAL_MISSING', /GOOGLE_APPLICATION_CREDENTIALS/],
  ]
  for (const [reason, code, hint] of cases) t.match(answered(403, info(reason)), { code, hint }, reason)
  const url = 'https://console.developers.google.com/apis/api/sheets.googleapis.com/overview?project=1'
  const details = [{ reason: 'SERVICE_DISABLED', metadata: { activationUrl: url } }]
  t.match(answered(403, { details }), { code: 'GOOGLE_API_DISABLED', hint: `Enable it at ${url}, then retry.` })
  const other = [{ reason: 'SERVICE_DISABLED', metadata: { activationUrl: 'https://evil.example/' } }, 'odd', null]
  t.match(answered(403, { details: other }), { code: 'GOOGLE_API_DISABLED', hint: /console\.cloud\.google\.com/ })
})

t.test("the older list's reasons are told apart too: the caller's, the file's, and limits that pass", async (t) => {
  const older = (reason: string) => answered(403, { message: 'No.', errors: [{ domain: 'global', reason }] })
  const cases = {
    accessNotConfigured: 'GOOGLE_API_DISABLED',
    ipRefererBlocked: 'GOOGLE_CREDENTIAL_RESTRICTED',
    domainPolicy: 'GOOGLE_CREDENTIAL_RESTRICTED',
    keyExpired: 'GOOGLE_CREDENTIAL_INVALID',
    insufficientPermissions: 'GOOGLE_CREDENTIAL_INVALID',
    dailyLimitExceeded: 'GOOGLE_QUOTA_EXCEEDED',
    dailyLimitExceededUnreg: 'GOOGLE_CREDENTIAL_MISSING',
    forbidden: 'SHEET_FORBIDDEN',
    insufficientFilePermissions: 'SHEET_FORBIDDEN',
    constructor: 'SHEET_FORBIDDEN',
  }
  for (const [reason, code] of Object.entries(cases)) t.match(older(reason), { code }, reason)
  for (const reason of ['rateLimitExceeded', 'userRateLimitExceeded']) t.match(older(reason), { kind: 'quota' }, reason)
  t.match(answered(403, info('RATE_LIMIT_EXCEEDED')), { kind: 'quota' })
})

t.test('whose limit is reached is what Google says, and else that of the account', async (t) => {
  const limited = (quota_limit: unknown) => {
    const details = [{ reason: 'RATE_LIMIT_EXCEEDED', domain: 'googleapis.com', metadata: { quota_limit } }]
    return answered(429, { message: "Quota exceeded for quota metric 'Read requests'", details })
  }
  t.match(limited('ReadRequestsPerMinutePerProject'), { kind: 'quota', limit: 'project' })
  for (const other of ['ReadRequestsPerMinutePerUser', 'ReadRequestsPerMinutePerProjectPerUser', 7, undefined]) {
    t.match(limited(other), { kind: 'quota', limit: 'account' })
  }
  t.match(answered(429, { message: 'Too many.' }), { kind: 'quota', limit: 'account' })
})

t.test('what is refused because of the file names whom to give access', async (t) => {
  const forbidden = { message: 'The caller does not have permission', status: 'PERMISSION_DENIED' }
  t.match(answered(403, forbidden, { account: 'me@x.example' }), { code: 'SHEET_FORBIDDEN', hint: /me@x\.example/ })
  t.match(answered(403, forbidden, { isKeyed: true }), { code: 'SHEET_FORBIDDEN', hint: /Anyone with the link/ })
  t.match(answered(403, forbidden), { code: 'SHEET_FORBIDDEN', hint: /the account this service uses/ })
})

t.test('a server error tells what Google says of it', async (t) => {
  const fault = answered(500, { message: `Internal error encountered. ${KEY}`, status: 'INTERNAL' })
  t.match(fault, { kind: 'unavailable', message: /status 500\. It says: Internal error encountered/ })
  t.notMatch(fault.message, KEY)
  t.equal(
    errorOfAnswer({ status: 502, body: '<html>', retryAfterMs: undefined }, {}).message,
    'Google answered with status 502.',
  )
})

/** What the client throws when a token endpoint has answered so. */
async function refusedGrant(data: unknown, status = 400): Promise<AppError | CallFault> {
  const thrown = Object.assign(new Error('refused'), { response: { status, data }, config: { headers: KEY } })
  return asCredentialError(Promise.reject(thrown)).catch((error) => error)
}

t.test('a refused grant is told as the token endpoint tells it, with what to do about it', async (t) => {
  const cases: [string, string, RegExp][] = [
    [
      'invalid_grant',
      'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
      /clock/,
    ],
    ['invalid_grant', 'Invalid JWT Signature.', /new JSON key/],
    ['invalid_grant', 'Invalid grant: account not found', /no longer exists/],
    ['invalid_grant', 'Token has been expired or revoked.', /Sign in anew/],
    ['invalid_grant', 'Bad Request', /Sign in anew/],
    ['unauthorized_client', 'Client is unauthorized to retrieve access tokens using this method.', /Domain-wide/],
    ['access_denied', 'Requested client not authorized.', /Domain-wide/],
    ['disabled_client', 'The OAuth client was disabled.', /Enable the account/],
    ['invalid_client', 'The OAuth client was not found.', /unknown or deleted/],
    ['admin_policy_enforced', 'Access denied by policy.', /administrator/],
    ['invalid_scope', 'Some requested scopes were invalid.', /spreadsheets\.readonly/],
    ['something_new', 'Words.', /GOOGLE_APPLICATION_CREDENTIALS/],
  ]
  for (const [error, error_description, hint] of cases) {
    const refused = (await refusedGrant({ error, error_description })) as AppError
    t.match(refused, { code: 'GOOGLE_CREDENTIAL_INVALID', hint }, error_description)
    t.ok(refused.message.includes(error) && refused.message.includes(error_description), refused.message)
  }
  t.match(await refusedGrant({ error: 'invalid_grant', error_description: 'reauth', error_subtype: 'invalid_rapt' }), {
    message: /invalid_grant, invalid_rapt/,
    hint: /Sign in anew/,
  })
  for (const data of ['<html>', null, undefined, { error: { a: 1 } }]) {
    t.match(await refusedGrant(data), { code: 'GOOGLE_CREDENTIAL_INVALID', message: /status 400/ })
  }
  t.notMatch(((await refusedGrant({ error: KEY, error_description: `key ${KEY}` })) as AppError).message, KEY)
})

t.test('a token endpoint that is busy or ill is a fault that may pass', async (t) => {
  for (const status of [408, 429, 500, 503]) t.match(await refusedGrant('<html>', status), { kind: 'unavailable' })
})

t.test('an impersonation that IAM refuses is told with its reason', async (t) => {
  const message = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist)."
  const details = [{ reason: 'IAM_PERMISSION_DENIED', domain: 'iam.googleapis.com' }]
  t.match(await refusedGrant({ error: { code: 403, status: 'PERMISSION_DENIED', message, details } }, 403), {
    code: 'GOOGLE_CREDENTIAL_RESTRICTED',
    message: /getAccessToken/,
    hint: /Token Creator/,
  })
})

t.test('a name that cannot be resolved just now is the network, and a key that cannot be used is not', async (t) => {
  const thrown = (code: string) =>
    asCredentialError(Promise.reject(Object.assign(new Error('x'), { code }))).catch((error) => error)
  for (const code of ['EAI_AGAIN', 'ENOTFOUND', 'ECONNREFUSED', 'ERR_STREAM_PREMATURE_CLOSE']) {
    t.match(await thrown(code), { kind: 'network' }, code)
  }
  for (const code of ['ERR_OSSL_UNSUPPORTED', 'ENOENT', 'EACCES']) {
    t.match(await thrown(code), { code: 'GOOGLE_CREDENTIAL_INVALID' }, code)
  }
})
