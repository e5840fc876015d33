import { AppError, ERROR_TABLE, type ErrorCode } from '../errors.ts'
import { columnSchema } from '../model/column-schema.ts'
import { invalidRequest } from '../model/invalid-request.ts'
import { type Problem, toProblem } from '../model/problem.ts'
import type { SnapshotContents } from '../model/snapshot-manifest.ts'
import type { SnapshotFile } from '../model/sync.ts'
import { normalizeRequest, SAMPLE_SPREADSHEET_ID, syncRequestBody } from '../model/sync-request.ts'
import { type SyncView, toView } from '../model/sync-view.ts'
import type { TabSchema } from '../rows/column-schema-response.ts'
import { sqlName } from '../rows/sql-words.ts'
import { createSchedule } from '../schedules/schedule.ts'
import type { ScheduleBody } from '../schedules/schedule-body.ts'
import { type ScheduleView, toScheduleView } from '../schedules/schedule-view.ts'
import { createSync } from '../syncs/new-sync.ts'
import type { Me } from './me.ts'
import { MEDIA_TYPES, PROBLEM_MEDIA_TYPE } from './media-types.ts'
import type { SnapshotList } from './snapshot-list.ts'
import type { ServiceStatus } from './status.ts'

// What the OpenAPI document shows of each answer. The types hold the examples true to the schemas.
const ID = 'sync-0198c5b4-7d1e-7c3a-9b2f-3a1c5e7d9f01'
const EARLIER_ID = 'sync-0198c5a0-3c11-7d42-8a9b-5e0f1d2c3b4a'
const NEXT_ID = 'sync-0198c5b9-1f02-7e55-8d41-6b0c2a9e4f13'
const SCHEDULE_ID = 'schedule-0198c5b4-7d1e-7c3a-9b2f-3a1c5e7d9f01'
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

const me: Me = {
  name: 'web-app',
  scopes: ['read', 'write'],
  seesAll: false,
  keyed: true,
  spreadsheets: null,
  credentials: ['default', 'agency'],
  tokens: false,
  actAs: true,
}

const { href: _, ...storedFile } = file

const manifest: SnapshotContents = {
  version: 1,
  syncId: ID,
  publishedAt: ended.finishedAt,
  spreadsheet,
  consistent: true,
  request: queued.request,
  tabs: [{ ...tab, rectangle: null, rows: 30, columns: 3, columnNames: Object.keys(row), files: [storedFile] }],
  warnings: [],
}

const text = (name: string, example: string, longest: number): TabSchema['columns'][number] => ({
  ...{ name, column: name, sql: sqlName(name) },
  ...columnSchema({ values: { text: 30 }, longest, example }, 30),
})

const columns: TabSchema = {
  syncId: ID,
  publishedAt: ended.finishedAt,
  tab,
  tables: ['Class Data', 'class_data'],
  rows: 30,
  rowsAre: 'objects',
  columns: [text('Student Name', 'Alexandra', 9), text('Gender', 'Female', 6), text('Class Level', '4. Senior', 12)],
}

const changes = {
  changes: [
    { change: 'added', row },
    {
      change: 'changed',
      key: { 'Student Name': 'Anna' },
      columns: { 'Class Level': { old: '1. Freshman', new: '2. Sophomore' } },
    },
  ],
  since: { syncId: ID, publishedAt: ended.finishedAt },
  until: { syncId: NEXT_ID, publishedAt: '2026-01-31T10:00:02.000Z' },
  key: ['Student Name'],
  columns: { added: [], removed: [] },
  counts: { added: 1, removed: 0, changed: 1 },
  duplicateKeys: { count: 0, examples: [] },
  nextCursor: null,
}

