import { isTerminal, type Sync } from '../model/sync.ts'
import { isCorruptRecord, isNewerRecord } from '../model/sync-record.ts'
import type { SyncStorage } from '../ports/sync-storage.ts'
import { isDraftKept } from './draft-adoption.ts'

/**
 * Whether somebody may still go on with a sync, so that what is staged for it has to stay: it has not ended, or has failed
 * and a retry may adopt its draft. `isErased`: whether that is of no more use, as its rows are to go.
 */
export async function isLive(
  storage: Pick<SyncStorage, 'get'>,
  syncId: string,
  now: Date,
  isErased: (sync: Sync) => boolean = () => false,
): Promise<boolean> {
  try {
    const sync = await storage.get(syncId)
    return sync !== undefined && (!isTerminal(sync) || (isDraftKept(sync, now) && !isErased(sync)))
  } catch (error) {
    // Without a status nobody can ever resume the sync; what a newer release has written it can resume.
    if (isCorruptRecord(error)) return false
    if (isNewerRecord(error)) return true
    throw error
  }
}
