import type { ActiveSync, SyncResult } from '../model/sync.ts'
import type { Clock } from '../ports/clock.ts'
import { type JobContext, JobStop, type SyncJob } from '../ports/job-runner.ts'
import { type Log, withFields } from '../ports/log.ts'
import type { SheetSource } from '../ports/sheet-source.ts'
import { DraftSuperseded, type SnapshotDraft, type SnapshotStore } from '../ports/snapshot-store.ts'
import type { Quota } from '../sheets/quota.ts'
import { traceFields } from '../syncs/trace-context.ts'
import { CodecPool } from './download/codec-pool.ts'
import { Download } from './download/download.ts'
import { resultOf } from './download/result.ts'
import { DEFAULT_TUNING, type DownloadTuning } from './download/tuning.ts'

export interface DownloadJobOptions {
  readonly source: SheetSource
  readonly snapshots: SnapshotStore
  /** The reads a minute of the source's credential, shared with every other job that uses it. */
  readonly quota: Quota
  readonly clock: Clock
  readonly log: Log
  readonly tuning?: Partial<DownloadTuning>
  /** Threads to parse on; default: some of the job's own. */
  readonly codec?: CodecPool
}

export interface DownloadJob {
  /** Downloads one claimed sync, from its checkpoint on if it has one, up to the published snapshot. */
  readonly run: SyncJob
  /** Ends the worker threads. Idempotent; call it when no job runs any more. */
  close(): Promise<void>
}

/** Makes the job that downloads spreadsheets. */
export function createDownloadJob(options: DownloadJobOptions): DownloadJob {
  const tuning = { ...DEFAULT_TUNING, ...options.tuning }
  const codec =
    options.codec ??
    new CodecPool({ log: options.log, ...(tuning.threads !== undefined && { threads: tuning.threads }) })
  let running = 0
  return {
    async run(sync, context) {
      running += 1
      try {
        const log = withFields(options.log, traceFields(sync))
        return await runDownload({ ...options, log, tuning, codec }, sync, context)
      } finally {
        running -= 1
        if (running === 0) codec.spare.clear()
      }
    },
    close: () => codec.close(),
  }
}

export interface DownloadDeps extends Omit<DownloadJobOptions, 'tuning' | 'codec'> {
  readonly tuning: DownloadTuning
  readonly codec: CodecPool
}

async function runDownload(deps: DownloadDeps, sync: ActiveSync, context: JobContext): Promise<SyncResult> {
  const { snapshots, log } = deps
  const key = { spreadsheetId: sync.spreadsheet.id, syncId: sync.id, epoch: sync.lease.epoch }
  const draft = await asStop(snapshots.openDraft(key))
  try {
    context.signal.throwIfAborted()
    if (draft.published !== undefined) return resultOf(draft.published, sync, 'downloaded')
    const result = await new Download(deps, sync, context, draft).run()
    // A snapshot of now takes the place of an old one; if that fails, the next one tries again.
    await snapshots.prune(sync.spreadsheet.id).catch((error: unknown) => {
      log.warn({ err: error, syncId: sync.id }, 'old snapshots could not be removed')
    })
    return result
  } catch (error) {
    const cause: unknown = context.signal.aborted ? context.signal.reason : error
    const reason = cause instanceof DraftSuperseded ? new JobStop('superseded') : cause
    await letGo(deps, draft, reason, sync.id)
    throw reason
  }
}

/** What is checkpointed stays for whoever resumes the sync; of one that ends here, nothing does. */
async function letGo({ log }: DownloadDeps, draft: SnapshotDraft, reason: unknown, syncId: string): Promise<void> {
  const isResumed = reason instanceof JobStop && (reason.why === 'interrupted' || reason.why === 'superseded')
  try {
    await (isResumed ? draft.close() : draft.discard())
  } catch (error) {
    log.warn({ err: error, syncId }, 'a draft could not be put away; the sweeper will')
  }
}

async function asStop<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw error instanceof DraftSuperseded ? new JobStop('superseded') : error
  }
}
