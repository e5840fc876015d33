import { SAMPLE_SPREADSHEET_ID } from '../../model/sync-request.ts'
import { ID, SCHEDULE_ID } from './example-ids.ts'
import { file } from './sync-answers.ts'

const ETAG = '"7"'

/**
 * What parameters look like that bring no `example` of their own. These are `examples` of the schema: the form of Swagger UI
 * begins with an `example`, and an id, a precondition or a cursor of somebody else makes a request that fails.
 */
export const PARAMETERS: Readonly<Record<string, unknown>> = {
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