const ofSnapshot = { syncId: ID, publishedAt: ended.finishedAt }
const rowsPage = { rows: [row], nextCursor: null, count: 1, ...ofSnapshot }
const queryAnswer = {
  rows: [{ Country: 'DE', orders: 41, total: 10_233.5 }],
  columns: [
    { name: 'Country', type: 'VARCHAR' },
    { name: 'orders', type: 'BIGINT' },
    { name: 'total', type: 'DOUBLE' },
  ],
  hasMore: false,
  ...ofSnapshot,
}

const scheduleBody: ScheduleBody = {
  name: 'Prices, every morning',
  request: body,
  cron: '0 6 * * 1-5',
  timeZone: 'Europe/Berlin',
  onChange: false,
}
const schedule: ScheduleView = {
  ...toScheduleView(
    createSchedule({ id: SCHEDULE_ID, body: scheduleBody, createdBy: null }, new Date('2026-01-30T09:00:00.000Z')),
  ),
  nextRunAt: '2026-02-02T05:00:07.000Z',
}
const hasRun: ScheduleView = {
  ...schedule,
  revision: 4,
  lastSync: {
    id: ID,
    tick: '2026-01-30T05:00:07.000Z',
    state: 'succeeded',
    joined: false,
    finishedAt: ended.finishedAt,
  },
  lastSuccess: { id: ID, finishedAt: ended.finishedAt },
}
const paused: ScheduleView = {
  ...hasRun,
  state: 'paused',
  revision: 5,
  nextRunAt: null,
  pause: { reason: 'user', code: null, message: 'Somebody paused it.', at: ended.finishedAt },
}

const { syncId, publishedAt, consistent, tabs: heldTabs } = manifest
const snapshotList: SnapshotList = {
  spreadsheet: { id: SAMPLE_SPREADSHEET_ID, title: manifest.spreadsheet.title, url: manifest.spreadsheet.url },
  snapshots: [
    {
      ...{ syncId, publishedAt, consistent },
      tabs: heldTabs.map(({ gid, title, range, rows, columns }) => ({
        ...{ gid, title, range, rows, columns },
        formats: ['json'],
        isQueryable: true,
      })),
    },
  ],
}

const status: ServiceStatus = {
  ...{ instance: 'instance-1f0c7a52', role: 'all', version: '1.0.0', uptimeSeconds: 86_400 },
  budgets: [{ name: 'default', project: 'my-project', limit: 60, used: 12, waiting: 0, waitingUntil: null }],
  queue: { queued: 2, running: 1, waiting: 0 },
  syncs: { queued: 1, running: 1, cancelling: 0, interrupted: 1, succeeded: 37, failed: 1, cancelled: 0 },
  storage: { kind: 'file', healthy: true, error: null },
  instances: [
    {
      ...{ id: 'instance-1f0c7a52', role: 'all', host: 'web-1' },
      ...{ since: '2026-01-30T09:00:00.000Z', lastSeenAt: ended.finishedAt },
    },
  ],
  schedules: { active: 3, paused: 1 },
}

/** One event of a stream, as it goes over the wire. */
const events = `retry: 2000\n\nid: 4\nevent: sync\ndata: ${JSON.stringify(running)}\n\n`

const listEvents = `retry: 2000\n\nevent: ready\ndata: {}\n\nid: ${ID} 4\nevent: sync\ndata: ${JSON.stringify(running)}\n\n`

