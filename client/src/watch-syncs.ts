import { answerError, jsonOf, networkError, retryAfterMsOf, SheetsyncError } from './error.ts'
import { readEvents } from './event-stream.ts'
import { limited, SILENCE_MS } from './limited-signal.ts'
import { backoffMs, pause } from './pause.ts'
import type { Sync, SyncFilters } from './types.ts'
import type { Get } from './wait-for-sync.ts'

/** What happens to a list of syncs. */
export type SyncListEvent =
  /** List the syncs now: the stream has begun, anew after a break, or it cannot tell what has changed. */
  | { readonly type: 'ready' | 'reset' }
  /** The sync is in the list, new or changed. */
  | { readonly type: 'sync'; readonly sync: Sync }
  /** It is in the list no more, if it ever was. */
  | { readonly type: 'removed'; readonly id: string }

export interface WatchOptions {
  /** Ends it: the generator throws the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Told of each break, before the stream is opened anew: what went wrong, or nothing where the service has ended it. */
  readonly onBreak?: (error?: SheetsyncError) => void
}

/** Milliseconds in which a stream must show its first byte. */
const FIRST_BYTE_MS = 15_000

/**
 * The changes of a list of syncs as they come, without end, over restarts of the service; ends by throwing, the signal's
 * reason or a {@link SheetsyncError} for what waiting cannot mend.
 */
export async function* watchSyncs(
  get: Get,
  filters: SyncFilters,
  { signal, onBreak }: WatchOptions,
): AsyncGenerator<SyncListEvent, never, undefined> {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(filters)) {
    for (const one of [value].flat()) if (one !== undefined) search.append(name, String(one))
  }
  const path = `/syncs/events${search.size === 0 ? '' : `?${search}`}`
  for (let faults = 0; ; ) {
    signal?.throwIfAborted()
    const limit = limited(signal, FIRST_BYTE_MS)
    let waitMs: number | undefined
    let fault: SheetsyncError | undefined
    try {
      const response = await get(path, { accept: 'text/event-stream' }, limit.signal)
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
      if (!response.ok || !isStream || response.body === null) {
        waitMs = retryAfterMsOf(response)
        throw answerError(response, await jsonOf(response))
      }
      for await (const { event, retryMs } of readEvents(response.body)) {
        limit.extend(SILENCE_MS)
        waitMs = retryMs
        const told = event && toListEvent(event)
        if (told === undefined) continue
        faults = 0
        yield told
      }
    } catch (error) {
      signal?.throwIfAborted()
      faults += 1
      fault = error instanceof SheetsyncError ? error : networkError(error)
      const { status } = fault
      if (status >= 400 && status < 500 && ![408, 425, 429].includes(status)) throw fault
    } finally {
      limit.close()
    }
    onBreak?.(fault)
    await pause(Math.max(faults === 0 ? 0 : backoffMs(faults), (waitMs ?? 1000) * Math.random()), signal)
  }
}

function toListEvent({ type, data }: { readonly type: string; readonly data: string }): SyncListEvent | undefined {
  if (type === 'ready' || type === 'reset') return { type }
  if (type === 'removed') return { type, id: (JSON.parse(data) as { readonly id: string }).id }
  if (type === 'sync') return { type, sync: JSON.parse(data) as Sync }
  return undefined
}
