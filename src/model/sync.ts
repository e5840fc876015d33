import type { z } from 'zod'
import type { Problem } from '../errors.ts'
import {
  type ActiveState,
  type SyncProgress,
  type SyncTab,
  type SyncWarning,
  syncRecord,
  TERMINAL_STATES,
} from './sync-schema.ts'

export type SyncFields = Omit<z.output<typeof syncRecord>, 'state' | 'finishedAt' | 'expiresAt' | 'error' | 'outcome'>
interface Unfinished extends SyncFields {
  readonly finishedAt: null
  readonly expiresAt: null
  readonly error: null
  readonly outcome: null
}
export interface Finished extends SyncFields {
  readonly finishedAt: string
  readonly expiresAt: string
}
export type ActiveSync = Unfinished & { readonly state: ActiveState }
export type SucceededSync = Finished & {
  readonly state: 'succeeded'
  readonly outcome: 'downloaded' | 'unchanged'
  readonly error: null
}
export type FailedSync = Finished & { readonly state: 'failed'; readonly outcome: null; readonly error: Problem }
export type CancelledSync = Finished & { readonly state: 'cancelled'; readonly outcome: null; readonly error: null }

export type FinishedSync = SucceededSync | FailedSync | CancelledSync

/** A sync as it is stored; immutable, every change makes a new one with the next revision. */
export type Sync = ActiveSync | FinishedSync

export function isTerminal(sync: Sync): sync is FinishedSync {
  return sync.finishedAt !== null
}

/** Checks a record that was read back; throws a ZodError for anything that is not a whole, true sync. */
export function parseSync(value: unknown): Sync {
  const record = syncRecord.parse(value)
  const terminal = (TERMINAL_STATES as readonly string[]).includes(record.state)
  if (terminal !== (record.finishedAt !== null) || terminal !== (record.expiresAt !== null)) {
    throw new TypeError(`state ${record.state} contradicts finishedAt ${record.finishedAt}`)
  }
  if ((record.state === 'failed') !== (record.error !== null)) {
    throw new TypeError(`state ${record.state} contradicts its error`)
  }
  if (record.webhook !== null && (record.webhook.state === 'waiting') === terminal) {
    throw new TypeError(`state ${record.state} contradicts its webhook, which is ${record.webhook.state}`)
  }
  return record as Sync
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
