import type { Sync } from '../../model/sync.ts'
import { toSyncRecord } from '../../model/sync-record.ts'
import type { SyncQuery } from '../../ports/sync-storage.ts'

/** A record as it is stored: JSON that begins with what the scripts compare, so that they need not parse it. */
const HEAD = /^\{"revision":\d+,"writeId":"[0-9a-z-]+",/

/** `writeId` names this one write: it differs even between two that store the same revision. */
export function formatRecord(sync: Sync, writeId: string): string {
  const { revision, ...rest } = toSyncRecord(sync)
  return JSON.stringify({ revision, writeId, ...rest })
}

/** The beginning of a stored text. No two writes share one, so it is the version. Empty for any that we did not write. */
export function headOf(text: string): string {
  return HEAD.exec(text)?.[0] ?? ''
}

/** Names of the indexes that a sync stands in. */
export function indexesOf(sync: Sync): string[] {
  return [
    'syncs',
    `state:${sync.state}`,
    `spreadsheet:${sync.spreadsheet.id}`,
    ...(sync.createdBy === null ? [] : [`created-by:${sync.createdBy}`]),
    ...(sync.webhook?.state === 'pending' ? ['webhook:pending'] : []),
  ]
}

/** The indexes that a wanted sync stands in: in one of each group. */
export function indexGroupsOf({ states, spreadsheetId, createdBy, webhook }: SyncQuery): string[][] {
  const groups = [
    states && [...new Set(states)].map((state) => `state:${state}`),
    spreadsheetId === undefined ? undefined : [`spreadsheet:${spreadsheetId}`],
    createdBy === undefined ? undefined : [`created-by:${createdBy}`],
    webhook && [`webhook:${webhook}`],
  ].filter((group) => group !== undefined)
  return groups.length === 0 ? [['syncs']] : groups
}
