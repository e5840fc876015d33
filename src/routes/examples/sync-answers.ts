import { AppError } from '../../errors.ts'
import { toProblem } from '../../model/problem.ts'
import type { SnapshotFile } from '../../model/sync.ts'
import { normalizeRequest, SAMPLE_SPREADSHEET_ID, syncRequestBody } from '../../model/sync-request.ts'
import { type SyncView, toView } from '../../model/sync-view.ts'
import { createSync } from '../../syncs/new-sync.ts'
import type { ExampleAnswers } from './example-answers.ts'
import { EARLIER_ID, ID, NEXT_ID } from './example-ids.ts'

export const file: SnapshotFile = {
  name: 'class-data-0.json',
  format: 'json',
  bytes: 2913,
  sha256: '6f1ed002ab5595859014ebf0951522d9a7b5a4e2f3d7b6c5a8e9f00112233445',
  href: `/syncs/${ID}/files/class-data-0.json`,
}

export const tab = { gid: 0, title: 'Class Data', range: null }

export const body = syncRequestBody.parse({ spreadsheet: SAMPLE_SPREADSHEET_ID })
export const queued: SyncView = toView(
  createSync({ id: ID, ...normalizeRequest(body), labels: {}, createdBy: null }, new Date('2026-01-31T09:00:00.000Z')),
)

export const spreadsheet = {
  ...queued.spreadsheet,
  title: 'Example Spreadsheet',
  version: '1234',
  timeZone: 'America/New_York',
  locale: 'en_US',
}
const counts = { rowsDone: 13, rowsTotal: 31, cellsDone: 78, apiCalls: 3 }

const running: SyncView = {
  ...queued,
  state: 'running',
  revision: 4,
  spreadsheet,
  progress: { ...queued.progress, phase: 'downloading', percent: 42, tabsTotal: 1, ...counts },
  tabs: [{ ...tab, state: 'downloading', rows: 12, columns: 6, files: [] }],
  attempt: 1,
  startedAt: '2026-01-31T09:00:00.120Z',
  updatedAt: '2026-01-31T09:00:01.000Z',
}

export const ended = {
  finishedAt: '2026-01-31T09:00:02.000Z',
  expiresAt: '2026-01-31T09:05:02.000Z',
  pollAfterMs: null,
}

const succeeded: SyncView = {
  ...running,
  ...ended,
  state: 'succeeded',
  revision: 7,
  progress: { ...running.progress, phase: 'done', percent: 100, tabsDone: 1, rowsDone: 31, cellsDone: 186 },
  tabs: [{ ...tab, state: 'done', rows: 30, columns: 6, files: [file] }],
  changes: { since: EARLIER_ID, tabs: [{ ...tab, added: 2, removed: 1 }] },
  outcome: 'downloaded',
  consistent: true,
  updatedAt: ended.finishedAt,
}

const expectationFailed = toProblem(
  new AppError('EXPECTATION_FAILED', 'Tab "Class Data": expected at least 1 row, found 0.', {
    errors: [{ field: 'expect[0].minRows', message: 'Tab "Class Data": expected at least 1 row, found 0' }],
  }),
)
const failed: SyncView = {
  ...succeeded,
  state: 'failed',
  request: normalizeRequest(syncRequestBody.parse({ spreadsheet: SAMPLE_SPREADSHEET_ID, expect: { minRows: 1 } }))
    .request,
  progress: { ...running.progress, phase: 'publishing', percent: 99 },
  tabs: [{ ...tab, state: 'done', rows: 0, columns: 6, files: [] }],
  outcome: null,
  consistent: null,
  error: expectationFailed,
}

const cancelling: SyncView = { ...running, state: 'cancelling', revision: 5 }
const cancelled: SyncView = { ...running, ...ended, state: 'cancelled', revision: 6 }
const retried: SyncView = { ...queued, id: NEXT_ID, retryOf: ID }

/** One event of a stream, as it goes over the wire. */
const events = `retry: 2000\n\nid: 4\nevent: sync\ndata: ${JSON.stringify(running)}\n\n`

const listEvents = `retry: 2000\n\nevent: ready\ndata: {}\n\nid: ${ID} 4\nevent: sync\ndata: ${JSON.stringify(running)}\n\n`

export const ANSWERS: ExampleAnswers = {
  'startSync 202': { queued },
  'getSync 200': { running, succeeded, failed },
  'listSyncs 200': { lastPage: { syncs: [succeeded], nextPageToken: null } },
  'cancelSync 202': { cancelling },
  'cancelSync 200': { cancelled },
  'retrySync 202': { retried },
  'redeliverWebhook 202': { succeeded },
  'streamSync 200': { running: events },
  'streamSyncs 200': { running: listEvents },
  'listSyncFiles 200': { files: { files: [{ ...file, tab: { gid: 0, title: 'Class Data' } }] } },
}
