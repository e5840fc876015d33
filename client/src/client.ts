import createFetch from 'openapi-fetch'
import { answerError, networkError } from './error.ts'
import type { paths } from './schema.d.ts'
import type { Row, SnapshotManifest, Sync, SyncFile, SyncPage, SyncRequestBody } from './types.ts'
import { type WaitOptions, waitForSync } from './wait-for-sync.ts'

export interface ClientOptions {
  /** Where the service is, such as `http://127.0.0.1:3000`; in a browser a path of the page's own origin will do. */
  readonly baseUrl: string
  /** Sent as `Authorization: Bearer …`. Keep keys out of browsers that are not yours: let your server call, or pass the call on. */
  readonly apiKey?: string
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch
}

export interface CallOptions {
  readonly signal?: AbortSignal
}

export interface StartOptions extends CallOptions {
  /** Makes the start safe to repeat: within 24 hours the same key and body start one sync. */
  readonly idempotencyKey?: string
}

export type Client = ReturnType<typeof createClient>

/** A client of one Sheetsync service. Every call rejects with a `SheetsyncError`, or with the signal's reason. */
export function createClient({ baseUrl, apiKey, fetch: given }: ClientOptions) {
  const base = baseUrl.replace(/\/+$/, '')
  // Looked up at each call, so that a page may replace it; and called as the platform wants it, on nothing.
  const send: typeof globalThis.fetch = (...call) => (given ?? globalThis.fetch)(...call)
  const headers: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
  const api = createFetch<paths>({ baseUrl: base, headers, fetch: (request) => send(request) })

  function syncPath(id: string, signal: AbortSignal | undefined) {
    return { params: { path: { id } }, ...(signal === undefined ? {} : { signal }) }
  }

  /** The bytes of an address, for what is not an object of the interface. */
  async function getBytes(path: string, accept: string, signal: AbortSignal | undefined): Promise<Response> {
    const init = { headers: { ...headers, accept }, ...(signal === undefined ? {} : { signal }) }
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
  async function readTab(
    spreadsheetId: string,
    tab: string,
    { format = 'json', signal }: CallOptions & { readonly format?: 'json' | 'ndjson' | 'csv' } = {},
  ): Promise<unknown> {
    const path = `/spreadsheets/${encodeURIComponent(spreadsheetId)}/tabs/${encodeURIComponent(tab)}?format=${format}`
    const response = await getBytes(path, '*/*', signal)
    if (format === 'ndjson') return rowsOf(response)
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
      const get = (path: string, more: Readonly<Record<string, string>>, signal: AbortSignal) =>
        send(`${base}${path}`, { headers: { ...headers, ...more }, signal, cache: 'no-store' })
      return waitForSync(get, id, options)
    },

    /** One page of syncs, newest first. */
    listSyncs(
      query: { state?: string; spreadsheet?: string; pageSize?: string; pageToken?: string } = {},
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

    /** Forgets a finished sync; its rows stay. */
    async deleteSync(id: string, { signal }: CallOptions = {}): Promise<void> {
      await result(api.DELETE('/syncs/{id}', syncPath(id, signal)), signal)
    },

    /** The files of a succeeded sync. */
    async listFiles(id: string, { signal }: CallOptions = {}): Promise<SyncFile[]> {
      return (await result(api.GET('/syncs/{id}/files', syncPath(id, signal)), signal)).files
    },

    /** One file of a sync, as `listFiles` names it; its body is a stream. */
    openFile(id: string, name: string, { signal }: CallOptions = {}): Promise<Response> {
      return getBytes(`/syncs/${encodeURIComponent(id)}/files/${encodeURIComponent(name)}`, '*/*', signal)
    },

    /** What the latest snapshot of a spreadsheet holds. */
    getSpreadsheet(spreadsheetId: string, { signal }: CallOptions = {}): Promise<SnapshotManifest> {
      const call = { params: { path: { spreadsheetId } }, ...(signal === undefined ? {} : { signal }) }
      return result(api.GET('/spreadsheets/{spreadsheetId}', call), signal)
    },

    /** Erases every row of a spreadsheet that this key's syncs have downloaded; with an admin key, everybody's. */
    async eraseSpreadsheet(spreadsheetId: string, { signal }: CallOptions = {}): Promise<void> {
      const call = { params: { path: { spreadsheetId } }, ...(signal === undefined ? {} : { signal }) }
      await result(api.DELETE('/spreadsheets/{spreadsheetId}', call), signal)
    },

    readTab,
  }
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

async function* rowsOf(response: Response): AsyncGenerator<unknown> {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done = true, value } = (await reader?.read()) ?? {}
      const lines = (rest + decoder.decode(value, { stream: !done })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line !== '') yield JSON.parse(line)
      if (done) return
    }
  } catch (error) {
    throw error instanceof SyntaxError ? error : networkError(error)
  } finally {
    await reader?.cancel().catch(() => undefined)
  }
}
