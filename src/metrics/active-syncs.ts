import { withTimeout } from '../concurrency/timeout.ts'
import { ACTIVE_STATES, type ActiveState } from '../model/sync.ts'
import type { Clock } from '../ports/clock.ts'
import { paginate, type SyncStorage } from '../ports/sync-storage.ts'

/** Milliseconds for which one count answers every scrape. */
const COUNT_TTL_MS = 2000

/** Milliseconds after which a scrape does not wait for a storage that hangs. */
const COUNT_TIMEOUT_MS = 1000

export type ActiveCounts = Readonly<Record<ActiveState, number>>

/**
 * Counts the syncs that have not ended, of every process that shares the storage. The storage finds those by state,
 * without reading the ones that have ended. Resolves to `undefined` while the storage does not answer.
 */
export function countActive(storage: Pick<SyncStorage, 'list'>, clock: Clock): () => Promise<ActiveCounts | undefined> {
  let latest: { readonly at: number; readonly counts: Promise<ActiveCounts | undefined> } | undefined
  return async () => {
    if (latest === undefined || clock.monotonic() - latest.at > COUNT_TTL_MS) {
      // A storage that fails is counted where it fails; a scrape only leaves these lines out.
      latest = { at: clock.monotonic(), counts: count(storage).catch(() => undefined) }
    }
    // The count itself never rejects: this is its timeout.
    return withTimeout(latest.counts, COUNT_TIMEOUT_MS, 'the count of active syncs', clock).catch(() => undefined)
  }
}

async function count(storage: Pick<SyncStorage, 'list'>): Promise<ActiveCounts> {
  const counts = { queued: 0, running: 0, cancelling: 0, interrupted: 0 }
  for await (const { state } of paginate(storage, { states: ACTIVE_STATES })) {
    if (state in counts) counts[state as ActiveState] += 1
  }
  return counts
}
