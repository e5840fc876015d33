import { AppError } from '../errors.ts'
import { selectTab } from '../model/select-tab.ts'
import type { ManifestTab, SnapshotManifest } from '../model/snapshot-manifest.ts'
import { isQueryable } from './table-source.ts'

/** A tab as a snapshot holds it. */
export interface HeldTab {
  readonly manifest: SnapshotManifest
  readonly tab: ManifestTab
}

/** The newest snapshot that holds the tab so that it can be asked; where none does, the newest, which then says why. */
export function newestQueryable(manifests: readonly SnapshotManifest[], latest: HeldTab): HeldTab {
  const queryable = manifests.map((manifest) => ({ ...manifest, tabs: manifest.tabs.filter(isQueryable) }))
  const found = selectTab(queryable, `gid:${latest.tab.gid}`)
  return found.outcome === 'found' ? found : latest
}

/** The tab in the snapshot that a cursor names. Throws CURSOR_GONE. */
export function ofSnapshot(manifests: readonly SnapshotManifest[], { tab }: HeldTab, syncId: string): HeldTab {
  const found = selectTab(
    manifests.filter((manifest) => manifest.syncId === syncId),
    `gid:${tab.gid}`,
  )
  if (found.outcome === 'found') return found
  throw new AppError('CURSOR_GONE', 'The snapshot that the pages before were of has been removed.')
}

/** Syncs that a hint lists at most. */
const MOST_LISTED = 20

/**
 * The tab in the snapshot of an earlier sync, whole, or that very range where only a range is held now. Throws a
 * SNAPSHOT_NOT_FOUND that lists the syncs that could be named.
 */
export function earlierSnapshot(manifests: readonly SnapshotManifest[], { tab }: HeldTab, syncId: string): HeldTab {
  const held = manifests.flatMap((manifest) => {
    const same = manifest.tabs.find(({ gid, range }) => gid === tab.gid && range === tab.range)
    return same === undefined ? [] : [{ manifest, tab: same }]
  })
  const found = held.find(({ manifest }) => manifest.syncId === syncId)
  if (found !== undefined) return found
  const part = tab.range === null ? '' : ` (${tab.range})`
  const listed = held
    .filter((one) => isQueryable(one.tab))
    .slice(0, MOST_LISTED)
    .map(({ manifest }) => `${manifest.syncId} (${manifest.publishedAt})`)
  throw new AppError('SNAPSHOT_NOT_FOUND', `No snapshot of ${syncId} holds ${JSON.stringify(tab.title)}${part}.`, {
    hint: `There are those of ${listed.join(', ')}, the newest first. How many are kept is SNAPSHOTS_KEPT.`,
  })
}