/** What an operation answers when all is well: by operation, status (media type, where it has several) and name of the example. */
const GOOD_ANSWERS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'livez 200': { alive: { status: 'ok' } },
  'readyz 200': { ready: { status: 'ok' } },
  'metrics 200': {
    counts:
      '# HELP sheetsync_syncs Syncs that have not ended\n# TYPE sheetsync_syncs gauge\nsheetsync_syncs{state="running"} 1\n',
  },
  'status 200': { status },
  'startSync 202': { queued },
  'getSync 200': { running, succeeded, failed },
  'listSyncs 200': { lastPage: { syncs: [succeeded], nextPageToken: null } },
  'cancelSync 202': { cancelling },
  'cancelSync 200': { cancelled },
  'retrySync 202': { retried },
  'redeliverWebhook 202': { succeeded },
  'streamSync 200': { running: events },
  'streamSyncs 200': { running: listEvents },
  'createSchedule 201': { schedule },
  'listSchedules 200': { lastPage: { schedules: [hasRun], nextPageToken: null } },
  'getSchedule 200': { hasRun, paused },
  'patchSchedule 200': { schedule },
  'runSchedule 202': { queued: { ...queued, scheduleId: SCHEDULE_ID, tick: queued.createdAt } },
  'pauseSchedule 200': { paused },
  'resumeSchedule 200': { hasRun },
  'listCredentials 200': {
    credentials: {
      credentials: [
        {
          name: 'default',
          account: 'sheetsync@example-project.iam.gserviceaccount.com',
          kind: 'service-account',
          project: 'example-project',
          health: 'ok',
          error: null,
          lastUsedAt: ended.finishedAt,
        },
      ],
    },
  },
  'listSyncFiles 200': { files: { files: [{ ...file, tab: { gid: 0, title: 'Class Data' } }] } },
  'me 200': { team: me },
  'getSpreadsheet 200': { manifest },
  'listSnapshots 200': { snapshots: snapshotList },
  'getTabChanges 200': { changes },
  'getRows 200 application/json': { page: rowsPage },
  'query 200 application/json': { answer: queryAnswer },
  'getTabSchema 200': { columns },
  'getTabSchema 200 application/schema+json': {
    jsonSchema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: tab.title,
      type: 'object',
      additionalProperties: false,
      properties: { 'Student Name': { type: 'string', examples: ['Alexandra'] } },
      required: ['Student Name'],
    },
  },
  'getTabSchema 200 text/plain': {
    interface:
      '/** A row of the tab "Class Data". */\nexport interface ClassDataRow {\n  /** text, such as "Alexandra" */\n  "Student Name": string\n}\n',
  },
}

/** What the bytes of a file look like, by media type. */
const ROWS: Readonly<Record<string, unknown>> = {
  [MEDIA_TYPES.json]: [row],
  [MEDIA_TYPES.ndjson]: `${JSON.stringify(row)}\n`,
  [MEDIA_TYPES.csv]: `${Object.keys(row).join(',')}\r\n${Object.values(row).join(',')}\r\n`,
  [MEDIA_TYPES.parquet]: 'PAR1…',
}

/**
 * What parameters look like that bring no `example` of their own. These are `examples` of the schema: the form of Swagger UI
 * begins with an `example`, and an id, a precondition or a cursor of somebody else makes a request that fails.
 */
const PARAMETERS: Readonly<Record<string, unknown>> = {
  id: ID,
  since: ID,
  key: 'Order',
  name: file.name,
  schedule: SCHEDULE_ID,
  ...Object.fromEntries(
    ['get', 'patch', 'delete', 'run', 'pause', 'resume'].map((verb) => [`${verb}Schedule id`, SCHEDULE_ID]),
  ),
  state: 'queued,running',
  spreadsheet: SAMPLE_SPREADSHEET_ID,
  label: ['team=sales', 'week=48'],
  code: 'SHEET_FORBIDDEN,SHEET_NOT_FOUND',
  q: 'orders',
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
  'if-range': ETAG,
  'accept-encoding': 'gzip, br, zstd',
  accept: 'text/csv',
  select: 'Order,Customer,Total',
  where: 'Total >= ? and Customer ilike ?',
  param: ['100', 'b%'],
  order: 'Total desc, Customer',
  limit: '20',
  offset: '40',
  cursor: 'c3luYy0wMTk4YzViNC03ZDFlIDIw',
  count: 'exact',
  as: 'typescript',
}

/** What a key may not have downloaded, or not so. */
const NOT_ALLOWED = ['SPREADSHEET_NOT_ALLOWED', 'CREDENTIAL_NOT_ALLOWED', 'ACT_AS_NOT_ALLOWED'] as const

