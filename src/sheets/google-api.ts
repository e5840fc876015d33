import type { Readable } from 'node:stream'
import type { StreamMethodOptions } from 'googleapis/build/src/apis/sheets/index.js'
import { abortable } from '../concurrency/abortable.ts'
import { watchSlow } from '../concurrency/slow-work.ts'
import { isOutOfDescriptors } from '../disk/descriptors.ts'
import { AppError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import { REDACTED } from '../redaction.ts'
import { type Body, readBody } from './answer-body.ts'
import { CallFault, SignInFault, TokenRefused } from './call-fault.ts'
import { type GoogleClients, type GoogleClientsOptions, makeClients } from './google-clients.ts'
import { asDescription, asVersion, parseBody, type SpreadsheetDescription } from './google-description.ts'
import { asNetworkFault, type ErrorAnswer, errorOfAnswer, outOfDescriptors } from './google-errors.ts'
import type { GoogleIdentity } from './google-identity.ts'
import { retryAfterMs } from './retry.ts'

/** What is asked of `spreadsheets.get`; without a mask it sends formats and themes of no use here. */
const DESCRIPTION_FIELDS =
  'properties(title,timeZone,locale),namedRanges(name,range),' +
  'sheets.properties(sheetId,title,sheetType,hidden,gridProperties(rowCount,columnCount))'

/** Milliseconds after which a sign-in that is still under way counts as slow. */
const SIGN_IN_MS = 1500

/** Google's API, or what stands in for it or around it. */
export type SheetsApi = Pick<GoogleApi, 'describe' | 'version' | 'readValues'>

/** Called with what lets a call wait, and with `undefined` once that is over. */
type OnSlow = (message: string | undefined) => void

/** How one call is made. */
export interface ApiCall {
  readonly signal: AbortSignal
  /** Milliseconds until a call without a whole answer times out. */
  readonly timeoutMs: number
  /** Called for each request as it is sent, so that calls are counted as the other side counts them. */
  onSend(): void
  /** Who is notified of a call that is still under way after so many milliseconds; default: nobody. */
  readonly slow?: { readonly afterMs: number; readonly onSlow: OnSlow }
}

/** Google's `ValueRenderOption` and `DateTimeRenderOption`. */
export interface Render {
  readonly values: 'UNFORMATTED_VALUE' | 'FORMATTED_VALUE' | 'FORMULA'
  readonly dates: 'SERIAL_NUMBER' | 'FORMATTED_STRING'
}

export interface GoogleApiOptions extends GoogleClientsOptions {
  readonly clock: Clock
  /**
   * Called with how the credential fared in a call of Sheets, or in a sign-in: with the error that it failed with, and
   * with `undefined` when Google has answered. What a call of Drive is refused for says nothing, as reading needs none.
   */
  readonly onUse?: ((failure: AppError | undefined) => void) | undefined
}

/**
 * Google's API through its own client, which is loaded with the first call. Every method makes one call and never repeats
 * it. It rejects with a {@link CallFault} when the same call may succeed later, with an AppError when it will not, and
 * with the signal's reason when that is aborted.
 */
export class GoogleApi {
  readonly #options: GoogleApiOptions
  #clients: Promise<GoogleClients> | undefined

  constructor(options: GoogleApiOptions) {
    this.#options = options
  }

  /** What a spreadsheet is made of, without its cells. */
  async describe(spreadsheetId: string, call: ApiCall): Promise<SpreadsheetDescription> {
    const body = await this.#callSheets(call, ({ sheets }, options) =>
      sheets.spreadsheets.get({ spreadsheetId, fields: DESCRIPTION_FIELDS, prettyPrint: false }, options),
    )
    return asDescription(parseBody(body))
  }

  /** Drive's version of the file, or `undefined` where it says none. */
  async version(spreadsheetId: string, call: ApiCall): Promise<string | undefined> {
    const body = await this.call(
      call,
      ({ drive }, options) =>
        drive.files.get({ fileId: spreadsheetId, fields: 'version', supportsAllDrives: true }, options),
      (answer, identity) => errorOfAnswer(answer, identity, 'Drive'),
    )
    return asVersion(parseBody(body))
  }

  /** The JSON of a `values:batchGet` of these ranges, as it came: large, so parsing it is left to a worker thread. */
  async readValues(spreadsheetId: string, ranges: readonly string[], render: Render, call: ApiCall): Promise<Body> {
    return this.#callSheets(call, ({ sheets }, options) =>
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

  /**
   * Makes one request of Google's clients. Resolves to the bytes of a successful answer, and rejects with what `asError`
   * makes of another one.
   */
  async call(
    call: ApiCall,
    send: Send,
    asError: (answer: ErrorAnswer, identity: GoogleIdentity) => Error = errorOfAnswer,
  ): Promise<Body> {
    const { signal, timeoutMs, slow, onSend } = call
    signal.throwIfAborted()
    const clients = await this.#signIn(call)
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
    let isRefused = false
    const answered = async () => {
      const answer = await send(clients, options)
      isAnswered = true
      return { answer, body: await readBody(answer.data) }
    }
    try {
      const { answer, body } = await watched(answered(), 'Google', slow)
      if (answer.status >= 200 && answer.status < 300) return body
      const refused = {
        status: answer.status,
        body: withoutToken(new TextDecoder().decode(body.subarray(0, 65_536)), this.#options.token),
        retryAfterMs: retryAfterMs(headerOf(answer, 'retry-after'), this.#options.clock.now()),
      }
      const error = asError(refused, clients.identity)
      isRefused = true
      // A token that was revoked is replaced by the next call.
      if (error instanceof AppError && error.code.startsWith('GOOGLE_CREDENTIAL_')) {
        await this.#forget(clients)
        if (answer.status === 401 && clients.hasToken) throw new TokenRefused(error)
      }
      throw error
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (error instanceof CallFault || error instanceof AppError || isRefused) throw error
      if (timer.signal.aborted) throw new CallFault('timeout', `Google did not answer within ${timeoutMs / 1000} s.`)
      throw asNetworkFault(error, isAnswered)
    } finally {
      clearTimeout(timeout)
    }
  }

  async #callSheets(call: ApiCall, send: Send): Promise<Body> {
    const { onUse } = this.#options
    try {
      const body = await this.call(call, send)
      onUse?.(undefined)
      return body
    } catch (error) {
      const failure = error instanceof TokenRefused ? error.failure : error
      if (failure instanceof AppError) onUse?.(isOfCredential(failure) ? failure : undefined)
      throw error
    }
  }

  async #signIn(call: ApiCall): Promise<GoogleClients> {
    const making = this.#clients ?? makeClients(this.#options)
    this.#clients = making
    try {
      const clients = await making
      const slow = call.slow && { ...call.slow, afterMs: Math.min(SIGN_IN_MS, call.slow.afterMs) }
      await watched(abortable(clients.signIn(), call.signal), "Google's sign-in", slow)
      return clients
    } catch (cause) {
      if (this.#clients === making) this.#clients = undefined
      // Loading the client.
      const error = isOutOfDescriptors(cause) ? outOfDescriptors() : cause
      if (error instanceof AppError) this.#options.onUse?.(error)
      throw error instanceof CallFault ? new SignInFault(error.kind, error.message, error.retryAfterMs) : error
    }
  }

  /** Has the next call sign in anew, unless one has done so meanwhile. */
  async #forget(clients: GoogleClients): Promise<void> {
    const making = this.#clients
    if ((await making?.catch(() => undefined)) === clients && this.#clients === making) this.#clients = undefined
  }
}

/** Whether a call has failed because of who calls. */
function isOfCredential({ code }: AppError): boolean {
  return code.startsWith('GOOGLE_CREDENTIAL_') || code === 'GOOGLE_API_DISABLED'
}

/** A user's own token is not remembered as a secret, as there is no end of them: what repeats it is redacted here. */
function withoutToken(text: string, token: string | undefined): string {
  if (token === undefined) return text
  return text.replaceAll(token, REDACTED).replaceAll(JSON.stringify(token).slice(1, -1), REDACTED)
}

/** Settles as the work does; notifies meanwhile if it is slow. */
async function watched<T>(work: Promise<T>, what: string, slow: ApiCall['slow']): Promise<T> {
  if (slow === undefined) return work
  const { afterMs, onSlow } = slow
  const message = `${what} has not answered for ${afterMs / 1000} s.`
  return watchSlow(work, afterMs, (isSlow) => onSlow(isSlow ? message : undefined))
}

export type Send = (clients: GoogleClients, options: StreamMethodOptions) => Promise<Answer>

interface Answer {
  readonly status: number
  readonly headers: Pick<Headers, 'get'> | Readonly<Record<string, unknown>>
  readonly data: Readable
}

/** Google's client hands out Headers (those of node-fetch) over HTTP/1.1; what its types say is so over HTTP/2 alone. */
function headerOf({ headers }: Answer, name: string): unknown {
  return typeof headers.get === 'function' ? headers.get(name) : (headers as Readonly<Record<string, unknown>>)[name]
}
