import type { SheetsyncError } from 'sheetsync-client'
import type { Filters } from './filters.ts'
import { getPage, pause } from './list-feed.ts'
import { client, toError } from './session.ts'
import { noteSync } from './syncs.ts'

export type BulkAction = 'retry' | 'cancel'

/** The states in which a sync can be retried, or cancelled. */
const STATES: Readonly<Record<BulkAction, readonly string[]>> = {
  retry: ['failed', 'cancelled'],
  cancel: ['queued', 'running', 'interrupted'],
}

/** Syncs that one action does at the most. */
export const MOST_AT_ONCE = 10_000
const SIDE_BY_SIDE = 4
/** Kinds of errors that are told apart. */
const MOST_KINDS = 20

/** The ids of those that the filters show and the action can be done to, oldest first; none that was retried already. */
export async function idsFor(
  action: BulkAction,
  filters: Filters,
  { signal, onCount }: { readonly signal: AbortSignal; readonly onCount: (count: number) => void },
): Promise<string[]> {
  const possible = STATES[action]
  const state = filters.state.length === 0 ? possible : possible.filter((one) => filters.state.includes(one))
  if (state.length === 0) return []
  const ids = new Set<string>()
  const retried = new Set<string>()
  let pageToken: string | null = ''
  while (pageToken !== null && ids.size < MOST_AT_ONCE) {
    const page = await getPage({ ...filters, state }, { pageSize: 1000, ...(pageToken && { pageToken }) }, signal)
    for (const { id, retryOf } of page.syncs) {
      if (retryOf !== null) retried.add(retryOf)
      if (!retried.has(id)) ids.add(id)
    }
    pageToken = page.nextPageToken
    onCount(ids.size)
  }
  return [...ids].slice(0, MOST_AT_ONCE).reverse()
}

export interface BulkProgress {
  readonly done: number
  readonly failed: number
  /** One error of each code, and how often it came. */
  readonly errors: ReadonlyMap<string, { readonly error: SheetsyncError; readonly count: number }>
}

/** Does it to each, some side by side; waits where the service asks for it. */
export async function doAll(
  action: BulkAction,
  ids: readonly string[],
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (progress: BulkProgress) => void },
): Promise<void> {
  const left = ids.values()
  const errors = new Map<string, { error: SheetsyncError; count: number }>()
  let done = 0
  let failed = 0
  const work = async () => {
    for (const id of left) {
      try {
        noteSync(await insistently(() => client.peek()[action](id, { signal }), signal))
        done += 1
      } catch (thrown) {
        if (signal.aborted) return
        const error = toError(thrown)
        failed += 1
        const known = errors.get(error.code)
        if (known !== undefined || errors.size < MOST_KINDS)
          errors.set(error.code, { error, count: (known?.count ?? 0) + 1 })
      }
      onProgress({ done, failed, errors })
    }
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work))
}

const TRIES = 5

/** Does it again, after the pause that the service names, where it is only too much for now. */
async function insistently<T>(action: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await action()
    } catch (thrown) {
      const error = toError(thrown)
      if (signal.aborted || tries === TRIES || (error.status !== 429 && error.status !== 503 && error.status !== 0))
        throw error
      await pause(error.retryAfterMs ?? 1000 * tries, signal)
    }
  }
}
