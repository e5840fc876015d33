import type { Sync } from '../../client/src/types.ts'

/** What the list keeps of a sync: thousands are kept, and their tabs and files would be most of them. */
export type ListedSync = Pick<
  Sync,
  | 'id'
  | 'state'
  | 'revision'
  | 'spreadsheet'
  | 'progress'
  | 'labels'
  | 'scheduleId'
  | 'retryOf'
  | 'outcome'
  | 'createdAt'
  | 'startedAt'
  | 'finishedAt'
> & {
  readonly error: { readonly code: string; readonly title: string } | null
  readonly warnings: number
  /** Rows added and removed, of all tabs where that is known. */
  readonly changed: { readonly added: number; readonly removed: number } | null
}

export function toListed(sync: Sync): ListedSync {
  const { id, state, revision, spreadsheet, progress, labels, scheduleId, retryOf, outcome } = sync
  const { createdAt, startedAt, finishedAt, error, warnings, changes } = sync
  return {
    id,
    state,
    revision,
    spreadsheet,
    progress,
    labels,
    scheduleId,
    retryOf,
    outcome,
    createdAt,
    startedAt,
    finishedAt,
    error: error && { code: error.code, title: error.title },
    warnings: warnings.length,
    changed: changes && changedIn(changes.tabs),
  }
}

function changedIn(tabs: NonNullable<Sync['changes']>['tabs']): ListedSync['changed'] {
  const counted = tabs.filter(({ added, removed }) => added !== null && removed !== null)
  if (counted.length === 0) return null
  return {
    added: counted.reduce((sum, { added }) => sum + (added ?? 0), 0),
    removed: counted.reduce((sum, { removed }) => sum + (removed ?? 0), 0),
  }
}

/** Whether it still tries, and is held up. */
export function isHindered({ finishedAt, progress }: Pick<Sync, 'finishedAt' | 'progress'>): boolean {
  return finishedAt === null && (progress.fault !== null || progress.waitingUntil !== null)
}

/** Whether it has not ended yet. */
export function isActive({ finishedAt }: Pick<Sync, 'finishedAt'>): boolean {
  return finishedAt === null
}
