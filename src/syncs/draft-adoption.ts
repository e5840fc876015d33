import { withTimeout } from '../concurrency/timeout.ts'
import type { Sync } from '../model/sync.ts'
import type { Clock } from '../ports/clock.ts'
import { type Log, silentLog } from '../ports/log.ts'
import type { SnapshotStore } from '../ports/snapshot-store.ts'
import { paginate, type SyncStorage } from '../ports/sync-storage.ts'
import { stamp } from './change-time.ts'

/** Drafts of failed syncs that are kept at a time for one API key; without keys in all. */
const MOST_KEPT = 10

/** Milliseconds that a retry waits at most for the draft to be moved; without it the download begins anew. */
const ADOPTION_MS = 800

/** Whether what a failed sync had staged waits for a retry: for as long as its status is kept. */
export function isDraftKept(sync: Sync, now: Date): boolean {
  return sync.keepsDraft && sync.expiresAt !== null && Date.parse(sync.expiresAt) > now.getTime()
}

/**
 * The failed sync once its draft is another's: of all retries only the one that stores this, by compare-and-swap, may
 * move the draft.
 */
export function releaseDraft<T extends Sync>(failed: T, now: Date): T {
  return { ...failed, keepsDraft: false, revision: failed.revision + 1, updatedAt: stamp(failed, now) }
}

/** Whether the draft of one more sync of this key, that is about to fail, may be kept. */
export async function hasRoomForDraft(
  storage: Pick<SyncStorage, 'list'>,
  createdBy: string | null,
  now: Date,
): Promise<boolean> {
  let kept = 0
  for await (const sync of paginate(storage, { states: ['failed'], createdBy: createdBy ?? undefined })) {
    if (isDraftKept(sync, now)) kept += 1
    if (kept === MOST_KEPT) return false
  }
  return true
}

interface DraftAdoption {
  readonly storage: Pick<SyncStorage, 'get' | 'replace'>
  readonly snapshots: Pick<SnapshotStore, 'moveDraft'>
  readonly clock: Clock
  readonly log?: Log | undefined
}

/**
 * Gives the draft that a failed sync keeps to the retry of this id, which is to be recorded next: for a minute no sweep
 * removes what has no record. Never rejects: a retry that gets none downloads all. Cut off anywhere, no more than the draft
 * is lost.
 */
export async function adoptDraft(options: DraftAdoption, failed: Sync, retryId: string): Promise<void> {
  const { clock, log = silentLog } = options
  if (!failed.keepsDraft) return
  try {
    const isAdopted = await withTimeout(move(options, failed, retryId), ADOPTION_MS, 'the draft of a sync', clock)
    log.info({ syncId: retryId, retryOf: failed.id, isAdopted }, 'a sync is retried whose draft was kept')
  } catch (err) {
    log.warn({ err, syncId: retryId, retryOf: failed.id }, 'the draft of a failed sync could not be moved to its retry')
  }
}

async function move({ storage, snapshots, clock }: DraftAdoption, failed: Sync, retryId: string): Promise<boolean> {
  for (let sync: Sync | undefined = failed; sync?.keepsDraft === true; sync = await storage.get(failed.id)) {
    if (!(await storage.replace(releaseDraft(sync, clock.now()), sync.revision))) continue
    return snapshots.moveDraft({ spreadsheetId: sync.spreadsheet.id, syncId: sync.id }, retryId)
  }
  return false
}
