import { watchSlow } from '../../concurrency/slow-work.ts'
import type { SyncFault } from '../../model/sync.ts'
import type { Clock } from '../../ports/clock.ts'

/** Milliseconds after which work of the snapshot store that is still under way hinders a sync. */
const SLOW_MS = 5000

export interface StoreWatchOptions {
  readonly clock: Clock
  /** Milliseconds after which work of the snapshot store hinders a sync; default 5 s. */
  readonly slowStoreMs?: number
}

/** Settles as work of the snapshot store does. Calls `onFault` while that lets the sync wait, and with `null` after. */
export function watchStore<T>(
  work: Promise<T>,
  { clock, slowStoreMs = SLOW_MS }: StoreWatchOptions,
  onFault: (fault: SyncFault | null) => void,
): Promise<T> {
  const since = clock.now().toISOString()
  const detail = `The snapshot store has not answered for ${slowStoreMs / 1000} s.`
  return watchSlow(work, slowStoreMs, (isSlow) => {
    onFault(isSlow ? { code: 'STORAGE_UNAVAILABLE', detail, since, tries: 0, nextTryAt: null } : null)
  })
}
