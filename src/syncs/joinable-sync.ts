import { ACTIVE_STATES, type Sync } from '../model/sync.ts'
import { isSameDownload } from '../model/sync-request.ts'
import { paginate, type SyncStorage } from '../ports/sync-storage.ts'
import type { NewSync } from './new-sync.ts'

/**
 * The active sync that a new one may join: the same download, asked for by the same key and read with the tokens of
 * the same user if with any, which notifies whoever the new
 * one has notified. Rejects with the signal's reason once it is aborted.
 */
export async function findJoinable(
  storage: Pick<SyncStorage, 'list'>,
  { spreadsheetId, request, createdBy, own, webhookUrl }: NewSync,
  signal: AbortSignal,
): Promise<Sync | undefined> {
  // Not even an administrator's: what is joined must go on when others cancel what is theirs.
  const query = {
    states: ACTIVE_STATES,
    spreadsheetId,
    createdBy: createdBy ?? undefined,
    signal,
  }
  for await (const sync of paginate(storage, query)) {
    // What a user's own token reads is that user's alone.
    if (sync.identity !== (own?.identity ?? null)) continue
    // A sync that is being cancelled will not deliver, so nobody is made to wait for it.
    if (sync.state === 'cancelling' || !isSameDownload(sync.request, request)) continue
    // It notifies one URL of its end; whoever wants another notified would wait for ever.
    if (webhookUrl === undefined || webhookUrl === sync.webhook?.url) return sync
  }
  return undefined
}

/** The same for requests that may join each other. */
export function downloadKey({ spreadsheetId, request, createdBy, own }: NewSync): string {
  return JSON.stringify([spreadsheetId, createdBy, own?.identity ?? null, { ...request, ifActive: undefined }])
}