/** The codes behind a status, where they are not those of every operation. */
const CODES: Readonly<Record<string, readonly ErrorCode[]>> = {
  400: ['VALIDATION_FAILED'],
  403: ['API_KEY_SCOPE', 'CROSS_SITE_REFUSED'],
  404: ['SYNC_NOT_FOUND'],
  500: ['INTERNAL', 'STATUS_CORRUPT'],
  503: ['STORAGE_UNAVAILABLE'],
  'readyz 503': ['STORAGE_UNAVAILABLE', 'SHUTTING_DOWN'],
  'metrics 403': ['API_KEY_SCOPE'],
  'me 403': ['CROSS_SITE_REFUSED'],
  'me 500': ['INTERNAL'],
  'startSync 400': ['VALIDATION_FAILED', 'BODY_NOT_JSON'],
  'startSync 403': ['API_KEY_SCOPE', ...NOT_ALLOWED, 'CROSS_SITE_REFUSED'],
  'startSync 422': ['IDEMPOTENCY_KEY_REUSED', 'CREDENTIAL_UNKNOWN'],
  ...Object.fromEntries(
    ['retrySync', 'createSchedule', 'patchSchedule', 'runSchedule'].map((operation) => [
      `${operation} 422`,
      ['CREDENTIAL_UNKNOWN'] as const,
    ]),
  ),
  'startSync 503': ['STORAGE_UNAVAILABLE', 'STORAGE_FULL', 'STORAGE_BUSY', 'SHUTTING_DOWN'],
  'listSyncs 400': ['VALIDATION_FAILED', 'PAGE_TOKEN_INVALID'],
  'cancelSync 409': ['SYNC_FINISHED'],
  'retrySync 409': ['SYNC_NOT_RETRYABLE'],
  'retrySync 503': ['STORAGE_UNAVAILABLE', 'SHUTTING_DOWN'],
  'deleteSync 409': ['SYNC_ACTIVE'],
  'createSchedule 400': ['VALIDATION_FAILED', 'BODY_NOT_JSON'],
  'createSchedule 403': ['API_KEY_SCOPE', ...NOT_ALLOWED, 'CROSS_SITE_REFUSED'],
  'createSchedule 429': ['TOO_MANY_SCHEDULES'],
  'listSchedules 400': ['VALIDATION_FAILED', 'PAGE_TOKEN_INVALID'],
  ...Object.fromEntries(
    ['get', 'patch', 'delete', 'run', 'pause', 'resume'].flatMap((verb) => [
      [`${verb}Schedule 404`, ['SCHEDULE_NOT_FOUND'] as const],
      [`${verb}Schedule 500`, ['INTERNAL', 'SCHEDULE_CORRUPT'] as const],
    ]),
  ),
  'listSyncFiles 404': ['SYNC_NOT_FOUND', 'SNAPSHOT_NOT_FOUND'],
  'listSyncFiles 409': ['FILES_NOT_READY'],
  'getSyncFile 404': ['SYNC_NOT_FOUND', 'FILE_NOT_FOUND', 'SNAPSHOT_NOT_FOUND'],
  'getSyncFile 409': ['FILES_NOT_READY'],
  'getSpreadsheet 404': ['SNAPSHOT_NOT_FOUND'],
  'listSnapshots 404': ['SNAPSHOT_NOT_FOUND'],
  'listSnapshots 500': ['INTERNAL', 'SNAPSHOT_CORRUPT'],
  'getSpreadsheet 500': ['INTERNAL', 'SNAPSHOT_CORRUPT'],
  'getTab 404': ['SNAPSHOT_NOT_FOUND', 'TAB_NOT_FOUND'],
  'getTabChanges 400': ['VALIDATION_FAILED', 'CURSOR_INVALID'],
  'getTabChanges 404': ['SNAPSHOT_NOT_FOUND', 'TAB_NOT_FOUND'],
  'getTabChanges 409': ['ROWS_NOT_QUERYABLE', 'SCHEMA_NOT_KEPT'],
  'getTabChanges 410': ['CURSOR_GONE'],
  'getTabChanges 422': ['COLUMN_NOT_FOUND', 'QUERY_LIMIT_EXCEEDED'],
  'getTabSchema 404': ['SNAPSHOT_NOT_FOUND', 'TAB_NOT_FOUND'],
  'getTabSchema 409': ['SCHEMA_NOT_KEPT'],
  'getTabSchema 500': ['INTERNAL', 'SNAPSHOT_CORRUPT'],
  'getTab 500': ['INTERNAL', 'SNAPSHOT_CORRUPT'],
  'getRows 400': ['VALIDATION_FAILED', 'QUERY_INVALID', 'CURSOR_INVALID'],
  'getRows 404': ['SNAPSHOT_NOT_FOUND', 'TAB_NOT_FOUND'],
  'getRows 409': ['ROWS_NOT_QUERYABLE', 'SCHEMA_NOT_KEPT'],
  'getRows 410': ['CURSOR_GONE'],
  'getRows 422': ['COLUMN_NOT_FOUND', 'QUERY_LIMIT_EXCEEDED'],
  'getRows 501': ['QUERY_ENGINE_MISSING'],
  'getRows 503': ['STORAGE_UNAVAILABLE', 'QUERY_ENGINE_BUSY', 'QUERY_ENGINE_FAILED'],
  'query 400': ['VALIDATION_FAILED', 'QUERY_INVALID', 'BODY_NOT_JSON'],
  'query 404': ['SNAPSHOT_NOT_FOUND'],
  'query 409': ['ROWS_NOT_QUERYABLE', 'SCHEMA_NOT_KEPT'],
  'query 422': ['QUERY_LIMIT_EXCEEDED'],
  'query 501': ['QUERY_ENGINE_MISSING'],
  'query 503': ['STORAGE_UNAVAILABLE', 'QUERY_ENGINE_BUSY', 'QUERY_ENGINE_FAILED'],
}

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly {
    readonly name: string
    readonly schema: { readonly example?: unknown; examples?: unknown[] }
  }[]
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { examples?: object }>> }>>
}

