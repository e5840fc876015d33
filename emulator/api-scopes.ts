import type { Api } from './google-error.ts'

const AUTH = 'https://www.googleapis.com/auth/'
/** Scopes of which each opens every method here (Google, "OAuth 2.0 Scopes for Google APIs", and the methods' own pages). */
const SCOPES: Readonly<Record<Api, readonly string[]>> = {
  sheets: ['spreadsheets', 'spreadsheets.readonly', 'drive', 'drive.readonly', 'drive.file'],
  drive: [
    'drive',
    'drive.readonly',
    'drive.file',
    'drive.metadata',
    'drive.metadata.readonly',
    'drive.appdata',
    'drive.meet.readonly',
    'drive.photos.readonly',
  ],
}

/** Whether a token with these scopes may call that API; without any list it may. */
export function mayCall(api: Api, scopes: readonly string[] | undefined): boolean {
  return scopes === undefined || SCOPES[api].some((name) => scopes.includes(AUTH + name))
}
