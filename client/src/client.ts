import createFetch from 'openapi-fetch'
import { answerError, networkError } from './error.ts'
import { rowQuestions } from './row-questions.ts'
import { rowsOf } from './row-stream.ts'
import { scheduleCalls } from './schedules.ts'
import type { paths } from './schema.d.ts'
import type {
  Credential,
  Me,
  Row,
  ServiceStatus,
  SnapshotList,
  SnapshotManifest,
  Sync,
  SyncFile,
  SyncFilters,
  SyncPage,
  SyncRequestBody,
} from './types.ts'
import { type WaitOptions, waitForSync } from './wait-for-sync.ts'
import { type SyncListEvent, watchSyncs } from './watch-syncs.ts'

export interface ClientOptions {
  /** Where the service is, such as `http://127.0.0.1:3000`; in a browser a path of the page's own origin will do. */
  readonly baseUrl: string
  /** Sent as `Authorization: Bearer …`. Keep keys out of browsers that are not yours: let your server call, or pass the call on. */
  readonly apiKey?: string
  /**
   * A user's own access token of Google's, or what gets one before each request: syncs read with it, and only what was made
   * with that user's tokens is seen. Needed for all of it, save schedules, which take none.
   */
  readonly googleAccessToken?: string | (() => string | Promise<string>)
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch
}

const TOKEN_HEADER = 'x-google-access-token'

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

export interface StartOptions extends CallOptions {
  /** Makes the start safe to repeat: within 24 hours the same key and body start one sync. */
  readonly idempotencyKey?: string
}

export interface DeleteOptions extends CallOptions {
  /** Done only while it is in this revision, as `revisionTag` writes it; else it is PRECONDITION_FAILED. */
  readonly ifMatch?: string
}

export type Client = ReturnType<typeof createClient>

