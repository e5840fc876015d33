export { type CallOptions, type Client, type ClientOptions, createClient, type StartOptions } from './client.ts'
export { SheetsyncError } from './error.ts'
export type {
  Cell,
  Problem,
  Row,
  SnapshotManifest,
  Sync,
  SyncFile,
  SyncPage,
  SyncRequestBody,
} from './types.ts'
export type { WaitOptions } from './wait-for-sync.ts'
