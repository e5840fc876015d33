import type { ManifestTab, SnapshotManifest } from '../model/snapshot-manifest.ts'

/** Which snapshots stay. */
export interface RetentionOptions {
  /** How many of the newest snapshots of a spreadsheet to keep, SNAPSHOTS_KEPT. */
  readonly kept: number
  /** Milliseconds after which a snapshot goes, whatever it holds, SNAPSHOT_TTL; default: never. */
  readonly ttlMs?: number | undefined
}

/** How many unlike ranges of a tab are kept for each of SNAPSHOTS_KEPT. */
const RANGES_PER_KEPT = 10

/** Sorts snapshots newest first; sync ids break a tie, as they sort by the time they were made. */
export function newestFirst(manifests: readonly SnapshotManifest[]): SnapshotManifest[] {
  return manifests.toSorted(
    (one, other) => Date.parse(other.publishedAt) - Date.parse(one.publishedAt) || (other.syncId < one.syncId ? -1 : 1),
  )
}

/**
 * Which snapshots of one spreadsheet, given newest first, retention no longer keeps: for each owner (`createdBy` and `identity`), all
 * but its newest `kept` and, for each tab and format, its newest that holds the whole tab and the newest of each of the
 * last 10 × `kept` unlike ranges of it. One owner's snapshots never push out another's, as they cannot even see each other's.
 */
export function prunable(manifests: readonly SnapshotManifest[], kept: number): SnapshotManifest[] {
  const owners = Map.groupBy(manifests, ({ createdBy, identity }) => JSON.stringify([createdBy, identity]))
  return [...owners.values()].flatMap((own) => {
    const held = new Holdings(kept * RANGES_PER_KEPT)
    return own.filter((manifest, age) => {
      const isNewestOfSomething = held.add(manifest.tabs)
      return age >= kept && !isNewestOfSomething
    })
  })
}

/** What the snapshots hold that were looked at so far. */
class Holdings {
  readonly #maxRanges: number
  /** The unlike parts of each tab in each format: the tab as a whole, or ranges of it. */
  readonly #parts = new Map<string, Set<string>>()

  constructor(maxRanges: number) {
    this.#maxRanges = maxRanges
  }

  /** Adds the tabs of the next older snapshot; returns whether it is to be kept for one of them. */
  add(tabs: readonly ManifestTab[]): boolean {
    const added = tabs.flatMap((tab) => tab.files.map(({ format }) => this.#addPart(tab, format)))
    return added.includes(true)
  }

  #addPart({ gid, range, rectangle }: ManifestTab, format: string): boolean {
    const isWhole = range === null
    const key = JSON.stringify([gid, format, isWhole])
    const parts = this.#parts.get(key) ?? new Set()
    this.#parts.set(key, parts)
    // Equal cells are equal however they were spelled; of an earlier release only the spelling is known.
    const part = isWhole ? '' : JSON.stringify(rectangle ?? range)
    if (parts.has(part) || (!isWhole && parts.size >= this.#maxRanges)) return false
    parts.add(part)
    return true
  }
}
