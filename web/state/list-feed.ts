import { readEvents } from 'sheetsync-client/event-stream'
import type { Sync, SyncPage } from '../../client/src/types.ts'
import { type Filters, filterParameters } from './filters.ts'
import { call, getJson, toError } from './session.ts'

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
/** Milliseconds of silence after which a stream counts as broken; a sign of life comes every 15 s. */
const SILENCE_MS = 25_000

/** Lists syncs and follows what becomes of them until the signal is aborted. Rejects where asking again is no help. */
export async function followList(filters: Filters, sink: ListSink, signal: AbortSignal): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    try {
      const response = await openStream(filters, signal)
      if (response === undefined) {
        sink.listed(await newest(filters, signal))
        sink.feed('polling')
        failures = 0
        await pause(POLL_MS, signal)
        continue
      }
      for await (const type of streamInto(response, filters, sink, signal)) if (type === 'listed') failures = 0
      sink.feed('connecting')
    } catch (thrown) {
      if (signal.aborted) return
      const error = toError(thrown)
      if (error.status >= 400 && error.status < 500 && error.status !== 408 && error.status !== 429) throw error
      sink.feed('gone')
    }
    failures += 1
    await pause(Math.min(250 * 2 ** failures, 5000) * (0.75 + Math.random() / 2), signal)
  }
}

/** The stream; `undefined` where there is no room for one more. */
async function openStream(filters: Filters, signal: AbortSignal): Promise<Response | undefined> {
  try {
    return await call(`/syncs/events?${query(filters)}`, { accept: 'text/event-stream', signal })
  } catch (thrown) {
    if (toError(thrown).status === 429) return undefined
    throw thrown
  }
}

/** The stream is open before the list is read, so that no change falls in between: what both tell, revisions sort out. */
async function* streamInto(response: Response, filters: Filters, sink: ListSink, signal: AbortSignal) {
  if (response.body === null) return
  const silence = new AbortController()
  let timer = setTimeout(() => silence.abort(), SILENCE_MS)
  const body = response.body.pipeThrough(new TransformStream(), { signal: AbortSignal.any([signal, silence.signal]) })
  try {
    for await (const { event } of readEvents(body)) {
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), SILENCE_MS)
      if (event === undefined) continue
      if (event.type === 'ready' || event.type === 'reset') {
        sink.listed(await newest(filters, signal))
        sink.feed('live')
        yield 'listed'
      } else if (event.type === 'sync') sink.put(JSON.parse(event.data) as Sync)
      else if (event.type === 'removed') sink.drop((JSON.parse(event.data) as { id: string }).id)
    }
  } finally {
    clearTimeout(timer)
  }
}

function newest(filters: Filters, signal: AbortSignal): Promise<SyncPage> {
  return getPage(filters, { pageSize: 100 }, signal)
}

/** One page of the syncs that the filters let through. */
export function getPage(
  filters: Filters,
  page: { readonly pageSize: number; readonly pageToken?: string },
  signal?: AbortSignal,
): Promise<SyncPage> {
  const parameters = query(filters)
  for (const [name, value] of Object.entries(page)) parameters.set(name, String(value))
  return getJson<SyncPage>(`/syncs?${parameters}`, signal)
}

function query(filters: Filters): URLSearchParams {
  return new URLSearchParams(filterParameters(filters))
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
