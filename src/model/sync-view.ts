import type { z } from 'zod'
import { AppError } from '../errors.ts'
import { type Sync, syncFields } from './sync.ts'

/** A sync on the wire: all but who runs it and whose it is. */
export const syncView = syncFields
  .omit({ lease: true, snapshotId: true, createdBy: true, traceparent: true, keyed: true, ranMs: true })
  .meta({ id: 'Sync' })
export type SyncView = z.output<typeof syncView>

/** The wire form of a sync. */
export function toView(sync: Sync): SyncView {
  const {
    lease: _lease,
    snapshotId: _snapshotId,
    createdBy: _createdBy,
    traceparent: _trace,
    keyed: _keyed,
    ranMs: _ran,
    ...view
  } = sync
  return view
}

/** The wire form as JSON. Throws STATUS_CORRUPT for a sync that contradicts the schema, which no client could read. */
export function serializeView(sync: SyncView): string {
  // What the schema does not name is left out by it, as toView does.
  const checked = syncView.safeParse(sync)
  if (!checked.success) {
    throw new AppError('STATUS_CORRUPT', `The sync ${sync.id} holds what it must not.`, { cause: checked.error })
  }
  return JSON.stringify(checked.data)
}
