import type { SnapshotManifest } from './snapshot-store.ts'

/** Sorts snapshots newest first; sync ids break a tie, as they sort by the time they were made. */
export function newestFirst(manifests: readonly SnapshotManifest[]): SnapshotManifest[] {
  return manifests.toSorted(
    (one, other) => Date.parse(other.publishedAt) - Date.parse(one.publishedAt) || (other.syncId < one.syncId ? -1 : 1),
  )
}

/**
 * Which snapshots of one spreadsheet, given newest first, retention no longer keeps: all but the newest `kept` and, for
 * each tab (or range of it) and format, the newest that holds it.
 */
export function expendable(manifests: readonly SnapshotManifest[], kept: number): SnapshotManifest[] {
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
