import { createRequire } from 'node:module'
import type { drive_v3 } from 'googleapis/build/src/apis/drive/index.js'
import type { sheets_v4 } from 'googleapis/build/src/apis/sheets/index.js'
import { AppError } from '../errors.ts'
import { readCredentialFile } from './google-credential.ts'
import { asCredentialError, type GoogleIdentity } from './google-errors.ts'

/** CommonJS that an import could not load for want of a descriptor stays failed for ever; require loads it anew. */
const require = createRequire(import.meta.url)
const SHEETS = 'googleapis/build/src/apis/sheets/index.js'
const DRIVE = 'googleapis/build/src/apis/drive/index.js'

/** The least that lets a service account read cells and versions. */
const SCOPES = [
  'https://www.googleapis.com/auth/spreadsheets.readonly',
  'https://www.googleapis.com/auth/drive.metadata.readonly',
]

/** Where google-auth-library sends a service account for its tokens. */
const GOOGLE_TOKEN_URL = 'https://oauth2.googleapis.com/token'

/** Milliseconds until a request for a token times out. */
const TOKEN_TIMEOUT_MS = 30_000

export interface GoogleClientsOptions {
  /** Another endpoint than Google's: Sheets under `/v4/`, Drive under `/drive/v3/`. */
  readonly rootUrl?: string | undefined
  /** A service-account key, or any other file that Application Default Credentials may be. */
  readonly credentialFile?: string | undefined
  /** An API key, for public spreadsheets; used when there is no credential file. */
  readonly apiKey?: string | undefined
  /** Milliseconds until a request for a token times out; default 30 s. */
  readonly tokenTimeoutMs?: number
}

/** Google's own clients of its two APIs, with one credential. */
export interface GoogleClients {
  readonly sheets: sheets_v4.Sheets
  readonly drive: drive_v3.Drive
  readonly identity: GoogleIdentity
  /** Whether calls carry a token, which may have to be replaced. */
  readonly hasToken: boolean
  /**
   * Gets a token if the last one has run out, so that signing in fails apart from the call itself: with a CallFault when
   * it may succeed later, else with an AppError.
   */
  signIn(): Promise<void>
}

/** Loads Google's clients and the credential. */
export async function makeClients(options: GoogleClientsOptions): Promise<GoogleClients> {
  const { rootUrl, credentialFile, apiKey, tokenTimeoutMs = TOKEN_TIMEOUT_MS } = options
  if (credentialFile === undefined && apiKey === undefined && rootUrl === undefined) {
    throw new AppError('GOOGLE_CREDENTIAL_MISSING', 'This service has no credential to call Google with.')
  }
  const file = credentialFile === undefined ? undefined : await readCredentialFile(credentialFile)
  const { sheets, auth: google } = require(SHEETS) as typeof import('googleapis/build/src/apis/sheets/index.js')
  const { drive } = require(DRIVE) as typeof import('googleapis/build/src/apis/drive/index.js')
  const root = rootUrl === undefined ? {} : { rootUrl }
  if (file === undefined) {
    const key = apiKey === undefined ? {} : { auth: apiKey }
    return {
      sheets: sheets({ version: 'v4', ...root, ...key }),
      drive: drive({ version: 'v3', ...root, ...key }),
      identity: { isKeyed: apiKey !== undefined },
      hasToken: false,
      signIn: async () => {},
    }
  }
  const { credentials, account, tokenUrl } = file
  const client = await asCredentialError(new google.GoogleAuth({ credentials, scopes: SCOPES }).getClient())
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
  const auth = client as NonNullable<Exclude<sheets_v4.Options['auth'], string>>
  return {
    sheets: sheets({ version: 'v4', ...root, auth }),
    drive: drive({ version: 'v3', ...root, auth }),
    identity: { account },
    hasToken: true,
    signIn: async () => {
      await asCredentialError(client.getRequestHeaders())
    },
  }
}
