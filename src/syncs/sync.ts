import { AppError } from '../errors.ts'
import type { Problem } from '../model/problem.ts'
import {
  type ActiveSync,
  type CancelledSync,
  type FailedSync,
  isTerminal,
  type SucceededSync,
  type Sync,
  type SyncReport,
  type SyncResult,
} from '../model/sync.ts'
import type { SyncRequest } from '../model/sync-request.ts'

/** Milliseconds a client is asked to wait between two polls of an active sync. */
const POLL_AFTER_MS = 500

/** Milliseconds for which a sync is kept for its webhook; longer than all its attempts with the longest waits. */
export const PENDING_KEPT_MS = 7 * 86_400_000

/** What a new sync is made of. */
export interface NewSync {
  readonly id: string
  readonly spreadsheetId: string
  readonly request: SyncRequest
  readonly labels: Readonly<Record<string, string>>
  readonly retryOf?: string
  /** Name of the API key that asks; null without keys. */
  readonly createdBy: string | null
  /** Address that is notified of its end; default: none is. */
  readonly webhookUrl?: string | undefined
  /** The trace that it is asked for in, as `parseTraceparent` returns it; default: none. */
  readonly traceparent?: string | undefined
}

export function createSync(fresh: NewSync, now: Date): ActiveSync {
  const { id, spreadsheetId, request, labels, retryOf = null, createdBy, webhookUrl, traceparent = null } = fresh
  return {
    id,
    state: 'queued',
    revision: 1,
    spreadsheet: {
      id: spreadsheetId,
      title: null,
      url: `https://docs.google.com/spreadsheets/d/${spreadsheetId}/edit`,
      version: null,
      timeZone: null,
      locale: null,
    },
    request,
    progress: {
      phase: 'waiting',
      percent: 0,
      tabsDone: 0,
      tabsTotal: null,
      rowsDone: 0,
      rowsTotal: null,
      cellsDone: 0,
      apiCalls: 0,
      waitingUntil: null,
    },
    tabs: [],
    warnings: [],
    outcome: null,
    consistent: null,
    error: null,
    attempt: 0,
    retryOf,
    labels: { ...labels },
    webhook:
      webhookUrl === undefined
        ? null
        : { url: webhookUrl, state: 'waiting', endRevision: null, tries: 0, nextAttemptAt: null, attempts: [] },
    createdAt: now.toISOString(),
    startedAt: null,
    updatedAt: now.toISOString(),
    finishedAt: null,
    expiresAt: null,
    pollAfterMs: POLL_AFTER_MS,
    lease: { epoch: 0, owner: null },
    snapshotId: null,
    createdBy,
    traceparent,
  }
}

/**
 * Gives the sync to an owner under the next epoch. A sync that somebody asked to cancel stays `cancelling`, so that its
 * new owner ends it instead of running it.
 */
export function claimSync(sync: Sync, owner: string, now: Date): ActiveSync {
  const active = requireActive(sync)
  const cancelling = active.state === 'cancelling'
  return advance(active, now, {
    state: cancelling ? 'cancelling' : 'running',
    attempt: cancelling ? active.attempt : active.attempt + 1,
    startedAt: active.startedAt ?? stamp(active, now),
    lease: { epoch: active.lease.epoch + 1, owner },
  })
}

/** Notes how far a download is. Percent never falls, and stays below 100 until the sync has succeeded. */
export function reportSync(sync: Sync, report: SyncReport, now: Date): ActiveSync {
  const active = requireActive(sync)
  return advance(active, now, applyReport(active, report, 99))
}

/** Requests the end. What nobody runs yet is cancelled at once; a running sync becomes `cancelling`. */
export function requestCancel(sync: Sync, now: Date, ttlMs: number): Sync {
  if (sync.state === 'cancelling' || sync.state === 'cancelled') return sync
  if (isTerminal(sync)) {
    throw new AppError('SYNC_FINISHED', `The sync has already ${sync.state}; only an active sync can be cancelled.`)
  }
  if (sync.state === 'running') return advance(sync, now, { state: 'cancelling' })
  return cancelSync(sync, now, ttlMs)
}

