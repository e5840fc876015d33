import type { components, operations } from './schema.d.ts'

export type Sync = components['schemas']['Sync']
export type SyncRequestBody = components['schemas']['SyncRequestBody']
export type Problem = components['schemas']['Problem']
export type SyncPage = components['schemas']['SyncPage']
/** What lists of syncs can be asked for. */
export type SyncFilters = Omit<NonNullable<operations['listSyncs']['parameters']['query']>, 'pageSize' | 'pageToken'>
export type Schedule = components['schemas']['Schedule']
export type ScheduleBody = components['schemas']['ScheduleBody']
export type SchedulePatch = components['schemas']['SchedulePatch']
export type SchedulePage = components['schemas']['SchedulePage']
export type Me = components['schemas']['Me']
export type Credential = components['schemas']['Credential']
export type SyncFile = components['schemas']['FileList']['files'][number]
export type ServiceStatus = components['schemas']['ServiceStatus']
export type SnapshotList = components['schemas']['SnapshotList']
export type SnapshotManifest = components['schemas']['SnapshotManifest']

export type TabChanges = components['schemas']['TabChanges']
export type TabSchema = components['schemas']['TabSchema']
export type QueryRequest = Omit<components['schemas']['QueryRequest'], 'format'>
export type RowsPage<R> = Omit<components['schemas']['RowsPage'], 'rows'> & { readonly rows: readonly R[] }
export type QueryAnswer<R> = Omit<components['schemas']['QueryAnswer'], 'rows'> & { readonly rows: readonly R[] }

/** One cell of a row, as JSON has it. */
export type Cell = string | number | boolean | null
/** A row under its header, or without one. */
export type Row = Readonly<Record<string, Cell>> | readonly Cell[]
