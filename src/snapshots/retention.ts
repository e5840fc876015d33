import type { SnapshotManifest } from '../model/snapshot-manifest.ts'

/** Sorts snapshots newest first; sync ids break a tie, as they sort by the time they were made. */
export function newestFirst(manifests: readonly SnapshotManifest[]): SnapshotManifest[] {
  return manifests.toSorted(
    (one, other) => Date.parse(other.publishedAt) - Date.parse(one.publishedAt) || (other.syncId < one.syncId ? -1 : 1),
  )
}

/**
 * Which snapshots of one spreadsheet, given newest first, retention no longer keeps: for each API key (`createdBy`), all
 * but its newest `kept` and, for each tab (or range of it) and format, its newest that holds it. One key's snapshots
 * never push out another's, as their owners cannot even see each other's.
 */
export function prunable(manifests: readonly SnapshotManifest[], kept: number): SnapshotManifest[] {
  const owners = Map.groupBy(manifests, ({ createdBy }) => createdBy)
  return [...owners.values()].flatMap((own) => prunableOf(own, kept))
}

function prunableOf(manifests: readonly SnapshotManifest[], kept: number): SnapshotManifest[] {
  const held = new Set<string>()
  return manifests.filter((manifest, age) => {
    let isNewestOfSomething = false
    for (const { gid, range, files } of manifest.tabs) {
      for (const { format } of files) {
        const key = JSON.stringify([gid, range, format])
        if (!held.has(key)) isNewestOfSomething = true
        held.add(key)
      }
    }
    return age >= kept && !isNewestOfSomething
  })
}
