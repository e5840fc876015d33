import type { Problem } from './problem.ts'
import type { SyncProgress, SyncTab, SyncWarning, SyncWebhook } from './sync-parts.ts'
import type { SyncRequest } from './sync-request.ts'

export const ACTIVE_STATES = ['queued', 'running', 'cancelling', 'interrupted'] as const
export const TERMINAL_STATES = ['succeeded', 'failed', 'cancelled'] as const
export const SYNC_STATES = [...ACTIVE_STATES, ...TERMINAL_STATES] as const
export type ActiveState = (typeof ACTIVE_STATES)[number]
export type SyncState = (typeof SYNC_STATES)[number]

/** What a sync has in every state. */
interface SyncFields {
  readonly id: string
  /** Grows by one at every change. */
  readonly revision: number
  readonly spreadsheet: {
    readonly id: string
    readonly title: string | null
    readonly url: string
    /** Drive's version of the spreadsheet, where it is known. */
    readonly version: string | null
  }
  readonly request: SyncRequest
  readonly progress: SyncProgress
  readonly tabs: SyncTab[]
  readonly warnings: SyncWarning[]
  readonly consistent: boolean | 'unknown' | null
  /** How often the sync was begun, resumptions included. */
  readonly attempt: number
  readonly retryOf: string | null
  readonly labels: Record<string, string>
  readonly webhook: SyncWebhook | null
  readonly createdAt: string
  readonly startedAt: string | null
  readonly updatedAt: string
  readonly pollAfterMs: number | null
  /** Who runs it. `epoch` grows with each claim and fences off earlier owners; 0 = never claimed. */
  readonly lease: { readonly epoch: number; readonly owner: string | null }
  /** The sync whose snapshot holds the files: this one, or an earlier one when unchanged. */
  readonly snapshotId: string | null
  /** Name of the API key that asked for it; null without keys. */
  readonly createdBy: string | null
  /** The trace that the sync was asked for in (W3C). */
  readonly traceparent: string | null
}

export interface ActiveSync extends SyncFields {
  readonly state: ActiveState
  readonly finishedAt: null
  readonly expiresAt: null
  readonly error: null
  readonly outcome: null
}

/** What every terminal state has in common. */
export interface FinishedFields extends SyncFields {
  readonly finishedAt: string
  readonly expiresAt: string
}

export interface SucceededSync extends FinishedFields {
  readonly state: 'succeeded'
  readonly outcome: 'downloaded' | 'unchanged'
  readonly error: null
}

export interface FailedSync extends FinishedFields {
  readonly state: 'failed'
  readonly outcome: null
  readonly error: Problem
}

export interface CancelledSync extends FinishedFields {
  readonly state: 'cancelled'
  readonly outcome: null
  readonly error: null
}

export type FinishedSync = SucceededSync | FailedSync | CancelledSync

/** A sync; immutable, every change makes a new one with the next revision. */
export type Sync = ActiveSync | FinishedSync

export function isTerminal(sync: Sync): sync is FinishedSync {
  return sync.finishedAt !== null
}

/** What a download has got so far; what is absent stays as it is. */
export interface SyncReport {
  readonly spreadsheet?: { readonly title: string; readonly version: string | null }
  readonly progress?: Partial<SyncProgress>
  readonly tabs?: readonly SyncTab[]
  readonly warnings?: readonly SyncWarning[]
}

/** What a download ended with. */
export interface SyncResult {
  readonly outcome: 'downloaded' | 'unchanged'
  readonly consistent: boolean | 'unknown'
  /** The sync under whose id the files were published: an earlier one when nothing had changed. */
  readonly snapshotId: string
  readonly report: SyncReport
}
