import type { SyncChanges } from '../model/sync.ts'
import type { SnapshotKey } from './snapshot-store.ts'

/** Counts what a snapshot has changed. */
export interface ChangeCounter {
  /**
   * Resolves to how many rows were added and removed since the newest earlier snapshot of the same shape; to `null` where
   * there is none, nothing can be counted, it would take too long, or the signal is aborted. Never rejects.
   */
  count(key: SnapshotKey, signal: AbortSignal): Promise<SyncChanges | null>
}
