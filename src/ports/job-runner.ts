import type { ActiveSync } from '../model/sync.ts'
import type { SyncReport, SyncResult } from '../model/sync-report.ts'

/**
 * Gets queued syncs executed, each by one owner at a time. The storage owns the truth: a job carries the id of its sync
 * only, and a sync that was recorded but never enqueued is found and executed all the same within 10 s.
 */
export interface JobRunner {
  start(): Promise<void>
  /**
   * Enqueues a recorded sync. Enqueuing it twice is harmless. One in the background, for which nobody waits, may be left to
   * the scan, so that it never stands before those that somebody waits for.
   */
  enqueue(syncId: string, options?: { readonly background?: boolean }): Promise<void>
  /** Notifies that a cancel was recorded, so that a running job stops at once instead of at its next poll. */
  notifyCancel(syncId: string): void
  /** Accepts no more work, has running jobs save their checkpoint, records them as `interrupted`, and lets go. Idempotent. */
  close(): Promise<void>
}

/** Executes one claimed sync up to the published snapshot. The runner records its outcome. */
export type SyncJob = (sync: ActiveSync, context: JobContext) => Promise<SyncResult>

export interface JobContext {
  /** Aborted with a {@link JobStop} as its reason: the job saves what it has and rejects with that reason. */
  readonly signal: AbortSignal
  /** Reports progress. Cheap: call it as often as it changes, the runner writes it at most four times a second. */
  report(report: SyncReport): void
  /** Is released while nothing can be done for long; absent where nobody waits for it. */
  readonly slot?: Slot | undefined
}

/** The right to be one of the syncs that run at once. The job begins with it. */
export interface Slot {
  /** Lets a sync of an owner who has fewer slots run in its place, at once or as soon as one comes, until `acquire`. */
  offer(): void
  /** Lets any other sync run in its place. Does nothing when another one does so already. */
  release(): void
  /** Resolves once the job has the right again, before syncs of its owner that have not begun get theirs. A job that stops waits for none. */
  acquire(): Promise<void>
}

/**
 * Why a job must stop: `cancelled` (its user asked), `interrupted` (the service goes down, the sync is resumed later),
 * `superseded` (another owner has claimed the sync: publish nothing), `deadline` (it took too long).
 */
export class JobStop extends Error {
  override readonly name = 'JobStop'
  readonly why: 'cancelled' | 'interrupted' | 'superseded' | 'deadline'

  constructor(why: JobStop['why']) {
    super(`the job was stopped: ${why}`)
    this.why = why
  }
}
