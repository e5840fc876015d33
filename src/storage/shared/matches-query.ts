import type { Sync } from '../../model/sync.ts'
import type { SyncQuery } from '../../ports/sync-storage.ts'

/** Whether a sync is one that the query asks for; its page is another matter. */
export function matchesQuery(sync: Sync, query: SyncQuery): boolean {
  const { states, spreadsheetId, createdBy, webhook } = query
  return (
    (states === undefined || states.includes(sync.state)) &&
    (spreadsheetId === undefined || sync.spreadsheet.id === spreadsheetId) &&
    (createdBy === undefined || sync.createdBy === createdBy) &&
    (webhook === undefined || sync.webhook?.state === webhook)
  )
}
