import type { CallKind } from './calls.ts'
import { type Api, errorInfo, GoogleError, SERVICE } from './google-error.ts'

/** Google's own names of the methods, which its errors about tokens tell. */
const METHODS: Partial<Record<CallKind, string>> = {
  'spreadsheets.get': 'google.apps.sheets.v4.SpreadsheetsService.GetSpreadsheet',
  'values.get': 'google.apps.sheets.v4.SpreadsheetsService.GetValues',
  'values.batchGet': 'google.apps.sheets.v4.SpreadsheetsService.BatchGetValues',
  'files.get': 'google.apps.drive.v3.DriveFiles.Get',
  'about.get': 'google.apps.drive.v3.DriveAbout.Get',
  'changes.getStartPageToken': 'google.apps.drive.v3.DriveChanges.GetStartPageToken',
  'changes.list': 'google.apps.drive.v3.DriveChanges.List',
  'changes.watch': 'google.apps.drive.v3.DriveChanges.Watch',
  'channels.stop': 'google.apps.drive.v3.DriveChannels.Stop',
}
const HELP = 'See https://developers.google.com/identity/sign-in/web/devconsole-project.'
const AUTHORIZATION = { location: 'Authorization', locationType: 'header' }

/** The `ErrorInfo` of a call to one of Google's methods. */
function methodInfo(reason: string, api: Api, kind: CallKind): object {
  const method = METHODS[kind]
  return errorInfo(reason, { service: SERVICE[api], ...(method !== undefined && { method }) })
}

/** The 403 of a call without token and key. */
export function unregisteredCaller(): GoogleError {
  const message =
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other " +
    'form of API consumer identity to call this API.'
  return new GoogleError(403, message)
}

/** The 401 of a call with an API key, or nothing, to a method about an account. */
export function accountRequired(kind: CallKind, isKeyed: boolean): GoogleError {
  const message = isKeyed
    ? 'API keys are not supported by this API. Expected OAuth2 access token or other authentication credentials that ' +
      'assert a principal. See https://cloud.google.com/docs/authentication'
    : 'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other ' +
      `valid authentication credential. ${HELP}`
  return new GoogleError(401, message, {
    reason: 'required',
    location: AUTHORIZATION,
    entryMessage: 'Login Required.',
    details: [methodInfo('CREDENTIALS_MISSING', 'drive', kind)],
  })
}

/**
 * The 401 of a token that Google did not issue, or that has ended. Sheets tells that it has ended (`google.api.ErrorReason`);
 * Drive was seen to tell no details of either (github.com/enupal/backup#44).
 */
export function invalidToken(api: Api, kind: CallKind, hasEnded: boolean): GoogleError {
  const message =
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid ' +
    `authentication credential. ${HELP}`
  return new GoogleError(401, message, {
    location: AUTHORIZATION,
    entryMessage: 'Invalid Credentials',
    isNewer: true,
    ...(hasEnded && api === 'sheets' && { details: [methodInfo('ACCESS_TOKEN_EXPIRED', api, kind)] }),
    headers: { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="invalid_token"' },
  })
}

/** The 403 of a token whose scopes do not cover the method. */
export function insufficientScopes(api: Api, kind: CallKind): GoogleError {
  return new GoogleError(403, 'Request had insufficient authentication scopes.', {
    reason: 'insufficientPermissions',
    entryMessage: 'Insufficient Permission',
    details: [methodInfo('ACCESS_TOKEN_SCOPE_INSUFFICIENT', api, kind)],
    headers: { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="insufficient_scope"' },
  })
}
