import { AppError } from '../errors.ts'
import type { Problem } from '../model/problem.ts'
import {
  type ActiveSync,
  type CancelledSync,
  type FailedSync,
  isTerminal,
  type SucceededSync,
  type Sync,
  type SyncProgress,
} from '../model/sync.ts'
import type { SyncReport, SyncResult } from '../model/sync-report.ts'
import { stamp } from './change-time.ts'
import { epochsDied } from './poisoned-sync.ts'
import { pendingKeptMs, pendingWebhook } from './webhook-delivery.ts'

/** Notes that the sync, which was started without an idempotency key, answers one. */
export function keySync(sync: Sync, now: Date): ActiveSync {
  return advance(requireActive(sync), now, { keyed: true })
}

/** Notes that somebody waits for a sync which was started in the background. */
export function awaitSync(sync: Sync, now: Date): ActiveSync {
  return advance(requireActive(sync), now, { background: false })
}

/**
 * Gives the sync to an owner under the next epoch. A sync that somebody asked to cancel stays `cancelling`, so that its
 * new owner ends it instead of running it. An owner before that did not give it back is one whose process died.
 */
export function claimSync(sync: Sync, owner: string, now: Date): ActiveSync {
  const active = requireActive(sync)
  const cancelling = active.state === 'cancelling'
  const { lease } = active
  return advance(active, now, {
    state: cancelling ? 'cancelling' : 'running',
    attempt: cancelling ? active.attempt : active.attempt + 1,
    progress: atRest(active),
    startedAt: active.startedAt ?? stamp(active, now),
    lease: { epoch: lease.epoch + 1, owner, died: epochsDied(lease, owner) },
    keepsDraft: false,
  })
}

/** Notes how far a download is. Percent never falls, and stays below 100 until the sync has succeeded. */
export function reportSync(sync: Sync, report: SyncReport, now: Date): ActiveSync {
  return advance(withReport(sync, report), now, {})
}

/** The same revision with a report that goes into the record together with the next change. */
export function withReport(sync: Sync, report: SyncReport): ActiveSync {
  const active = requireActive(sync)
  return { ...active, ...applyReport(active, report, 99) }
}

/** Requests the end. What nobody runs yet is cancelled at once; a running sync becomes `cancelling`. */
export function requestCancel(sync: Sync, now: Date, ttlMs: number): Sync {
  if (sync.state === 'cancelling' || sync.state === 'cancelled') return sync
  if (isTerminal(sync)) {
    throw new AppError('SYNC_FINISHED', `The sync has already ${sync.state}; only an active sync can be cancelled.`)
  }
  if (sync.state === 'running') return advance(sync, now, { state: 'cancelling', progress: atRest(sync) })
  return cancelSync(sync, now, ttlMs)
}

/** Ends a cancelling (or otherwise active) sync as cancelled. */
export function cancelSync(sync: Sync, now: Date, ttlMs: number): CancelledSync {
  return { ...finish(requireActive(sync), now, ttlMs), state: 'cancelled', outcome: null, error: null }
}

/** Gives the sync back, to be resumed by whoever claims it next; a cancelling one stays cancelling. */
export function interruptSync(sync: Sync, now: Date, ranMs = sync.ranMs): ActiveSync {
  const active = requireActive(sync)
  return advance(active, now, {
    state: active.state === 'cancelling' ? 'cancelling' : 'interrupted',
    progress: atRest(active),
    ranMs,
    lease: { ...active.lease, owner: null },
  })
}

/** Ends a sync whose snapshot is published. Also out of `cancelling`: a cancel that comes after publication is too late. */
export function succeedSync(sync: Sync, result: SyncResult, now: Date, ttlMs: number): SucceededSync {
  const active = requireActive(sync)
  const reported = applyReport(active, result.report, 100)
  const finished = finish(active, now, ttlMs, {
    ...reported,
    consistent: result.consistent,
    changes: result.changes ?? null,
    snapshotId: result.snapshotId,
    progress: { ...reported.progress, phase: 'done', percent: 100 },
  })
  return { ...finished, state: 'succeeded', outcome: result.outcome, error: null }
}

export function failSync(sync: Sync, error: Problem, now: Date, ttlMs: number): FailedSync {
  const active = requireActive(sync)
  const { requestId: _requestId, ...stored } = error
  const { keepsDraft } = active
  return { ...finish(active, now, ttlMs), state: 'failed', outcome: null, error: stored, keepsDraft }
}

/** What every terminal state has in common. */
type FinishedFields = Omit<SucceededSync, 'state' | 'outcome' | 'error'>

type Changes = Partial<Omit<ActiveSync, 'id' | 'revision' | 'createdAt' | 'updatedAt'>>

function applyReport(
  active: ActiveSync,
  report: SyncReport,
  highest: number,
): Pick<ActiveSync, 'spreadsheet' | 'progress' | 'tabs' | 'warnings' | 'ranMs' | 'lease' | 'keepsDraft'> {
  const told = { ...active.progress, ...report.progress }
  const progress = active.state === 'running' ? told : atRest({ progress: told })
  return {
    spreadsheet: { ...active.spreadsheet, ...report.spreadsheet },
    progress: { ...progress, percent: Math.min(highest, Math.max(active.progress.percent, progress.percent)) },
    tabs: report.tabs === undefined ? active.tabs : [...report.tabs],
    warnings: report.warnings === undefined ? active.warnings : [...report.warnings],
    ranMs: report.ranMs ?? active.ranMs,
    lease: report.checkpointed === true ? { ...active.lease, died: [] } : active.lease,
    keepsDraft: report.keepsDraft ?? active.keepsDraft,
  }
}

/** Only a sync that runs waits or is hindered: whatever ends it, or hands it to another owner, ends that too. */
function atRest({ progress }: Pick<Sync, 'progress'>): SyncProgress {
  return { ...progress, waitingUntil: null, fault: null }
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
  const webhook = sync.webhook === null ? null : pendingWebhook(sync.webhook, revision, finishedAt)
  const keptMs = webhook === null ? ttlMs : pendingKeptMs(ttlMs)
  return {
    ...sync,
    ...changes,
    progress: atRest({ progress: changes.progress ?? sync.progress }),
    revision,
    webhook,
    updatedAt: finishedAt,
    finishedAt,
    expiresAt: new Date(Date.parse(finishedAt) + keptMs).toISOString(),
    pollAfterMs: null,
    sealedToken: null,
    lease: { ...sync.lease, owner: null },
    keepsDraft: false,
  }
}
