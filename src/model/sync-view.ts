import { z } from 'zod'
import { AppError } from '../errors.ts'
import { type Sync, syncFields } from './sync.ts'

/** A sync on the wire: all but who runs it and whose it is. */
export const syncView = syncFields
  .omit({
    lease: true,
    snapshotId: true,
    createdBy: true,
    identity: true,
    sealedToken: true,
    traceparent: true,
    keyed: true,
    background: true,
    ranMs: true,
    keepsDraft: true,
  })
  .extend({
    ownToken: z.boolean().describe("Whether a user's own token reads it, which every request about it then needs"),
  })
  .meta({ id: 'Sync' })
export type SyncView = z.output<typeof syncView>

/** The wire form of a sync. */
export function toView(sync: Sync): SyncView {
  const {
    lease: _lease,
    snapshotId: _snapshotId,
    createdBy: _createdBy,
    identity,
    sealedToken: _token,
    traceparent: _trace,
    keyed: _keyed,
    background: _background,
    ranMs: _ran,
    keepsDraft: _keepsDraft,
    ...view
  } = sync
  return { ...view, ownToken: identity !== null }
}

/** The wire form as JSON. Throws STATUS_CORRUPT for a sync that contradicts the schema, which no client could read. */
export function serializeView(sync: Sync | SyncView): string {
  const checked = syncView.safeParse('identity' in sync ? toView(sync) : sync)
  if (!checked.success) {
    throw new AppError('STATUS_CORRUPT', `The sync ${sync.id} holds what it must not.`, { cause: checked.error })
  }
  return JSON.stringify(checked.data)
}
