import type { Scope } from './model.ts'

/** What an address is about, which decides what a caller that has passed the gate is answered. */
export type Subject = 'nothing' | 'sync' | 'book' | 'schedule' | 'start' | 'erasure' | 'schedule start'

export interface Route {
  readonly scope: Scope | 'any' | 'open'
  readonly subject: Subject
  /** What whoever sees the subject is answered; default 200. */
  readonly seen?: string
  /** The path with its parameters filled in; default: the address as it stands. */
  readonly path?: (target: Target) => string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: (target: Target) => object
}

/** What parameters are filled in from. */
export interface Target {
  readonly id: string
  readonly book: string
  readonly file?: string | undefined
  /** A sync that the caller sees the rows of. */
  readonly since?: string | undefined
}

const sync = (rest: string) => ({ subject: 'sync', path: ({ id }: Target) => `/syncs/${id}${rest}` }) as const
const schedule = (rest: string) =>
  ({ subject: 'schedule', path: ({ id }: Target) => `/schedules/${id}${rest}` }) as const
const tab = (rest: string) =>
  ({ scope: 'read', subject: 'book', path: ({ book }: Target) => `/spreadsheets/${book}/tabs/A${rest}` }) as const
/** A revision that nothing has, so that what may be removed stays. */
const NEVER = { headers: { 'if-match': '"0"' }, seen: '412 PRECONDITION_FAILED' }
const open = { scope: 'open', subject: 'nothing' } as const

/** Every address of the service: one that is missing here, or is there no more, fails the test. HEAD is as GET. */
export const ROUTES: Readonly<Record<string, Route>> = {
  'GET /': open,
  'GET /web/:release/*': { ...open, path: () => '/web/0/none', seen: '404 ROUTE_NOT_FOUND' },
  'GET /livez': open,
  'GET /readyz': open,
  'GET /openapi.json': open,
  'POST /google/notifications': { ...open, seen: '204' },
  'GET /metrics': { scope: 'admin', subject: 'nothing' },
  'GET /me': { scope: 'any', subject: 'nothing' },
  'GET /status': { scope: 'read', subject: 'nothing' },
  'GET /credentials': { scope: 'read', subject: 'nothing' },
  'GET /syncs': { scope: 'read', subject: 'nothing' },
  'GET /syncs/events': { scope: 'read', subject: 'nothing' },
  'POST /syncs': { scope: 'write', subject: 'start', seen: '202' },
  'GET /syncs/:id': { scope: 'read', ...sync('') },
  'GET /syncs/:id/events': { scope: 'read', ...sync('/events') },
  'GET /syncs/:id/files': { scope: 'read', ...sync('/files') },
  'GET /syncs/:id/files/:name': {
    scope: 'read',
    subject: 'sync',
    path: ({ id, file }) => `/syncs/${id}/files/${file}`,
  },
  'DELETE /syncs/:id': { scope: 'write', ...sync(''), ...NEVER },
  'POST /syncs/:id/cancel': { scope: 'write', ...sync('/cancel'), seen: '409 SYNC_FINISHED' },
  'POST /syncs/:id/retry': { scope: 'write', ...sync('/retry'), seen: '409 SYNC_NOT_RETRYABLE' },
  'POST /syncs/:id/webhook/redeliver': {
    scope: 'write',
    ...sync('/webhook/redeliver'),
    seen: '409 WEBHOOK_NOT_DELIVERABLE',
  },
  'GET /spreadsheets/:spreadsheetId': { scope: 'read', subject: 'book', path: ({ book }) => `/spreadsheets/${book}` },
  'GET /spreadsheets/:spreadsheetId/snapshots': {
    scope: 'read',
    subject: 'book',
    path: ({ book }) => `/spreadsheets/${book}/snapshots`,
  },
  'DELETE /spreadsheets/:spreadsheetId': {
    scope: 'write',
    subject: 'erasure',
    path: ({ book }) => `/spreadsheets/${book}`,
    seen: '204',
  },
  'GET /spreadsheets/:spreadsheetId/tabs/:tab': tab(''),
  'GET /spreadsheets/:spreadsheetId/tabs/:tab/rows': tab('/rows'),
  'GET /spreadsheets/:spreadsheetId/tabs/:tab/schema': tab('/schema'),
  'GET /spreadsheets/:spreadsheetId/tabs/:tab/changes': {
    ...tab(''),
    path: ({ book, since, id }) => `/spreadsheets/${book}/tabs/A/changes?since=${since ?? id}&key=Name`,
  },
  'POST /spreadsheets/:spreadsheetId/query': {
    scope: 'read',
    subject: 'book',
    path: ({ book }) => `/spreadsheets/${book}/query`,
    body: () => ({ sql: 'SELECT * FROM A' }),
  },
  'POST /schedules': { scope: 'write', subject: 'schedule start', seen: '201' },
  'GET /schedules': { scope: 'read', subject: 'nothing' },
  'GET /schedules/:id': { scope: 'read', ...schedule('') },
  'PATCH /schedules/:id': { scope: 'write', ...schedule(''), ...NEVER, body: () => ({ name: 'Other' }) },
  'DELETE /schedules/:id': { scope: 'write', ...schedule(''), ...NEVER },
  'POST /schedules/:id/run': { scope: 'write', ...schedule('/run'), seen: '202' },
  'POST /schedules/:id/pause': { scope: 'write', ...schedule('/pause') },
  'POST /schedules/:id/resume': { scope: 'write', ...schedule('/resume') },
}
