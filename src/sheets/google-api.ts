import type { Readable } from 'node:stream'
import type { drive_v3 } from 'googleapis/build/src/apis/drive/index.js'
import type { StreamMethodOptions, sheets_v4 } from 'googleapis/build/src/apis/sheets/index.js'
import { abortable } from '../concurrency/abortable.ts'
import { AppError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import { type Body, readBody } from './answer-body.ts'
import { CallFault } from './call-fault.ts'
import { readCredentialFile } from './google-credential.ts'
import { asDescription, parseBody, type SpreadsheetDescription } from './google-description.ts'
import { asCredentialError, asNetworkFault, errorOfAnswer, type GoogleIdentity } from './google-errors.ts'
import { retryAfterMs } from './retry.ts'

/** What is asked of `spreadsheets.get`; without a mask it sends formats and themes of no use here. */
const DESCRIPTION_FIELDS =
  'properties(title,timeZone,locale),namedRanges(name,range),' +
  'sheets.properties(sheetId,title,sheetType,hidden,gridProperties(rowCount,columnCount))'

/** The least that lets a service account read cells and versions. */
const SCOPES = [
  'https://www.googleapis.com/auth/spreadsheets.readonly',
  'https://www.googleapis.com/auth/drive.metadata.readonly',
]

/** Where google-auth-library sends a service account for its tokens. */
const GOOGLE_TOKEN_URL = 'https://oauth2.googleapis.com/token'

/** Google's API, or what stands in for it or around it. */
export type SheetsApi = Pick<GoogleApi, 'describe' | 'version' | 'readValues'>

/** How one call is made. */
export interface ApiCall {
  readonly signal: AbortSignal
  /** Milliseconds until a call without a whole answer times out. */
  readonly timeoutMs: number
  /** Called for each request as it is sent, so that calls are counted as the other side counts them. */
  onSend(): void
}

/** Google's `ValueRenderOption` and `DateTimeRenderOption`. */
export interface Render {
  readonly values: 'UNFORMATTED_VALUE' | 'FORMATTED_VALUE' | 'FORMULA'
  readonly dates: 'SERIAL_NUMBER' | 'FORMATTED_STRING'
}

export interface GoogleApiOptions {
  /** Another endpoint than Google's: Sheets under `/v4/`, Drive under `/drive/v3/`. */
  readonly rootUrl?: string | undefined
  /** A service-account key, or any other file that Application Default Credentials may be. */
  readonly credentialFile?: string | undefined
  /** An API key, for public spreadsheets; used when there is no credential file. */
  readonly apiKey?: string | undefined
  readonly clock: Clock
}

interface Clients {
  readonly sheets: sheets_v4.Sheets
  readonly drive: drive_v3.Drive
  readonly identity: GoogleIdentity
  /** Gets a token if the last one has run out, so that signing in fails apart from the call itself. */
  signIn(): Promise<void>
}

/**
 * Google's API through its own client, which is loaded with the first call. Every method makes one call and never repeats
 * it. It rejects with a {@link CallFault} when the same call may succeed later, with an AppError when it will not, and
 * with the signal's reason when that is aborted.
 */
export class GoogleApi {
  readonly #options: GoogleApiOptions
  #clients: Promise<Clients> | undefined

  constructor(options: GoogleApiOptions) {
    this.#options = options
  }

  /** What a spreadsheet is made of, without its cells. */
  async describe(spreadsheetId: string, call: ApiCall): Promise<SpreadsheetDescription> {
    const body = await this.#call(call, ({ sheets }, options) =>
      sheets.spreadsheets.get({ spreadsheetId, fields: DESCRIPTION_FIELDS, prettyPrint: false }, options),
    )
    return asDescription(parseBody(body))
  }

  /** Drive's version of the file, or `undefined` where the credential may not know it: Drive is a help, not a need. */
  async version(spreadsheetId: string, call: ApiCall): Promise<string | undefined> {
    try {
      const body = await this.#call(call, ({ drive }, options) =>
        drive.files.get({ fileId: spreadsheetId, fields: 'version', supportsAllDrives: true }, options),
      )
      const { version } = parseBody(body) as drive_v3.Schema$File
      return version ?? undefined
    } catch (error) {
      if (error instanceof AppError) return undefined
      throw error
    }
  }

  /** The JSON of a `values:batchGet` of these ranges, as it came: large, so parsing it is left to a worker thread. */
  async readValues(spreadsheetId: string, ranges: readonly string[], render: Render, call: ApiCall): Promise<Body> {
    return this.#call(call, ({ sheets }, options) =>
      sheets.spreadsheets.values.batchGet(
        {
          spreadsheetId,
          ranges: [...ranges],
          valueRenderOption: render.values,
          dateTimeRenderOption: render.dates,
          fields: 'valueRanges(range,values)',
          prettyPrint: false,
        },
        options,
      ),
    )
  }

  /** Makes one request. Resolves to the bytes of a successful answer. */
  async #call({ signal, timeoutMs, onSend }: ApiCall, send: Send): Promise<Body> {
    signal.throwIfAborted()
    const clients = await this.#signIn(signal)
    const timer = new AbortController()
    const timeout = setTimeout(() => timer.abort(), timeoutMs)
    const options: StreamMethodOptions = {
      responseType: 'stream',
      signal: AbortSignal.any([signal, timer.signal]),
      // Repeats are ours to make and to count; so is reading what an error answer says.
      retry: false,
      validateStatus: () => true,
      adapter: (prepared, fetch) => {
        onSend()
        return fetch(prepared)
      },
    }
    let isAnswered = false
    try {
      const answer = await send(clients, options)
      isAnswered = true
      const body = await readBody(answer.data)
      if (answer.status >= 200 && answer.status < 300) return body
      const refused = {
        status: answer.status,
        body: new TextDecoder().decode(body.subarray(0, 65_536)),
        retryAfterMs: retryAfterMs(answer.headers['retry-after'], this.#options.clock.now()),
      }
      const error = errorOfAnswer(refused, clients.identity)
      // A credential that was replaced in its place works again without a restart.
      if (error instanceof AppError && error.code === 'GOOGLE_CREDENTIAL_INVALID') this.#clients = undefined
      throw error
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (error instanceof CallFault || error instanceof AppError) throw error
      if (timer.signal.aborted) throw new CallFault('timeout', `Google did not answer within ${timeoutMs / 1000} s.`)
      throw asNetworkFault(error, isAnswered)
    } finally {
      clearTimeout(timeout)
    }
  }

  async #signIn(signal: AbortSignal): Promise<Clients> {
    const connecting = this.#clients ?? this.#connect()
    this.#clients = connecting
    try {
      const clients = await connecting
      await abortable(clients.signIn(), signal)
      return clients
    } catch (error) {
      if (this.#clients === connecting) this.#clients = undefined
      throw error
    }
  }

  async #connect(): Promise<Clients> {
    const { rootUrl, credentialFile, apiKey } = this.#options
    if (credentialFile === undefined && apiKey === undefined && rootUrl === undefined) {
      throw new AppError('GOOGLE_CREDENTIAL_MISSING', 'This service has no credential to call Google with.')
    }
    const file = credentialFile === undefined ? undefined : await readCredentialFile(credentialFile)
    const [{ sheets, auth: google }, { drive }] = await Promise.all([
      import('googleapis/build/src/apis/sheets/index.js'),
      import('googleapis/build/src/apis/drive/index.js'),
    ])
    const root = rootUrl === undefined ? {} : { rootUrl }
    if (credentialFile === undefined) {
      const key = apiKey === undefined ? {} : { auth: apiKey }
      return {
        sheets: sheets({ version: 'v4', ...root, ...key }),
        drive: drive({ version: 'v3', ...root, ...key }),
        identity: { isKeyed: apiKey !== undefined },
        signIn: async () => {},
      }
    }
    const client = await asCredentialError(
      new google.GoogleAuth({ keyFile: credentialFile, scopes: SCOPES }).getClient(),
    )
    const tokenUrl = file?.tokenUrl
    if (tokenUrl !== undefined) {
      // Google's clients in other languages ask where the key file says; this one asks one address, whatever the file says.
      client.transporter.interceptors.request.add({
        resolved: async (request) => {
          if (request.url.href === GOOGLE_TOKEN_URL) request.url = tokenUrl
          return request
        },
      })
    }
    const auth = client as NonNullable<Exclude<sheets_v4.Options['auth'], string>>
    return {
      sheets: sheets({ version: 'v4', ...root, auth }),
      drive: drive({ version: 'v3', ...root, auth }),
      identity: { account: file?.account },
      signIn: async () => {
        await asCredentialError(client.getRequestHeaders())
      },
    }
  }
}

type Send = (
  clients: Clients,
  options: StreamMethodOptions,
) => Promise<{
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly data: Readable
}>
