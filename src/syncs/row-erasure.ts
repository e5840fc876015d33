import { AppError } from '../errors.ts'
import { ACTIVE_STATES } from '../model/sync.ts'
import type { SnapshotStore } from '../ports/snapshot-store.ts'
import { type Caller, mayRead, maySee } from './caller.ts'
import type { SyncService } from './sync-service.ts'

/** Active syncs that are looked at in one go. */
const PAGE_SIZE = 100

interface RowErasure {
  readonly service: Pick<SyncService, 'list' | 'isLive'>
  readonly snapshots: Pick<SnapshotStore, 'erase' | 'sweepDrafts'>
}

/**
 * Erases the rows of a spreadsheet that the caller's syncs have published, everybody's for a caller who sees all, and what
 * was staged and is not gone on with. Rejects with SYNC_ACTIVE while such a sync is active, and with SNAPSHOT_NOT_FOUND
 * when there were no rows. A sync that starts after that look belongs after the erasure: what it publishes stays, unless
 * it is there when the snapshots are listed; then it goes whole.
 */
export async function eraseRows(
  { service, snapshots }: RowErasure,
  spreadsheetId: string,
  caller: Caller,
): Promise<void> {
  const nothing = new AppError('SNAPSHOT_NOT_FOUND', `There are no rows of ${spreadsheetId} to erase.`)
  if (!mayRead(caller, spreadsheetId)) throw nothing
  const active = { spreadsheetId, states: ACTIVE_STATES, pageSize: PAGE_SIZE }
  let pageToken: string | undefined
  do {
    // A page may be of what the caller may not see.
    const page = await service.list({ ...active, pageToken }, caller)
    for (const { id, state } of page.syncs) {
      throw new AppError('SYNC_ACTIVE', `The sync ${id} of this spreadsheet is ${state}.`)
    }
    pageToken = page.nextPageToken
  } while (pageToken !== undefined)
  const { seesAll, identities } = caller
  // Whose an unreadable one is nobody knows.
  const erased = await snapshots.erase(spreadsheetId, (manifest) =>
    manifest === undefined ? seesAll && identities === undefined : maySee(caller, manifest),
  )
  // None of the syncs whose rows these were is active, so what one of them has staged is nobody's any more: what a failed
  // one keeps for a retry is of these rows too.
  await snapshots.sweepDrafts((syncId) =>
    service.isLive(syncId, (sync) => sync.spreadsheet.id === spreadsheetId && maySee(caller, sync)),
  )
  if (erased === 0) throw nothing
}
