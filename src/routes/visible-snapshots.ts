import { AppError } from '../errors.ts'
import { type KnownTab, selectTab, type TabSelection } from '../model/select-tab.ts'
import type { SnapshotManifest } from '../model/snapshot-manifest.ts'
import type { SnapshotStore } from '../ports/snapshot-store.ts'
import { type Caller, maySee } from '../syncs/caller.ts'

/** More titles than this in a hint help nobody. */
const TITLES_IN_HINT = 20

/** The snapshots of a spreadsheet that a caller may see, newest first. Rejects with SNAPSHOT_NOT_FOUND: to it there are no others. */
export async function visibleSnapshots(
  snapshots: Pick<SnapshotStore, 'list'>,
  spreadsheetId: string,
  caller: Caller,
): Promise<[SnapshotManifest, ...SnapshotManifest[]]> {
  const [latest, ...older] = (await snapshots.list(spreadsheetId)).filter((manifest) => maySee(caller, manifest))
  if (latest === undefined) throw new AppError('SNAPSHOT_NOT_FOUND', `There are no rows of ${spreadsheetId}.`)
  return [latest, ...older]
}

/** Finds a tab in whatever format. Throws a TAB_NOT_FOUND that lists the tabs there are. */
export function requireTab(
  manifests: readonly SnapshotManifest[],
  selector: string,
): Extract<TabSelection, { readonly outcome: 'found' }> {
  const held = selectTab(manifests, selector)
  if (held.outcome === 'no-tab') throw noSuchTab(held.tabs)
  // Every tab of a snapshot has a file in some format.
  if (held.outcome !== 'found') throw new AppError('INTERNAL', 'A tab of a snapshot has no file.')
  return held
}

function noSuchTab(tabs: readonly KnownTab[]): AppError {
  const titles = tabs.slice(0, TITLES_IN_HINT).map(({ gid, title }) => `${JSON.stringify(title)} (gid:${gid})`)
  const more = tabs.length > TITLES_IN_HINT ? ` and ${tabs.length - TITLES_IN_HINT} more` : ''
  return new AppError('TAB_NOT_FOUND', 'No snapshot of this spreadsheet holds a tab that has this name now.', {
    hint: `There are ${titles.join(', ')}${more}. A tab that was added or renamed since needs a new sync.`,
  })
}

/** Answers once more when a newer snapshot took the place of one between the choice and the open; now it is the one to choose. */
export async function ofNewest<T>(answer: () => Promise<T>): Promise<T> {
  try {
    return await answer()
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'FILE_NOT_FOUND')) throw error
    return answer()
  }
}
