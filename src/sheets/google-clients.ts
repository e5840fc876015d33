import { createRequire } from 'node:module'
import type { drive_v3 } from 'googleapis/build/src/apis/drive/index.js'
import type { sheets_v4 } from 'googleapis/build/src/apis/sheets/index.js'
import { AppError } from '../errors.ts'
import type { CredentialFile } from './google-credential.ts'
import { asCredentialError } from './google-errors.ts'
import { credentialCalled, type GoogleIdentity } from './google-identity.ts'
import { SCOPES } from './google-reasons.ts'

/** CommonJS that an import could not load for want of a descriptor stays failed for ever; require loads it anew. */
const require = createRequire(import.meta.url)
const SHEETS = 'googleapis/build/src/apis/sheets/index.js'
const DRIVE = 'googleapis/build/src/apis/drive/index.js'

/** Where google-auth-library sends a service account for its tokens. */
const GOOGLE_TOKEN_URL = 'https://oauth2.googleapis.com/token'

/** Milliseconds until a request for a token times out. */
const TOKEN_TIMEOUT_MS = 30_000

/** What signs in, the first of these that is given; nothing at all before an emulator. */
export interface SignInWith {
  /** A user's own access token, used as it stands and never refreshed. Secret. */
  readonly token?: string | undefined
  /** A service-account key, or any other file that Application Default Credentials may be. */
  readonly file?: CredentialFile | undefined
  /** E-mail address of the person whom the service account acts for. */
  readonly actAs?: string | undefined
  /** An API key, for public spreadsheets. */
  readonly apiKey?: string | undefined
}

export interface GoogleClientsOptions extends SignInWith {
  /** Another endpoint than Google's: Sheets under `/v4/`, Drive under `/drive/v3/`. */
  readonly rootUrl?: string | undefined
  /** The name of the credential, for errors. */
  readonly credential?: string | undefined
  /** Milliseconds until a request for a token times out; default 30 s. */
  readonly tokenTimeoutMs?: number | undefined
}

/** Google's own clients of its two APIs, with one credential. */
export interface GoogleClients {
  readonly sheets: sheets_v4.Sheets
  readonly drive: drive_v3.Drive
  readonly identity: GoogleIdentity
  /** Whether calls carry a token that another can replace. */
  readonly hasToken: boolean
  /**
   * Gets a token if the last one has run out, so that signing in fails apart from the call itself: with a CallFault when
   * it may succeed later, else with an AppError.
   */
  signIn(): Promise<void>
}

/** Loads Google's clients. */
export async function makeClients(options: GoogleClientsOptions): Promise<GoogleClients> {
  const { rootUrl, token, file, apiKey, actAs, credential, tokenTimeoutMs = TOKEN_TIMEOUT_MS } = options
  if (token === undefined && file === undefined && apiKey === undefined && rootUrl === undefined) {
    throw new AppError('GOOGLE_CREDENTIAL_MISSING', 'This service has no credential to call Google with.')
  }
  if (token === undefined && actAs !== undefined && file?.kind !== 'service-account') {
    const called = credentialCalled(credential)
    throw new AppError(
      'GOOGLE_CREDENTIAL_INVALID',
      `${called.charAt(0).toUpperCase()}${called.slice(1)} cannot act for ${actAs}: only the key of a service account can act for people.`,
      { hint: 'Name a "credential" that is the JSON key of a service account, or leave "actAs" out.' },
    )
  }
  const { sheets, auth: google } = require(SHEETS) as typeof import('googleapis/build/src/apis/sheets/index.js')
  const { drive } = require(DRIVE) as typeof import('googleapis/build/src/apis/drive/index.js')
  const root = rootUrl === undefined ? {} : { rootUrl }
  const clientsWith = (auth: { auth?: string | sheets_v4.Options['auth'] }) => {
    const all = { ...root, ...(auth as Pick<sheets_v4.Options, 'auth'>) }
    return { sheets: sheets({ version: 'v4', ...all }), drive: drive({ version: 'v3', ...all }) }
  }
  const signedIn = { hasToken: false, signIn: async () => {} }
  if (token !== undefined) {
    const client = new google.OAuth2()
    client.setCredentials({ access_token: token })
    return { ...clientsWith({ auth: client }), identity: { isToken: true }, ...signedIn }
  }
  if (file === undefined) {
    const key = apiKey === undefined ? {} : { auth: apiKey }
    return { ...clientsWith(key), identity: { credential, isKeyed: apiKey !== undefined }, ...signedIn }
  }
  const { credentials, account, clientId, tokenUrl } = file
  const identity = { credential, account, clientId, actAs }
  const clientOptions = actAs === undefined ? {} : { subject: actAs }
  // The option `credentials` prints that it is deprecated, for what others hand in; this file was named by the operator.
  const googleAuth = new google.GoogleAuth({ scopes: SCOPES, clientOptions })
  const client = await asCredentialError(Object.assign(googleAuth, { jsonContent: credentials }).getClient(), identity)
  client.transporter.interceptors.request.add({
    resolved: async (request) => {
      // Calls of the APIs have a signal; what is left is the sign-in. The client would repeat it out of sight.
      if (request.signal === undefined) {
        request.signal = AbortSignal.timeout(tokenTimeoutMs)
        request.retry = false
        delete request.retryConfig
      }
      // Google's clients in other languages ask where the key file says; this one asks one address, whatever the file says.
      if (tokenUrl !== undefined && request.url.href === GOOGLE_TOKEN_URL) request.url = tokenUrl
      return request
    },
  })
  return {
    ...clientsWith({ auth: client as NonNullable<Exclude<sheets_v4.Options['auth'], string>> }),
    identity,
    hasToken: true,
    signIn: async () => {
      await asCredentialError(client.getRequestHeaders(), identity)
    },
  }
}
