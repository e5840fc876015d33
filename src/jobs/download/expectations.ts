import { columnNamesOf } from '../../blocks/column-names.ts'
import { checkExpectations, expectationFailed } from '../../model/check-expectations.ts'
import type { Expectation } from '../../model/expectation.ts'
import type { SnapshotManifest } from '../../model/snapshot-manifest.ts'
import type { SyncWarning } from '../../model/sync.ts'

/** What a snapshot would take the place of, newest first. */
type ListEarlier = () => Promise<readonly SnapshotManifest[]>

/** Whether a snapshot that is there already is as expected. */
export function isAsExpected(expect: readonly Expectation[], manifest: SnapshotManifest): boolean {
  const { faults } = checkExpectations(expect, candidateOf(manifest), [manifest])
  return faults.length === 0
}

/**
 * Rejects with EXPECTATION_FAILED when a snapshot is not as its request expects. Resolves to warnings of what could not
 * be checked.
 */
export async function requireExpected(
  manifest: SnapshotManifest,
  listEarlier: ListEarlier,
): Promise<readonly SyncWarning[]> {
  const { expect } = manifest.request
  const isCompared = expect.some(({ minRowsRatio }) => minRowsRatio !== null)
  const { faults, warnings } = checkExpectations(expect, candidateOf(manifest), isCompared ? await listEarlier() : [])
  if (faults.length > 0) throw expectationFailed(faults)
  return warnings
}

function candidateOf({ tabs, ...manifest }: SnapshotManifest) {
  const placesOf = (tab: (typeof tabs)[number]) => new Map(columnNamesOf(tab).map((name, index) => [name, index]))
  return { ...manifest, tabs: tabs.map((tab) => ({ ...tab, places: placesOf(tab) })) }
}
