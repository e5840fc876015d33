import type { components } from './schema.d.ts'

export type Sync = components['schemas']['Sync']
export type SyncRequestBody = components['schemas']['SyncRequestBody']
export type Problem = components['schemas']['Problem']
export type SyncPage = components['schemas']['SyncPage']
export type SyncFile = components['schemas']['FileList']['files'][number]
export type SnapshotManifest = components['schemas']['SnapshotManifest']

/** One cell of a row, as JSON has it. */
export type Cell = string | number | boolean | null
/** A row under its header, or without one. */
export type Row = Readonly<Record<string, Cell>> | readonly Cell[]
