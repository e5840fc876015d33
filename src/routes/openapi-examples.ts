import { AppError, ERROR_TABLE, type ErrorCode } from '../errors.ts'
import { type Problem, toProblem } from '../model/problem.ts'
import type { SnapshotManifest } from '../model/snapshot-manifest.ts'
import type { SnapshotFile } from '../model/sync.ts'
import { normalizeRequest, SAMPLE_SPREADSHEET_ID, syncRequestBody } from '../model/sync-request.ts'
import { type SyncView, toView } from '../model/sync-view.ts'
import { createSync } from '../syncs/sync.ts'
import { MEDIA_TYPES, PROBLEM_MEDIA_TYPE } from './media-types.ts'

// What the OpenAPI document shows of each answer. The types hold the examples true to the schemas.
const ID = 'sync-0198c5b4-7d1e-7c3a-9b2f-3a1c5e7d9f01'
const NEXT_ID = 'sync-0198c5b9-1f02-7e55-8d41-6b0c2a9e4f13'
const ETAG = '"7"'

const file: SnapshotFile = {
  name: 'class-data-0.json',
  format: 'json',
  bytes: 2913,
  sha256: '6f1ed002ab5595859014ebf0951522d9a7b5a4e2f3d7b6c5a8e9f00112233445',
  href: `/syncs/${ID}/files/class-data-0.json`,
}

const tab = { gid: 0, title: 'Class Data', range: null }
const row = { 'Student Name': 'Alexandra', Gender: 'Female', 'Class Level': '4. Senior' }

const body = syncRequestBody.parse({ spreadsheet: SAMPLE_SPREADSHEET_ID })
const queued: SyncView = toView(
  createSync({ id: ID, ...normalizeRequest(body), labels: {}, createdBy: null }, new Date('2026-01-31T09:00:00.000Z')),
)

const spreadsheet = {
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

const ended = { finishedAt: '2026-01-31T09:00:02.000Z', expiresAt: '2026-01-31T09:05:02.000Z', pollAfterMs: null }

const succeeded: SyncView = {
  ...running,
  ...ended,
  state: 'succeeded',
  revision: 7,
  progress: { ...running.progress, phase: 'done', percent: 100, tabsDone: 1, rowsDone: 31, cellsDone: 186 },
  tabs: [{ ...tab, state: 'done', rows: 30, columns: 6, files: [file] }],
  outcome: 'downloaded',
  consistent: true,
  updatedAt: ended.finishedAt,
}

const cancelling: SyncView = { ...running, state: 'cancelling', revision: 5 }
const cancelled: SyncView = { ...running, ...ended, state: 'cancelled', revision: 6 }
const retried: SyncView = { ...queued, id: NEXT_ID, retryOf: ID }

const { href: _, ...storedFile } = file

const manifest: Omit<SnapshotManifest, 'createdBy'> = {
  version: 1,
  syncId: ID,
  publishedAt: ended.finishedAt,
  spreadsheet,
  consistent: true,
  request: queued.request,
  tabs: [{ ...tab, rectangle: null, rows: 30, columns: 3, columnNames: Object.keys(row), files: [storedFile] }],
  warnings: [],
}

/** One event of a stream, as it goes over the wire. */
const events = `retry: 2000\n\nid: 4\nevent: sync\ndata: ${JSON.stringify(running)}\n\n`

/** What an operation answers when all is well: by operation, status and name of the example; `*` is any media type. */
const GOOD_ANSWERS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'livez 200': { alive: { status: 'ok' } },
  'readyz 200': { ready: { status: 'ok' } },
  'metrics 200': {
    counts:
      '# HELP sheetsync_syncs Syncs that have not ended\n# TYPE sheetsync_syncs gauge\nsheetsync_syncs{state="running"} 1\n',
  },
  'startSync 202': { queued },
  'getSync 200': { running, succeeded },
  'listSyncs 200': { lastPage: { syncs: [succeeded], nextPageToken: null } },
  'cancelSync 202': { cancelling },
  'cancelSync 200': { cancelled },
  'retrySync 202': { retried },
  'redeliverWebhook 202': { succeeded },
  'streamSync 200': { running: events },
  'listSyncFiles 200': { files: { files: [{ ...file, tab: { gid: 0, title: 'Class Data' } }] } },
  'getSpreadsheet 200': { manifest },
}

/** What the bytes of a file look like, by media type. */
const ROWS: Readonly<Record<string, unknown>> = {
  [MEDIA_TYPES.json]: [row],
  [MEDIA_TYPES.ndjson]: `${JSON.stringify(row)}\n`,
  [MEDIA_TYPES.csv]: `${Object.keys(row).join(',')}\r\n${Object.values(row).join(',')}\r\n`,
}

