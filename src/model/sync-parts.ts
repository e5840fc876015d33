import { z } from 'zod'
import { SNAPSHOT_FORMATS } from './sync-request.ts'

/*
 * The parts of a sync that are the same in the domain, in the stored record and on the wire. See RECORD_FORMAT before
 * changing one.
 */

export const instant = z.iso.datetime().describe('ISO 8601, UTC')
export const count = z.int().min(0)

export const syncProgress = z
  .object({
    phase: z.enum(['waiting', 'reading-metadata', 'downloading', 'publishing', 'done']),
    percent: z.number().min(0).max(100).describe('Never falls; 100 only when succeeded'),
    tabsDone: count,
    tabsTotal: count.nullable(),
    rowsDone: count.describe('Rows read so far, header rows included'),
    rowsTotal: count.nullable().describe('Grid rows to look through; an upper bound, as Google counts blank rows too'),
    cellsDone: count,
    apiCalls: count.describe('Calls made to Google so far, repeated ones included'),
    waitingUntil: instant.nullable().describe("When reading goes on, while Google's quota makes it wait"),
  })
  .meta({ id: 'SyncProgress' })
export type SyncProgress = z.output<typeof syncProgress>

export const snapshotFile = z
  .object({
    name: z.string(),
    format: z.enum(SNAPSHOT_FORMATS),
    bytes: count,
    sha256: z.string(),
    href: z.string(),
  })
  .meta({ id: 'SnapshotFile' })
export type SnapshotFile = z.output<typeof snapshotFile>

export const syncTab = z
  .object({
    gid: z.number(),
    title: z.string(),
    range: z.string().nullable().describe('The range as asked for, when the request names ranges'),
    state: z.enum(['waiting', 'downloading', 'done', 'skipped']),
    rows: count.describe('Rows written so far, the header row not counted'),
    columns: count,
    files: z.array(snapshotFile),
  })
  .meta({ id: 'SyncTab' })
export type SyncTab = z.output<typeof syncTab>

export const syncWarning = z
  .object({ code: z.string(), message: z.string(), tab: z.string().nullable(), count })
  .meta({ id: 'SyncWarning' })
export type SyncWarning = z.output<typeof syncWarning>

/** How the caller is notified of the end of a sync, and what came of it. */
export const syncWebhook = z
  .object({
    url: z.string(),
    state: z
      .enum(['waiting', 'pending', 'delivered', 'failed'])
      .describe('waiting: the sync has not ended yet; pending: it is being sent, or will be tried again'),
    endRevision: count.nullable().describe('The revision in which the sync ended, which the message tells'),
    tries: count.describe('Attempts begun since the end of the sync, or since the latest redelivery was asked for'),
    nextAttemptAt: instant.nullable().describe('When it is tried next; null unless pending'),
    attempts: z
      .array(
        z.object({
          at: instant,
          status: z.int().nullable().describe('HTTP status of the answer; null when there was none'),
          error: z.string().nullable(),
          durationMs: count,
        }),
      )
      .describe('The latest 10 attempts, oldest first'),
  })
  .meta({ id: 'SyncWebhook' })
export type SyncWebhook = z.output<typeof syncWebhook>
