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
  return [...owners.values()].flatMap((own) => {
    const held = new Set<string>()
    return own.filter(({ tabs }, age) => {
      const holds = tabs.flatMap(({ gid, range, files }) =>
        files.map(({ format }) => JSON.stringify([gid, range, format])),
      )
      const isNewestOfSomething = holds.some((one) => !held.has(one))
      for (const one of holds) held.add(one)
      return age >= kept && !isNewestOfSomething
    })
  })
}
