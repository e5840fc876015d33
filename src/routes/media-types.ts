import type { SnapshotFormat } from '../model/sync-request.ts'

/** The media type of each format, as `Accept` names it and the OpenAPI document shows it. */
export const MEDIA_TYPES = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
  parquet: 'application/vnd.apache.parquet',
} as const satisfies Readonly<Record<SnapshotFormat, string>>

/** RFC 9457, section 3. */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json'

/** The `Content-Type` of a file; text needs its charset said, JSON has none but UTF-8 (RFC 8259, section 8.1). */
export function contentTypeOf(format: SnapshotFormat): string {
  const mediaType = MEDIA_TYPES[format]
  return mediaType.startsWith('text/') ? `${mediaType}; charset=utf-8` : mediaType
}
