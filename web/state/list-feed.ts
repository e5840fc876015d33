import type { SheetsyncError } from 'sheetsync-client'
import type { Sync, SyncFilters, SyncPage } from '../../client/src/types.ts'
import type { Filters } from './filters.ts'
import { client, toError } from './session.ts'

/** How the list is kept up to date. */
export type FeedState = 'connecting' | 'live' | 'polling' | 'gone'

export interface ListSink {
  /** The newest syncs, as they are now. */
  listed(page: SyncPage): void
  put(sync: Sync): void
  drop(id: string): void
  feed(state: FeedState): void
}

const POLL_MS = 2000

/** Lists syncs and follows what becomes of them until the signal is aborted. Rejects where asking again is no help. */
export async function followList(filters: Filters, sink: ListSink, signal: AbortSignal): Promise<void> {
  const newest = () => getPage(filters, { pageSize: 100 }, signal)
  let isRefused = false
  let isPolling = false
  /** While there is no room for one more stream. */
  const poll = async () => {
    if (isPolling) return
    isPolling = true
    while (isRefused && !signal.aborted) {
      const page = await newest().catch(() => undefined)
      if (isRefused && page !== undefined) {
        sink.listed(page)
        sink.feed('polling')
      }
      await pause(POLL_MS, signal)
    }
    isPolling = false
  }
  const onBreak = (error?: SheetsyncError) => {
    isRefused = error?.status === 429
    if (isRefused) void poll()
    else sink.feed(error === undefined ? 'connecting' : 'gone')
  }
  while (!signal.aborted) {
    try {
      // The stream is open before the list is read, so that no change falls in between: what both tell, revisions sort out.
      for await (const event of client.peek().watchSyncs(queryOf(filters), { signal, onBreak })) {
        isRefused = false
        if (event.type === 'sync') sink.put(event.sync)
        else if (event.type === 'removed') sink.drop(event.id)
        else {
          sink.listed(await newest())
          sink.feed('live')
        }
      }
    } catch (thrown) {
      isRefused = false
      if (signal.aborted) return
      const error = toError(thrown)
      if (error.status >= 400 && error.status < 500 && !error.retryable) throw error
      sink.feed('gone')
      await pause(POLL_MS, signal)
    }
  }
}

/** One page of the syncs that the filters let through. */
export function getPage(
  filters: Filters,
  { pageSize, pageToken }: { readonly pageSize: number; readonly pageToken?: string },
  signal?: AbortSignal,
): Promise<SyncPage> {
  const page = { pageSize: String(pageSize), ...(pageToken && { pageToken }) }
  return client.peek().listSyncs({ ...queryOf(filters), ...page }, { signal })
}

function queryOf({ state, label, ...texts }: Filters): SyncFilters {
  const given = Object.entries({ state: state.join(), ...texts }).filter(([, text]) => text !== '')
  return { label: [...label], ...Object.fromEntries(given) }
}

/** Waits so long, or until the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
}
