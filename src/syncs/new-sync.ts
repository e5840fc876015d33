import type { ActiveSync } from '../model/sync.ts'
import type { SyncRequest } from '../model/sync-request.ts'
import { waitingWebhook } from './webhook-delivery.ts'

/** Milliseconds a client is asked to wait between two polls of an active sync. */
const POLL_AFTER_MS = 500

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
    webhook: webhookUrl === undefined ? null : waitingWebhook(webhookUrl),
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
