import { z } from 'zod'
import {
  type SpreadsheetSettings,
  type SyncChanges,
  type SyncProgress,
  type SyncTab,
  type SyncWarning,
  syncFields,
} from './sync.ts'

/** What a download has got so far; what is absent stays as it is. */
export interface SyncReport {
  readonly spreadsheet?: { readonly title: string; readonly version: string | null } & Readonly<SpreadsheetSettings>
  readonly progress?: Partial<SyncProgress>
  readonly tabs?: readonly SyncTab[]
  readonly warnings?: readonly SyncWarning[]
  readonly ranMs?: number
  /** Set once a checkpoint of this attempt is durable: whatever dies from now on did not die without progress. */
  readonly checkpointed?: true
  /** Set where the draft is kept should the sync fail now. */
  readonly keepsDraft?: true
}

const { spreadsheet, progress, tabs, warnings } = syncFields.shape

/** Holds a report to what the record that it becomes a part of may hold. Percent is brought within its bounds there. */
export const syncReport = z
  .object({
    spreadsheet: spreadsheet.partial(),
    progress: progress.partial().extend({ percent: z.number().optional() }),
    tabs,
    warnings,
  })
  .partial()

/** What a download ended with. */
export interface SyncResult {
  readonly outcome: 'downloaded' | 'unchanged'
  readonly consistent: boolean | 'unknown'
  /** The sync under whose id the files were published: an earlier one when nothing had changed. */
  readonly snapshotId: string
  readonly report: SyncReport
  /** Rows added and removed; absent or null where they were not counted. */
  readonly changes?: SyncChanges | null
}