/** Ends a cancelling (or otherwise active) sync as cancelled. */
export function cancelSync(sync: Sync, now: Date, ttlMs: number): CancelledSync {
  return { ...finish(requireActive(sync), now, ttlMs), state: 'cancelled', outcome: null, error: null }
}

/** Gives the sync back, to be resumed by whoever claims it next; a cancelling one stays cancelling. */
export function interruptSync(sync: Sync, now: Date): ActiveSync {
  const active = requireActive(sync)
  return advance(active, now, {
    state: active.state === 'cancelling' ? 'cancelling' : 'interrupted',
    progress: { ...active.progress, waitingUntil: null },
    lease: { epoch: active.lease.epoch, owner: null },
  })
}

/** Ends a sync whose snapshot is published. Also out of `cancelling`: a cancel that comes after publication is too late. */
export function succeedSync(sync: Sync, result: SyncResult, now: Date, ttlMs: number): SucceededSync {
  const active = requireActive(sync)
  const reported = applyReport(active, result.report, 100)
  const finished = finish(active, now, ttlMs, {
    ...reported,
    consistent: result.consistent,
    snapshotId: result.snapshotId,
    progress: { ...reported.progress, phase: 'done', percent: 100, waitingUntil: null },
  })
  return { ...finished, state: 'succeeded', outcome: result.outcome, error: null }
}

export function failSync(sync: Sync, error: Problem, now: Date, ttlMs: number): FailedSync {
  const active = requireActive(sync)
  const { requestId: _requestId, ...stored } = error
  const progress = { ...active.progress, waitingUntil: null }
  return { ...finish(active, now, ttlMs, { progress }), state: 'failed', outcome: null, error: stored }
}

/** What every terminal state has in common. */
type FinishedFields = Omit<SucceededSync, 'state' | 'outcome' | 'error'>

type Changes = Partial<Omit<ActiveSync, 'id' | 'revision' | 'createdAt' | 'updatedAt'>>

function applyReport(
  active: ActiveSync,
  report: SyncReport,
  highest: number,
): Pick<ActiveSync, 'spreadsheet' | 'progress' | 'tabs' | 'warnings'> {
  const progress = { ...active.progress, ...report.progress }
  return {
    spreadsheet: { ...active.spreadsheet, ...report.spreadsheet },
    progress: { ...progress, percent: Math.min(highest, Math.max(active.progress.percent, progress.percent)) },
    tabs: report.tabs === undefined ? active.tabs : [...report.tabs],
    warnings: report.warnings === undefined ? active.warnings : [...report.warnings],
  }
}

function requireActive(sync: Sync): ActiveSync {
  if (isTerminal(sync)) {
    throw new AppError('SYNC_FINISHED', `The sync has already ${sync.state}, and a finished sync never changes.`)
  }
  return sync
}

function advance(sync: ActiveSync, now: Date, changes: Changes): ActiveSync {
  return { ...sync, ...changes, revision: sync.revision + 1, updatedAt: stamp(sync, now) }
}

/** What every end of a sync has in common; which end it is the caller adds. */
function finish(sync: ActiveSync, now: Date, ttlMs: number, changes: Changes = {}): FinishedFields {
  const finishedAt = stamp(sync, now)
  const revision = sync.revision + 1
  // In the same record as the end: whoever dies right after it leaves a webhook that is found and sent.
  const webhook =
    sync.webhook === null
      ? null
      : { ...sync.webhook, state: 'pending' as const, endRevision: revision, nextAttemptAt: finishedAt }
  const keptMs = webhook === null ? ttlMs : Math.max(ttlMs, PENDING_KEPT_MS)
  return {
    ...sync,
    ...changes,
    revision,
    webhook,
    updatedAt: finishedAt,
    finishedAt,
    expiresAt: new Date(Date.parse(finishedAt) + keptMs).toISOString(),
    pollAfterMs: null,
    lease: { epoch: sync.lease.epoch, owner: null },
  }
}

/** A wall clock that was set back must not make a sync look as if it had changed before it was made. */
export function stamp(sync: Sync, now: Date): string {
  return new Date(Math.max(now.getTime(), Date.parse(sync.updatedAt))).toISOString()
}
