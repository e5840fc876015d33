import type { Sync, SyncState } from '../../model/sync.ts'
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

export function stateIndex(state: SyncState): string {
  return `state:${state}`
}

/** Names of the indexes that a sync stands in. */
export function indexesOf(sync: Sync): string[] {
  return [
    'syncs',
    stateIndex(sync.state),
    `spreadsheet:${sync.spreadsheet.id}`,
    ...(sync.createdBy === null ? [] : [`created-by:${sync.createdBy}`]),
    ...(sync.scheduleId === null ? [] : [`schedule:${sync.scheduleId}`]),
    ...(sync.webhook?.state === 'pending' ? ['webhook:pending'] : []),
  ]
}

/** Names of the indexes that a sync stands in once its status has expired. */
export function historyIndexesOf(sync: Sync): string[] {
  return indexesOf(sync)
    .filter((name) => !name.startsWith('webhook:'))
    .map(inHistory)
}

function inHistory(name: string): string {
  return `history:${name}`
}

/** The indexes that a wanted sync stands in: in one of each group. `history`: those of the history count too. */
export function indexGroupsOf(query: SyncQuery, { history }: { readonly history: boolean }): string[][] {
  const groups = statusGroupsOf(query)
  // What waits for its webhook is never in the history.
  return history && query.webhook === undefined ? groups.map((names) => [...names, ...names.map(inHistory)]) : groups
}

function statusGroupsOf({ states, spreadsheetId, createdBy, scheduleId, webhook }: SyncQuery): string[][] {
  const groups = [
    states && [...new Set(states)].map(stateIndex),
    spreadsheetId === undefined ? undefined : [`spreadsheet:${spreadsheetId}`],
    createdBy === undefined ? undefined : [`created-by:${createdBy}`],
    scheduleId === undefined ? undefined : [`schedule:${scheduleId}`],
    webhook && [`webhook:${webhook}`],
  ].filter((group) => group !== undefined)
  return groups.length === 0 ? [['syncs']] : groups
}
