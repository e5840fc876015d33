import type { Sync, SyncState } from './sync.ts'

/** What a list of syncs is asked for; a sync belongs to it when all of this holds. */
export interface SyncFilter {
  /** In one of these states. */
  readonly states?: readonly SyncState[] | undefined
  /** Of this spreadsheet. */
  readonly spreadsheetId?: string | undefined
  /** Asked for with the API key of this name. */
  readonly createdBy?: string | undefined
  /** A run of this schedule. */
  readonly scheduleId?: string | undefined
  /** With every one of these labels, each a name and a value. */
  readonly labels?: readonly (readonly [name: string, value: string])[] | undefined
  /** Failed with one of these error codes. */
  readonly codes?: readonly string[] | undefined
  /** A part of its title, its spreadsheet's id, its own id or the value of a label; case does not matter. */
  readonly text?: string | undefined
}

/** As much of a sync as a filter asks for. */
type FilteredSync = Pick<Sync, 'id' | 'state' | 'createdBy' | 'scheduleId' | 'labels'> & {
  readonly spreadsheet: Pick<Sync['spreadsheet'], 'id' | 'title'>
  readonly error: { readonly code: string } | null
}

export function matchesFilter(sync: FilteredSync, filter: SyncFilter): boolean {
  const { codes, states, text } = filter
  return (
    (states === undefined || states.includes(sync.state)) &&
    matchesForGood(sync, filter) &&
    (codes === undefined || (sync.error !== null && codes.includes(sync.error.code))) &&
    (text === undefined || hasText(sync, text.toLowerCase()))
  )
}

/** Whether the sync has what the filter asks for of those parts that never change: one that has not will never match. */
export function matchesForGood(
  sync: FilteredSync,
  { spreadsheetId, createdBy, scheduleId, labels }: SyncFilter,
): boolean {
  return (
    (spreadsheetId === undefined || sync.spreadsheet.id === spreadsheetId) &&
    (createdBy === undefined || sync.createdBy === createdBy) &&
    (scheduleId === undefined || sync.scheduleId === scheduleId) &&
    (labels === undefined || labels.every(([name, value]) => labelOf(sync, name) === value))
  )
}

/** Whether records must be read to tell what matches: no driver has an index of these parts. */
export function isSearch({ labels, codes, text }: SyncFilter): boolean {
  return labels !== undefined || codes !== undefined || text !== undefined
}

function labelOf({ labels }: FilteredSync, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined
}

function hasText({ id, spreadsheet, labels }: FilteredSync, lowerCase: string): boolean {
  const texts = [spreadsheet.title ?? '', spreadsheet.id, id, ...Object.values(labels)]
  return texts.some((text) => text.toLowerCase().includes(lowerCase))
}
