import type { SnapshotManifest } from '../model/snapshot-manifest.ts'
import { SPREADSHEET_ID_PATTERN } from '../model/spreadsheet-reference.ts'
import { isSyncId } from '../model/sync-id.ts'
import type { DraftKey, SnapshotKey } from '../ports/snapshot-store.ts'

/** Whether a path may be made of these ids. */
export function isSnapshotKey({ spreadsheetId, syncId }: SnapshotKey): boolean {
  return SPREADSHEET_ID_PATTERN.test(spreadsheetId) && isSyncId(syncId)
}

export function isManifestOf({ syncId, spreadsheet }: SnapshotManifest, key: SnapshotKey): boolean {
  return syncId === key.syncId && spreadsheet.id === key.spreadsheetId
}

/** Throws a TypeError for a key that no path may be made of. */
export function assertDraftKey(key: DraftKey): void {
  if (isSnapshotKey(key) && Number.isSafeInteger(key.epoch) && key.epoch >= 0) return
  throw new TypeError('a draft needs a spreadsheet id, a sync id and an epoch')
}
