import { z } from 'zod'
import { AppError } from '../errors.ts'
import { problem } from './problem.ts'
import { SYNC_STATES, type Sync } from './sync.ts'
import { SYNC_ID_PATTERN } from './sync-id.ts'
import { count, instant, syncProgress, syncTab, syncWarning, syncWebhook } from './sync-parts.ts'
import { syncRequest } from './sync-request.ts'

/** A sync on the wire. */
export const syncView = z
  .object({
    id: z.string().regex(SYNC_ID_PATTERN),
    state: z.enum(SYNC_STATES),
    revision: z.int().min(1).describe('Grows by one at every visible change; the ETag'),
    spreadsheet: z.object({
      id: z.string(),
      title: z.string().nullable(),
      url: z.string(),
      version: z.string().nullable().describe("Drive's version of the spreadsheet"),
    }),
    request: syncRequest,
    progress: syncProgress,
    tabs: z.array(syncTab),
    warnings: z.array(syncWarning),
    outcome: z.enum(['downloaded', 'unchanged']).nullable(),
    consistent: z.union([z.boolean(), z.literal('unknown')]).nullable(),
    error: problem.nullable(),
    attempt: count.describe('How often the sync was begun, resumptions included'),
    retryOf: z.string().nullable(),
    labels: z.record(z.string(), z.string()),
    webhook: syncWebhook.nullable().describe('How its end is told; null when nobody asked for that'),
    createdAt: instant,
    startedAt: instant.nullable(),
    updatedAt: instant,
    finishedAt: instant.nullable(),
    expiresAt: instant.nullable().describe('When the status is forgotten; the rows stay'),
    pollAfterMs: z.int().nullable().describe('How long to wait before the next poll; null once finished'),
  })
  .meta({ id: 'Sync' })
export type SyncView = z.output<typeof syncView>

/** The wire form of a sync: what is stored, without who runs it and whose it is. */
export function toView(sync: Sync): SyncView {
  const { lease: _lease, snapshotId: _snapshotId, createdBy: _createdBy, traceparent: _traceparent, ...view } = sync
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
