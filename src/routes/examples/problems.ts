import { AppError, ERROR_TABLE, type ErrorCode } from '../../errors.ts'
import { invalidRequest } from '../../model/invalid-request.ts'
import { type Problem, toProblem } from '../../model/problem.ts'

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

/** Problems that an operation answers with a status, by code. A status without codes of its own shows the table's first. */
export function problemExamples(operationId: string, status: number): Record<string, Problem> {
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
