import { isTerminal } from '../model/sync.ts'
import { isCorruptRecord, isNewerRecord } from '../model/sync-record.ts'
import type { SyncStorage } from '../ports/sync-storage.ts'

/** Whether somebody may still go on with a sync, so that what is staged for it has to stay. */
export async function isLive(storage: Pick<SyncStorage, 'get'>, syncId: string): Promise<boolean> {
  try {
    const sync = await storage.get(syncId)
    return sync !== undefined && !isTerminal(sync)
  } catch (error) {
    // Without a status nobody can ever resume the sync; what a newer release has written it can resume.
    if (isCorruptRecord(error)) return false
    if (isNewerRecord(error)) return true
    throw error
  }
}
