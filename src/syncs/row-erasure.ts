import { AppError } from '../errors.ts'
import { ACTIVE_STATES } from '../model/sync.ts'
import type { SnapshotStore } from '../ports/snapshot-store.ts'
import { type Caller, mayRead } from './caller.ts'
import type { SyncService } from './sync-service.ts'

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
  const { syncs } = await service.list({ spreadsheetId, states: ACTIVE_STATES, pageSize: 1 }, caller)
  for (const { id, state } of syncs) {
    throw new AppError('SYNC_ACTIVE', `The sync ${id} of this spreadsheet is ${state}.`)
  }
  const erased = await snapshots.erase(spreadsheetId, caller.seesAll ? undefined : caller.name)
  // None of the syncs whose rows these were is active, so what one of them has staged is nobody's any more.
  await snapshots.sweepDrafts((syncId) => service.isLive(syncId))
  if (erased === 0) throw nothing
}
