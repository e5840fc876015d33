export {
  type Client,
  type ClientOptions,
  createClient,
  type DeleteOptions,
  revisionTag,
  type StartOptions,
} from './client.ts'
export { type OwnCode, SheetsyncError } from './error.ts'
export type { CallOptions } from './limited-signal.ts'
export type { ChangesQuestion, RowsQuestion } from './row-questions.ts'
export type {
  Cell,
  Credential,
  Me,
  Problem,
  QueryAnswer,
  QueryRequest,
  Row,
  RowsPage,
  Schedule,
  ScheduleBody,
  SchedulePage,
  SchedulePatch,
  ServiceStatus,
  SnapshotList,
  SnapshotManifest,
  Sync,
  SyncFile,
  SyncFilters,
  SyncPage,
  SyncRequestBody,
  TabChanges,
  TabSchema,
} from './types.ts'
export type { WaitOptions } from './wait-for-sync.ts'
export type { SyncListEvent, WatchOptions } from './watch-syncs.ts'
