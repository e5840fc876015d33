import { isTerminal, type Sync } from '../model/sync.ts'
import { madeAt } from '../model/sync-id.ts'
import { isCorruptRecord, isNewerRecord } from '../model/sync-record.ts'
import type { SyncStorage } from '../ports/sync-storage.ts'
import { isDraftKept } from './draft-adoption.ts'

/** Milliseconds for which a sync without a record may be one that is about to get it, with the draft that it has adopted. */
const UNRECORDED_MS = 60_000

/**
 * Whether somebody may still go on with a sync, so that what is staged for it has to stay: it has not ended, or has failed
 * and a retry may adopt its draft, or is a retry that is not recorded yet. `isErased`: whether what is kept for a retry is of
 * no more use, as its rows are to go; with it, what has no record goes too, as nobody knows whose rows those are.
 */
export async function isLive(
  storage: Pick<SyncStorage, 'get'>,
  syncId: string,
  now: Date,
  isErased?: (sync: Sync) => boolean,
): Promise<boolean> {
  try {
    const sync = await storage.get(syncId)
    if (sync === undefined) return isErased === undefined && Math.abs(now.getTime() - madeAt(syncId)) < UNRECORDED_MS
    return !isTerminal(sync) || (isDraftKept(sync, now) && isErased?.(sync) !== true)
  } catch (error) {
    // Without a status nobody can ever resume the sync; what a newer release has written it can resume.
    if (isCorruptRecord(error)) return false
    if (isNewerRecord(error)) return true
    throw error
  }
}
