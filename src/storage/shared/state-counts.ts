import { SYNC_STATES, type SyncState } from '../../model/sync.ts'
import type { StateCounts } from '../../ports/sync-storage.ts'

/** The counts of some states, 0 of the others. */
export function stateCounts(counted: Iterable<readonly [SyncState, number]>): StateCounts {
  const counts = new Map(counted)
  return Object.fromEntries(SYNC_STATES.map((state) => [state, counts.get(state) ?? 0])) as StateCounts
}
