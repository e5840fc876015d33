import { AppError } from '../errors.ts'
import type { ActiveSync } from '../model/sync.ts'
import type { SyncReport, SyncResult } from '../model/sync-report.ts'
import { type JobContext, JobStop, type SyncJob } from '../ports/job-runner.ts'
import { withFields } from '../ports/log.ts'
import { DraftSuperseded, type SnapshotDraft } from '../ports/snapshot-store.ts'
import { refusePoisoned } from '../syncs/poisoned-sync.ts'
import { withReport } from '../syncs/sync.ts'
import { traceFields } from '../syncs/trace-context.ts'
import { Download } from './download/download.ts'
import { readCheckpoint } from './download/download-checkpoint.ts'
import type { DownloadOptions } from './download/download-options.ts'
import { resultOf } from './download/result.ts'
import { watchStore } from './download/slow-store.ts'

/** The longest pause, in milliseconds, while no descriptor is free. */
const LONGEST_PAUSE_MS = 5000

/** Makes the job that downloads spreadsheets: one claimed sync, from its checkpoint on, up to the published snapshot. */
export function createDownloadJob(options: DownloadOptions): SyncJob {
  return (sync, context) => {
    const log = withFields(options.log, traceFields(sync))
    refusePoisoned(sync)
    return downloadPatiently({ ...options, log }, sync, context)
  }
}

/**
 * Executes a download. One that found no descriptor free waits, until its signal is aborted at the latest, and goes on
 * from its checkpoint: after a failed write nobody can say what the draft holds, until it was opened again.
 */
async function downloadPatiently(deps: DownloadOptions, sync: ActiveSync, context: JobContext): Promise<SyncResult> {
  const { clock, log } = deps
  let [current, tries, since] = [sync, 0, '']
  const report = (news: SyncReport) => {
    current = withReport(current, news)
    if (news.checkpointed === true) tries = 0
    context.report(news)
  }
  for (;;) {
    try {
      return await executeDownload(deps, current, { ...context, report })
    } catch (error) {
      if (context.signal.aborted || !isBusy(error)) throw error
      const ms = Math.min(1000 * 2 ** tries, LONGEST_PAUSE_MS)
      const now = clock.now()
      if (tries === 0) since = now.toISOString()
      tries += 1
      const nextTryAt = new Date(now.getTime() + ms).toISOString()
      report({ progress: { fault: { code: error.code, detail: error.message, since, tries, nextTryAt } } })
      log.debug({ err: error, syncId: sync.id, tries }, 'a download finds no descriptor free; it is tried again')
      await clock.sleep(ms, context.signal)
      context.signal.throwIfAborted()
    }
  }
}

function isBusy(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'STORAGE_BUSY'
}

async function executeDownload(deps: DownloadOptions, sync: ActiveSync, context: JobContext): Promise<SyncResult> {
  const { snapshots, changes, log } = deps
  const key = { spreadsheetId: sync.spreadsheet.id, syncId: sync.id, epoch: sync.lease.epoch }
  const draft = await supersededAsStop(
    watchStore(snapshots.openDraft(key, context.signal), deps, (fault) => context.report({ progress: { fault } })),
  )
  try {
    context.signal.throwIfAborted()
    // What was counted before a crash is not recorded, so it is counted again.
    const withChanges = async (result: SyncResult): Promise<SyncResult> =>
      result.outcome === 'unchanged'
        ? result
        : { ...result, changes: (await changes?.count(key, context.signal)) ?? null }
    if (draft.published !== undefined) return await withChanges(resultOf(draft.published, sync, 'downloaded'))
    refusePoisoned(sync, readCheckpoint(draft.checkpoint, sync.id)?.epoch ?? 0)
    const writer = await deps.writer.open(draft, sync.request, context.signal)
    // Before the snapshot that is compared with may be removed.
    const result = await withChanges(await new Download(deps, sync, context, { draft, writer }).execute())
    // A snapshot of now takes the place of an old one; if that fails, the next one tries again.
    await snapshots.prune(sync.spreadsheet.id, context.signal).catch((error: unknown) => {
      log.warn({ err: error, syncId: sync.id }, 'old snapshots could not be removed')
    })
    // Nothing of it was published, so it would lie there until the next sweep.
    if (result.outcome === 'unchanged') await putAway(deps, draft, sync.id, false)
    return result
  } catch (error) {
    const cause: unknown = context.signal.aborted ? context.signal.reason : error
    const reason = cause instanceof DraftSuperseded ? new JobStop('superseded') : cause
    await putAway(deps, draft, sync.id, await isToStay(deps, draft, reason, sync, context))
    throw reason
  }
}

/**
 * Whether what is checkpointed stays: for whoever goes on with the sync, or, of one that fails here and can be resumed, for
 * a retry. The runs of a schedule keep nothing, as each has the next one for a retry.
 */
async function isToStay(
  { mayKeepDraft, snapshots, log }: DownloadOptions,
  draft: SnapshotDraft,
  reason: unknown,
  sync: ActiveSync,
  context: JobContext,
): Promise<boolean> {
  const why = reason instanceof JobStop ? reason.why : undefined
  if (why === 'interrupted' || why === 'superseded' || isBusy(reason)) return true
  const isResumable = why === 'deadline' || (reason instanceof AppError && reason.resumable)
  if (!isResumable || draft.checkpoint === undefined || sync.scheduleId !== null) return false
  try {
    // On a full disk it would be missed.
    await snapshots.assertRoom()
    if (mayKeepDraft !== undefined && !(await mayKeepDraft(sync.createdBy))) return false
  } catch (error) {
    log.warn({ err: error, syncId: sync.id }, 'the draft of a failed sync is not kept')
    return false
  }
  context.report({ keepsDraft: true })
  return true
}

async function putAway(
  { log }: DownloadOptions,
  draft: SnapshotDraft,
  syncId: string,
  isToStay: boolean,
): Promise<void> {
  try {
    await (isToStay ? draft.close() : draft.discard())
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
