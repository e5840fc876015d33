import type { ActiveSync } from '../../src/model/sync.ts'
import { newSyncId } from '../../src/model/sync-id.ts'
import { normalizeRequest, type SyncRequestInput, syncRequestBody } from '../../src/model/sync-request.ts'
import { createSync } from '../../src/syncs/new-sync.ts'

/** A new sync as POST /syncs would record it. */
export function aQueuedSync(
  body: Partial<SyncRequestInput> = {},
  now = new Date('2026-01-01T00:00:00.000Z'),
): ActiveSync {
  const checked = syncRequestBody.parse({ spreadsheet: 'a-spreadsheet', ...body })
  const { labels, webhook } = checked
  const fresh = { id: newSyncId(), ...normalizeRequest(checked), labels, createdBy: null, webhookUrl: webhook?.url }
  return createSync(fresh, now)
}