/** A client of one Sheetsync service. Every call rejects with a `SheetsyncError`, or with the signal's reason. */
export function createClient({ baseUrl, apiKey, googleAccessToken: token, fetch: given }: ClientOptions) {
  const base = baseUrl.replace(/\/+$/, '')
  // Looked up at each call, so that a page may replace it; and called as the platform wants it, on nothing.
  const send: typeof globalThis.fetch = (...call) => (given ?? globalThis.fetch)(...call)
  const headers: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
  const api = createFetch<paths>({ baseUrl: base, headers, fetch: (request) => send(request) })
  const tokenHeader = async (): Promise<Record<string, string>> =>
    token === undefined ? {} : { [TOKEN_HEADER]: typeof token === 'string' ? token : await token() }
  if (token !== undefined) {
    api.use({
      async onRequest({ request, schemaPath }) {
        if (schemaPath.startsWith('/schedules')) return
        for (const [name, value] of Object.entries(await tokenHeader())) request.headers.set(name, value)
      },
    })
  }

  function syncPath(id: string, signal: AbortSignal | undefined) {
    return { params: { path: { id } }, ...(signal === undefined ? {} : { signal }) }
  }

  /** Gets what no cache is to answer. */
  async function getFresh(
    path: string,
    more: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Response> {
    const own = await tokenHeader()
    return send(`${base}${path}`, { headers: { ...headers, ...own, ...more }, signal, cache: 'no-store' })
  }

  /** The bytes of an address, for what is not an object of the interface; a `body` is posted to it. */
  async function getBytes(
    path: string,
    accept: string,
    { signal }: CallOptions = {},
    body?: object,
  ): Promise<Response> {
    const posted = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const own = await reached(tokenHeader(), signal)
    const init = {
      ...posted,
      headers: { ...headers, ...own, ...type, accept },
      ...(signal === undefined ? {} : { signal }),
    }
    const response = await reached(send(`${base}${path}`, init), signal)
    if (response.ok) return response
    const text = await reached(response.text(), signal)
    throw answerError(response, parsed(text))
  }

  /** The rows of the newest snapshot of a tab (its title, or `gid:N`). */
  function readTab<R = Row>(
    spreadsheetId: string,
    tab: string,
    options?: CallOptions & { readonly format?: 'json' },
  ): Promise<R[]>
  /** The same row by row, without ever holding them all. */
  function readTab<R = Row>(
    spreadsheetId: string,
    tab: string,
    options: CallOptions & { readonly format: 'ndjson' },
  ): Promise<AsyncIterable<R>>
  /** The same as the text of a CSV file. */
  function readTab(
    spreadsheetId: string,
    tab: string,
    options: CallOptions & { readonly format: 'csv' },
  ): Promise<string>
  /** The same as the bytes of a Parquet file. */
  function readTab(
    spreadsheetId: string,
    tab: string,
    options: CallOptions & { readonly format: 'parquet' },
  ): Promise<ArrayBuffer>
  async function readTab(
    spreadsheetId: string,
    tab: string,
    { format = 'json', signal }: CallOptions & { readonly format?: 'json' | 'ndjson' | 'csv' | 'parquet' } = {},
  ): Promise<unknown> {
    const path = `/spreadsheets/${encodeURIComponent(spreadsheetId)}/tabs/${encodeURIComponent(tab)}?format=${format}`
    const response = await getBytes(path, '*/*', { signal })
    if (format === 'ndjson') return rowsOf(response)
    if (format === 'parquet') return reached(response.arrayBuffer(), signal)
    return reached(format === 'csv' ? response.text() : response.json(), signal)
  }

  return {
    /** Starts a sync, or joins the active one of the same request; resolves once it is recorded durably. */
    startSync(body: SyncRequestBody, { idempotencyKey, signal }: StartOptions = {}): Promise<Sync> {
      const extra = idempotencyKey === undefined ? {} : { headers: { 'idempotency-key': idempotencyKey } }
      return result(api.POST('/syncs', { body, ...extra, ...(signal === undefined ? {} : { signal }) }), signal)
    },

    /** The sync as it is now. */
    getSync(id: string, { signal }: CallOptions = {}): Promise<Sync> {
      return result(api.GET('/syncs/{id}', syncPath(id, signal)), signal)
    },

    /** Resolves to the sync once it has finished: look at its `state`. Sits out restarts of the service. */
    waitForSync(id: string, options: WaitOptions = {}): Promise<Sync> {
      return waitForSync(getFresh, id, options)
    },

    /**
     * The changes of a list of syncs as they come; list them at each `ready` and `reset`. Ends when the signal is aborted,
     * by throwing its reason, and sits out restarts of the service.
     */
    watchSyncs(
      filters: SyncFilters = {},
      { signal }: CallOptions = {},
    ): AsyncGenerator<SyncListEvent, never, undefined> {
      return watchSyncs(getFresh, filters, signal)
    },

    /** One page of syncs, newest first; with `label`, `code` or `q` it may hold none though more follow. */
    listSyncs(
      query: SyncFilters & { pageSize?: string; pageToken?: string } = {},
      { signal }: CallOptions = {},
    ): Promise<SyncPage> {
      return result(api.GET('/syncs', { params: { query }, ...(signal === undefined ? {} : { signal }) }), signal)
    },

    /** Asks an active sync to end; resolves before it has. */
    cancel(id: string, { signal }: CallOptions = {}): Promise<Sync> {
      return result(api.POST('/syncs/{id}/cancel', syncPath(id, signal)), signal)
    },

    /** Starts a failed or cancelled sync once more, under a new id. */
    retry(id: string, { signal }: CallOptions = {}): Promise<Sync> {
      return result(api.POST('/syncs/{id}/retry', syncPath(id, signal)), signal)
    },

    /** Has the webhook of a finished sync sent again. */
    redeliverWebhook(id: string, { signal }: CallOptions = {}): Promise<Sync> {
      return result(api.POST('/syncs/{id}/webhook/redeliver', syncPath(id, signal)), signal)
    },

    /** Forgets a finished sync; its rows stay. */
    async deleteSync(id: string, { ifMatch, signal }: DeleteOptions = {}): Promise<void> {
      const condition = ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } }
      await result(api.DELETE('/syncs/{id}', { ...syncPath(id, signal), ...condition }), signal)
    },

    /** The files of a succeeded sync. */
    async listFiles(id: string, { signal }: CallOptions = {}): Promise<SyncFile[]> {
      return (await result(api.GET('/syncs/{id}/files', syncPath(id, signal)), signal)).files
    },

    /** One file of a sync, as `listFiles` names it; its body is a stream. */
    openFile(id: string, name: string, { signal }: CallOptions = {}): Promise<Response> {
      return getBytes(`/syncs/${encodeURIComponent(id)}/files/${encodeURIComponent(name)}`, '*/*', { signal })
    },

    /** What the latest snapshot of a spreadsheet holds. */
    getSpreadsheet(spreadsheetId: string, { signal }: CallOptions = {}): Promise<SnapshotManifest> {
      const call = { params: { path: { spreadsheetId } }, ...(signal === undefined ? {} : { signal }) }
      return result(api.GET('/spreadsheets/{spreadsheetId}', call), signal)
    },

    /** The snapshots of a spreadsheet that are kept, newest first. */
    listSnapshots(spreadsheetId: string, { signal }: CallOptions = {}): Promise<SnapshotList> {
      const call = { params: { path: { spreadsheetId } }, ...(signal === undefined ? {} : { signal }) }
      return result(api.GET('/spreadsheets/{spreadsheetId}/snapshots', call), signal)
    },

    /** Erases every row of a spreadsheet that this key's syncs have downloaded; with an admin key, everybody's. */
    async eraseSpreadsheet(spreadsheetId: string, { signal }: CallOptions = {}): Promise<void> {
      const call = { params: { path: { spreadsheetId } }, ...(signal === undefined ? {} : { signal }) }
      await result(api.DELETE('/spreadsheets/{spreadsheetId}', call), signal)
    },

    /** What the API key of this client may do. */
    me({ signal }: CallOptions = {}): Promise<Me> {
      return result(api.GET('/me', signal === undefined ? {} : { signal }), signal)
    },

    /** How the service stands: budgets, queue, storage, processes. */
    status({ signal }: CallOptions = {}): Promise<ServiceStatus> {
      return result(api.GET('/status', signal === undefined ? {} : { signal }), signal)
    },

    /** The Google credentials that this key's syncs may read with, and how each fares. */
    async credentials({ signal }: CallOptions = {}): Promise<Credential[]> {
      return (await result(api.GET('/credentials', signal === undefined ? {} : { signal }), signal)).credentials
    },

    readTab,

    ...scheduleCalls(api, result),

    ...rowQuestions((path, accept, options, body) => getBytes(path, accept, options, body)),
  }
}

/** The ETag of a revision of a sync or a schedule, for `ifMatch`. */
export function revisionTag({ revision }: Pick<Sync, 'revision'>): string {
  return `"${revision}"`
}

/** The data of an answer; throws what an answer without any tells. */
async function result<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
  signal: AbortSignal | undefined,
): Promise<Exclude<T, undefined>> {
  const { data, error, response } = await reached(call, signal)
  if (!response.ok) throw answerError(response, typeof error === 'string' ? parsed(error) : error)
  return data as Exclude<T, undefined>
}

async function reached<T>(call: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw signal?.aborted ? signal.reason : networkError(error)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}
