import createFetch from 'openapi-fetch'
import { answerError, jsonOf, reached, result } from './error.ts'
import { type CallOptions, signalOf } from './limited-signal.ts'
import { rowQuestions } from './row-questions.ts'
import { scheduleCalls } from './schedules.ts'
import type { paths } from './schema.d.ts'
import type {
  Credential,
  Me,
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
import { type SyncListEvent, type WatchOptions, watchSyncs } from './watch-syncs.ts'

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

  const ofSync = (id: string, options: CallOptions) => ({ params: { path: { id } }, ...signalOf(options) })
  const ofSpreadsheet = (spreadsheetId: string, options: CallOptions) => ({
    params: { path: { spreadsheetId } },
    ...signalOf(options),
  })

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
    const own = await reached(tokenHeader(), { signal })
    const init = {
      ...posted,
      headers: { ...headers, ...own, ...type, accept },
      ...signalOf({ signal }),
    }
    const response = await reached(send(`${base}${path}`, init), { signal })
    if (response.ok) return response
    throw answerError(response, await reached(jsonOf(response), { signal }))
  }

  return {
    /** Starts a sync, or joins the active one of the same request; resolves once it is recorded durably. */
    startSync(body: SyncRequestBody, { idempotencyKey, ...options }: StartOptions = {}): Promise<Sync> {
      const extra = idempotencyKey === undefined ? {} : { headers: { 'idempotency-key': idempotencyKey } }
      return result(api.POST('/syncs', { body, ...extra, ...signalOf(options) }), options)
    },

    /** The sync as it is now. */
    getSync(id: string, options: CallOptions = {}): Promise<Sync> {
      return result(api.GET('/syncs/{id}', ofSync(id, options)), options)
    },

    /** Resolves to the sync once it has finished: look at its `state`. Sits out restarts of the service. */
    waitForSync(id: string, options: WaitOptions = {}): Promise<Sync> {
      return waitForSync(getFresh, id, options)
    },

    /**
     * The changes of a list of syncs as they come; list them at each `ready` and `reset`. Ends when the signal is aborted,
     * by throwing its reason, and sits out restarts of the service.
     */
    watchSyncs(filters: SyncFilters = {}, options: WatchOptions = {}): AsyncGenerator<SyncListEvent, never, undefined> {
      return watchSyncs(getFresh, filters, options)
    },

    /** One page of syncs, newest first; with `label`, `code` or `q` it may hold none though more follow. */
    listSyncs(
      query: SyncFilters & { pageSize?: string; pageToken?: string } = {},
      options: CallOptions = {},
    ): Promise<SyncPage> {
      return result(api.GET('/syncs', { params: { query }, ...signalOf(options) }), options)
    },

    /** Asks an active sync to end; resolves before it has. */
    cancel(id: string, options: CallOptions = {}): Promise<Sync> {
      return result(api.POST('/syncs/{id}/cancel', ofSync(id, options)), options)
    },

    /** Starts a failed or cancelled sync once more, under a new id. */
    retry(id: string, options: CallOptions = {}): Promise<Sync> {
      return result(api.POST('/syncs/{id}/retry', ofSync(id, options)), options)
    },

    /** Has the webhook of a finished sync sent again. */
    redeliverWebhook(id: string, options: CallOptions = {}): Promise<Sync> {
      return result(api.POST('/syncs/{id}/webhook/redeliver', ofSync(id, options)), options)
    },

    /** Forgets a finished sync; its rows stay. */
    async deleteSync(id: string, { ifMatch, ...options }: DeleteOptions = {}): Promise<void> {
      const condition = ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } }
      await result(api.DELETE('/syncs/{id}', { ...ofSync(id, options), ...condition }), options)
    },

    /** The files of a succeeded sync. */
    async listFiles(id: string, options: CallOptions = {}): Promise<SyncFile[]> {
      return (await result(api.GET('/syncs/{id}/files', ofSync(id, options)), options)).files
    },

    /** One file of a sync, as `listFiles` names it; its body is a stream. */
    openFile(id: string, name: string, options: CallOptions = {}): Promise<Response> {
      return getBytes(`/syncs/${encodeURIComponent(id)}/files/${encodeURIComponent(name)}`, '*/*', options)
    },

    /** What the latest snapshot of a spreadsheet holds. */
    getSpreadsheet(spreadsheetId: string, options: CallOptions = {}): Promise<SnapshotManifest> {
      return result(api.GET('/spreadsheets/{spreadsheetId}', ofSpreadsheet(spreadsheetId, options)), options)
    },

    /** The snapshots of a spreadsheet that are kept, newest first. */
    listSnapshots(spreadsheetId: string, options: CallOptions = {}): Promise<SnapshotList> {
      return result(api.GET('/spreadsheets/{spreadsheetId}/snapshots', ofSpreadsheet(spreadsheetId, options)), options)
    },

    /** Erases every row of a spreadsheet that this key's syncs have downloaded; with an admin key, everybody's. */
    async eraseSpreadsheet(spreadsheetId: string, options: CallOptions = {}): Promise<void> {
      await result(api.DELETE('/spreadsheets/{spreadsheetId}', ofSpreadsheet(spreadsheetId, options)), options)
    },

    /** What the API key of this client may do. */
    me(options: CallOptions = {}): Promise<Me> {
      return result(api.GET('/me', signalOf(options)), options)
    },

    /** How the service stands: budgets, queue, storage, processes. */
    status(options: CallOptions = {}): Promise<ServiceStatus> {
      return result(api.GET('/status', signalOf(options)), options)
    },

    /** The Google credentials that this key's syncs may read with, and how each fares. */
    async credentials(options: CallOptions = {}): Promise<Credential[]> {
      return (await result(api.GET('/credentials', signalOf(options)), options)).credentials
    },

    ...scheduleCalls(api),

    ...rowQuestions(getBytes),
  }
}

/** The ETag of a revision of a sync or a schedule, for `ifMatch`. */
export function revisionTag({ revision }: Pick<Sync, 'revision'>): string {
  return `"${revision}"`
}
