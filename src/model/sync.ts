import { z } from 'zod'
import { problem } from './problem.ts'
import { SYNC_ID_PATTERN } from './sync-id.ts'
import { SNAPSHOT_FORMATS, syncRequest } from './sync-request.ts'

export const ACTIVE_STATES = ['queued', 'running', 'cancelling', 'interrupted'] as const
export const TERMINAL_STATES = ['succeeded', 'failed', 'cancelled'] as const
export const SYNC_STATES = [...ACTIVE_STATES, ...TERMINAL_STATES] as const
export type ActiveState = (typeof ACTIVE_STATES)[number]
export type SyncState = (typeof SYNC_STATES)[number]

/*
 * What a sync holds is the same in the domain, in the stored record and on the wire, which hides some of it. See
 * RECORD_FORMAT before changing it.
 */

const instant = z.iso.datetime().describe('ISO 8601, UTC')
const count = z.int().min(0)

/** What went wrong with the latest call, while the sync still tries. */
const syncFault = z
  .object({
    code: z.string().describe('A code of the error table, such as GOOGLE_UNAVAILABLE'),
    detail: z.string(),
    since: instant.describe('When it began'),
    tries: count.describe('Calls that have failed since then'),
    nextTryAt: instant.nullable().describe('When it is tried again; null while a try is under way'),
  })
  .meta({ id: 'SyncFault' })
export type SyncFault = z.output<typeof syncFault>

const syncProgress = z
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
    fault: syncFault.nullable().describe('What hinders the sync, while it still tries; null when nothing does'),
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

const syncTab = z
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

/** What a sync has changed, by rows as wholes. */
export const syncChanges = z
  .object({
    since: z.string().describe('The earlier sync whose snapshot the rows were compared with'),
    tabs: z.array(
      z.object({
        gid: z.number(),
        title: z.string(),
        range: z.string().nullable().describe('The range as asked for, when the request names ranges'),
        added: count
          .nullable()
          .describe(
            'Rows that are new; null where they could not be compared: a tab that is new, other columns, CSV alone, more than 200 MB or 2 million rows',
          ),
        removed: count.nullable(),
      }),
    ),
  })
  .meta({ id: 'SyncChanges' })
export type SyncChanges = z.output<typeof syncChanges>

/** How the caller is notified of the end of a sync, and what came of it. */
const syncWebhook = z
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

/** Settings of a spreadsheet; null until they are known, and where an earlier release did not keep them. */
export const spreadsheetSettings = z.object({
  timeZone: z.string().nullable().default(null).describe('The zone of its dates and times, such as Europe/Berlin'),
  locale: z.string().nullable().default(null).describe('Whose way it shows numbers and dates, such as en_US or de'),
})
export type SpreadsheetSettings = z.output<typeof spreadsheetSettings>

