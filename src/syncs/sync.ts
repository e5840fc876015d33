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
  type SyncReport,
  type SyncResult,
} from '../model/sync.ts'
import type { SyncRequest } from '../model/sync-request.ts'

/** Milliseconds a client is asked to wait between two polls of an active sync. */
const POLL_AFTER_MS = 500

/** Attempts in a row whose process may die without progress before the sync is ended. */
const DEATHS_BORNE = 3

/** As many, where nobody could tell whether there was progress. */
const DEATHS_BORNE_BLINDLY = 10

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
  /** Whose own token reads it, and that token, sealed for this `id`; default: a credential of the service reads. */
  readonly own?: { readonly identity: string; readonly sealedToken: string } | undefined
  /** Address that is notified of its end; default: none is. */
  readonly webhookUrl?: string | undefined
  /** The trace that it is asked for in, as `parseTraceparent` returns it; default: none. */
  readonly traceparent?: string | undefined
  /** Whether it is started under an idempotency key; default: no. */
  readonly keyed?: boolean | undefined
  /** The run of a schedule that it is, and when that was due (ISO 8601); default: none. */
  readonly schedule?: { readonly id: string; readonly tick: string } | undefined
  /** Whether nobody waits for it; default: somebody does. */
  readonly background?: boolean | undefined
}

export function createSync(fresh: NewSync, now: Date): ActiveSync {
  const { id, spreadsheetId, request, labels, createdBy, webhookUrl } = fresh
  const { retryOf = null, traceparent = null, keyed = false, schedule, background = false, own } = fresh
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
      fault: null,
    },
    tabs: [],
    warnings: [],
    changes: null,
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
    scheduleId: schedule?.id ?? null,
    tick: schedule?.tick ?? null,
    createdAt: now.toISOString(),
    startedAt: null,
    updatedAt: now.toISOString(),
    finishedAt: null,
    expiresAt: null,
    pollAfterMs: POLL_AFTER_MS,
    lease: { epoch: 0, owner: null, died: [] },
    snapshotId: null,
    createdBy,
    identity: own?.identity ?? null,
    sealedToken: own?.sealedToken ?? null,
    traceparent,
    keyed,
    background,
    ranMs: 0,
    keepsDraft: false,
  }
}

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
  const died = lease.owner !== null && lease.owner !== owner ? [...lease.died, lease.epoch] : lease.died
  return advance(active, now, {
    state: cancelling ? 'cancelling' : 'running',
    attempt: cancelling ? active.attempt : active.attempt + 1,
    progress: atRest(active),
    startedAt: active.startedAt ?? stamp(active, now),
    lease: { epoch: lease.epoch + 1, owner, died: died.slice(-DEATHS_BORNE_BLINDLY) },
    keepsDraft: false,
  })
}

/** Whether one more death without progress ends the sync. */
export function isLastAttempt({ state, lease }: ActiveSync): boolean {
  return state === 'running' && lease.died.length >= DEATHS_BORNE - 1
}

/**
 * Throws SYNC_POISONED when the process died in the latest attempts, one after the other, and no checkpoint was saved
 * meanwhile. `checkpointEpoch`: the attempt that saved the checkpoint of the draft, 0 when there is none, and absent before
 * the draft was opened. The draft decides, as the record may not have heard of a checkpoint that was saved just before a
 * death; should opening the draft be what kills, the record does in the end.
 */
export function refusePoisoned({ lease, progress }: ActiveSync, checkpointEpoch?: number): void {
  const deaths = lease.died.filter((epoch) => epoch > (checkpointEpoch ?? 0)).length
  if (deaths < (checkpointEpoch === undefined ? DEATHS_BORNE_BLINDLY : DEATHS_BORNE)) return
  const { phase, rowsDone, rowsTotal } = progress
  const rows = rowsTotal === null ? '' : `, ${rowsDone} of ${rowsTotal} rows`
  const detail = `The process that ran the sync died in ${deaths} attempts in a row without progress. It stood at ${phase}${rows}.`
  throw new AppError('SYNC_POISONED', detail)
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
  const webhook =
    sync.webhook === null
      ? null
      : { ...sync.webhook, state: 'pending' as const, endRevision: revision, nextAttemptAt: finishedAt }
  const keptMs = webhook === null ? ttlMs : Math.max(ttlMs, PENDING_KEPT_MS)
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

/** A wall clock that was set back must not make a sync look as if it had changed before it was made. */
export function stamp(sync: Sync, now: Date): string {
  return new Date(Math.max(now.getTime(), Date.parse(sync.updatedAt))).toISOString()
}