/** Adds examples of its parameters and answers to each operation of the document. */
export function addExamples<D extends object>(document: D): D {
  const { paths = {} } = document as { paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>> }
  for (const { operationId, parameters = [], responses } of Object.values(paths).flatMap(Object.values<Operation>)) {
    for (const { name, schema } of parameters) {
      const value = PARAMETERS[`${operationId} ${name}`] ?? PARAMETERS[name]
      if (schema.example === undefined && value !== undefined) schema.examples = [value]
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
  const good = GOOD_ANSWERS[`${operationId} ${status} ${type}`] ?? GOOD_ANSWERS[`${operationId} ${status}`]
  return good ?? (rows === undefined ? undefined : { rows })
}

/** Problems that an operation answers with a status, by code. A status without codes of its own shows the table's first. */
function problemExamples(operationId: string, status: number): Record<string, Problem> {
  const every = (Object.keys(ERROR_TABLE) as ErrorCode[]).filter((code) => ERROR_TABLE[code].status === status)
  const codes = CODES[`${operationId} ${status}`] ?? CODES[status] ?? every.slice(0, 1)
  return Object.fromEntries(codes.map((code) => [code, toProblem(example(code), 'req-3a1c5e7d9f01-1')]))
}

function example(code: ErrorCode): AppError {
  if (code !== 'VALIDATION_FAILED') return new AppError(code, `${ERROR_TABLE[code].title}.`)
  return invalidRequest([
    { field: 'spreadsheet', message: 'is missing' },
    { field: 'formats[0]', message: 'must be json, ndjson, csv or parquet' },
  ])
}