/** What a sync has in every state. */
export const syncFields = z.object({
  id: z.string().regex(SYNC_ID_PATTERN),
  state: z.enum(SYNC_STATES),
  revision: z.int().min(1).describe('Grows by one at every visible change; the ETag'),
  spreadsheet: z.object({
    id: z.string(),
    title: z.string().nullable(),
    url: z.string(),
    version: z.string().nullable().describe("Drive's version of the spreadsheet"),
    ...spreadsheetSettings.shape,
  }),
  request: syncRequest,
  progress: syncProgress,
  tabs: z.array(syncTab),
  warnings: z.array(syncWarning),
  changes: syncChanges
    .nullable()
    .describe(
      'Rows added and removed since the latest earlier snapshot of the same shape; null until the sync has succeeded, and where there is none',
    ),
  outcome: z.enum(['downloaded', 'unchanged']).nullable(),
  consistent: z.union([z.boolean(), z.literal('unknown')]).nullable(),
  error: problem.nullable(),
  attempt: count.describe('How often the sync was begun, resumptions included'),
  retryOf: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  webhook: syncWebhook.nullable().describe('How its end is told; null when nobody asked for that'),
  scheduleId: z.string().nullable().describe('The schedule that it is a run of; null for any other'),
  tick: instant.nullable().describe('When that run was due'),
  createdAt: instant,
  startedAt: instant.nullable(),
  updatedAt: instant,
  finishedAt: instant.nullable(),
  expiresAt: instant.nullable().describe('When the status is forgotten; the rows stay'),
  pollAfterMs: z.int().nullable().describe('How long to wait before the next poll; null once finished'),
  /**
   * Who runs it. `epoch` grows with each claim and fences off earlier owners; 0 = never claimed. `died`: the epochs whose
   * process died, as far as no checkpoint was reported since, the oldest first.
   */
  lease: z.object({ epoch: count, owner: z.string().nullable(), died: z.array(count) }),
  /** The sync whose snapshot holds the files: this one, or an earlier one when unchanged. */
  snapshotId: z.string().nullable(),
  /** Name of the API key that asked for it; null without keys. */
  createdBy: z.string().nullable(),
  /** Whose own token reads, as an HMAC of Google's id of that person; null where a credential of the service does. */
  identity: z.string().nullable(),
  /** That token, sealed for this sync alone; null once it has ended, and where a credential of the service reads. */
  sealedToken: z.string().nullable(),
  /** The trace that the sync was asked for in (W3C). */
  traceparent: z.string().nullable(),
  /** Whether it answers an idempotency key: how it ended is then remembered for as long as the key. */
  keyed: z.boolean(),
  /** Whether nobody waits for it: it gives way to those that somebody waits for. */
  background: z.boolean(),
  /** Milliseconds for which it was run by those who had it so far: what SYNC_DEADLINE bounds. */
  ranMs: count,
  /** Whether what it had staged when it failed is kept for a retry, while its status is. */
  keepsDraft: z.boolean(),
})

/** Records of earlier releases lack what has a default. */
const fields = syncFields.extend({
  webhook: syncWebhook.nullable().default(null),
  createdBy: z.string().nullable().default(null),
  identity: z.string().nullable().default(null),
  sealedToken: z.string().nullable().default(null),
  traceparent: z.string().nullable().default(null),
  keyed: z.boolean().default(false),
  scheduleId: z.string().nullable().default(null),
  tick: instant.nullable().default(null),
  background: z.boolean().default(false),
  lease: syncFields.shape.lease.extend({ died: z.array(count).default([]) }),
  progress: syncProgress.extend({ fault: syncFault.nullable().default(null) }),
  ranMs: count.default(0),
  keepsDraft: z.boolean().default(false),
  changes: syncChanges.nullable().default(null),
})
const none = z.null()
const finished = fields.extend({ finishedAt: instant, expiresAt: instant, outcome: none, error: none })

/** A sync, whose members agree with its state. */
export const syncSchema = z
  .discriminatedUnion('state', [
    fields.extend({ state: z.enum(ACTIVE_STATES), finishedAt: none, expiresAt: none, outcome: none, error: none }),
    finished.extend({ state: z.literal('succeeded'), outcome: z.enum(['downloaded', 'unchanged']) }),
    finished.extend({ state: z.literal('failed'), error: problem }),
    finished.extend({ state: z.literal('cancelled') }),
  ])
  .refine(({ webhook, finishedAt }) => webhook === null || (webhook.state === 'waiting') === (finishedAt === null), {
    path: ['webhook', 'state'],
    message: 'contradicts the state of the sync',
  })

/** A sync; immutable, every change makes a new one with the next revision. */
export type Sync = Readonly<z.output<typeof syncSchema>>
export type ActiveSync = Extract<Sync, { state: ActiveState }>
export type SucceededSync = Extract<Sync, { state: 'succeeded' }>
export type FailedSync = Extract<Sync, { state: 'failed' }>
export type CancelledSync = Extract<Sync, { state: 'cancelled' }>
export type FinishedSync = SucceededSync | FailedSync | CancelledSync

export function isTerminal(sync: Sync): sync is FinishedSync {
  return sync.finishedAt !== null
}

/** Whether somebody wants to know how it ended before it is forgotten: an idempotency key that it answers, or its schedule. */
export function isRemembered({ keyed, scheduleId }: Sync): boolean {
  return keyed || scheduleId !== null
}
