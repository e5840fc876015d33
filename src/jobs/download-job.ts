import type { ActiveSync, SyncResult } from '../model/sync.ts'
import { type JobContext, JobStop, type SyncJob } from '../ports/job-runner.ts'
import { withFields } from '../ports/log.ts'
import { DraftSuperseded, type SnapshotDraft } from '../ports/snapshot-store.ts'
import { traceFields } from '../syncs/trace-context.ts'
import { Download, type DownloadOptions } from './download/download.ts'
import { resultOf } from './download/result.ts'
import { watchStore } from './download/slow-store.ts'

/** Makes the job that downloads spreadsheets: one claimed sync, from its checkpoint on, up to the published snapshot. */
export function createDownloadJob(options: DownloadOptions): SyncJob {
  return (sync, context) => {
    const log = withFields(options.log, traceFields(sync))
    return executeDownload({ ...options, log }, sync, context)
  }
}

async function executeDownload(deps: DownloadOptions, sync: ActiveSync, context: JobContext): Promise<SyncResult> {
  const { snapshots, log } = deps
  const key = { spreadsheetId: sync.spreadsheet.id, syncId: sync.id, epoch: sync.lease.epoch }
  const draft = await supersededAsStop(
    watchStore(snapshots.openDraft(key, context.signal), deps, (fault) => context.report({ progress: { fault } })),
  )
  try {
    context.signal.throwIfAborted()
    if (draft.published !== undefined) return resultOf(draft.published, sync, 'downloaded')
    const result = await new Download(deps, sync, context, draft).execute()
    // A snapshot of now takes the place of an old one; if that fails, the next one tries again.
    await snapshots.prune(sync.spreadsheet.id, context.signal).catch((error: unknown) => {
      log.warn({ err: error, syncId: sync.id }, 'old snapshots could not be removed')
    })
    return result
  } catch (error) {
    const cause: unknown = context.signal.aborted ? context.signal.reason : error
    const reason = cause instanceof DraftSuperseded ? new JobStop('superseded') : cause
    await closeDraft(deps, draft, reason, sync.id)
    throw reason
  }
}

/** What is checkpointed stays for whoever resumes the sync; of a sync that ends here, nothing does. */
async function closeDraft(
  { log }: DownloadOptions,
  draft: SnapshotDraft,
  reason: unknown,
  syncId: string,
): Promise<void> {
  const isResumed = reason instanceof JobStop && (reason.why === 'interrupted' || reason.why === 'superseded')
  try {
    await (isResumed ? draft.close() : draft.discard())
  } catch (error) {
    log.warn({ err: error, syncId }, 'a draft could not be put away; the sweeper will')
  }
}

async function supersededAsStop<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw error instanceof DraftSuperseded ? new JobStop('superseded') : error
  }
}