/** Values of parameters that bring no example of their own. */
const PARAMETERS: Readonly<Record<string, unknown>> = {
  id: ID,
  name: file.name,
  state: 'queued,running',
  spreadsheet: SAMPLE_SPREADSHEET_ID,
  pageSize: '50',
  pageToken: 'c3luYy0wMTk4YzViNA',
  format: 'json',
  prefer: 'wait=25',
  'if-none-match': ETAG,
  'if-match': ETAG,
  'last-event-id': '4',
  'idempotency-key': '7f1d9a60-4f0c-4d6e-9a51-0c5a3c7f9f10',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  range: 'bytes=0-1023',
  accept: 'text/csv',
}

/** The codes behind a status, where they are not those of every operation. */
const CODES: Readonly<Record<string, readonly ErrorCode[]>> = {
  400: ['VALIDATION_FAILED'],
  403: ['API_KEY_SCOPE', 'CROSS_SITE_REFUSED'],
  404: ['SYNC_NOT_FOUND'],
  500: ['INTERNAL', 'STATUS_CORRUPT'],
  503: ['STORAGE_UNAVAILABLE'],
  'readyz 503': ['STORAGE_UNAVAILABLE', 'SHUTTING_DOWN'],
  'metrics 403': ['API_KEY_SCOPE'],
  'startSync 400': ['VALIDATION_FAILED', 'BODY_NOT_JSON'],
  'startSync 403': ['API_KEY_SCOPE', 'SPREADSHEET_NOT_ALLOWED', 'CROSS_SITE_REFUSED'],
  'startSync 503': ['STORAGE_UNAVAILABLE', 'STORAGE_FULL', 'STORAGE_BUSY', 'SHUTTING_DOWN'],
  'listSyncs 400': ['VALIDATION_FAILED', 'PAGE_TOKEN_INVALID'],
  'cancelSync 409': ['SYNC_FINISHED'],
  'retrySync 409': ['SYNC_NOT_RETRYABLE'],
  'retrySync 503': ['STORAGE_UNAVAILABLE', 'SHUTTING_DOWN'],
  'deleteSync 409': ['SYNC_ACTIVE'],
  'listSyncFiles 404': ['SYNC_NOT_FOUND', 'SNAPSHOT_NOT_FOUND'],
  'listSyncFiles 409': ['FILES_NOT_READY'],
  'getSyncFile 404': ['SYNC_NOT_FOUND', 'FILE_NOT_FOUND', 'SNAPSHOT_NOT_FOUND'],
  'getSyncFile 409': ['FILES_NOT_READY'],
  'getSpreadsheet 404': ['SNAPSHOT_NOT_FOUND'],
  'getSpreadsheet 500': ['INTERNAL', 'SNAPSHOT_CORRUPT'],
  'getTab 404': ['SNAPSHOT_NOT_FOUND', 'TAB_NOT_FOUND'],
  'getTab 500': ['INTERNAL', 'SNAPSHOT_CORRUPT'],
}

interface Operation {
  readonly operationId: string
  readonly parameters?: { readonly name: string; readonly schema?: { readonly example?: unknown }; example?: unknown }[]
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { examples?: object }>> }>>
}

/** Adds examples of its parameters and answers to each operation of the document. */
export function addExamples<D extends object>(document: D): D {
  const { paths = {} } = document as { paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>> }
  for (const { operationId, parameters = [], responses } of Object.values(paths).flatMap(Object.values<Operation>)) {
    for (const parameter of parameters) {
      const value = PARAMETERS[parameter.name]
      if (parameter.schema?.example === undefined && value !== undefined) parameter.example = value
    }
    for (const [status, { content = {} }] of Object.entries(responses)) {
      for (const [type, media] of Object.entries(content)) {
        const examples = examplesOf(operationId, status, type)
        if (examples === undefined) continue
        media.examples = Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]))
      }
    }
  }
  return document
}

function examplesOf(operationId: string, status: string, type: string): Readonly<Record<string, unknown>> | undefined {
  if (type === PROBLEM_MEDIA_TYPE) return problemExamples(operationId, Number(status))
  const rows = ROWS[type]
  return GOOD_ANSWERS[`${operationId} ${status}`] ?? (rows === undefined ? undefined : { rows })
}

/** Problems that an operation answers with a status, by code. A status without codes of its own shows the table's first. */
function problemExamples(operationId: string, status: number): Record<string, Problem> {
  const every = (Object.keys(ERROR_TABLE) as ErrorCode[]).filter((code) => ERROR_TABLE[code].status === status)
  const codes = CODES[`${operationId} ${status}`] ?? CODES[status] ?? every.slice(0, 1)
  return Object.fromEntries(codes.map((code) => [code, toProblem(example(code), 'req-3a1c5e7d9f01-1')]))
}

function example(code: ErrorCode): AppError {
  if (code !== 'VALIDATION_FAILED') return new AppError(code, `${ERROR_TABLE[code].title}.`)
  const errors = [{ field: 'formats[0]', message: 'must be one of json, ndjson, csv' }]
  return new AppError(code, 'The request is not valid: formats[0].', { errors })
}
