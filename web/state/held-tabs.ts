import type { SnapshotList } from '../../client/src/types.ts'

export type HeldSnapshot = SnapshotList['snapshots'][number]
export type HeldTab = HeldSnapshot['tabs'][number]

/** The tabs that there are rows of, each as its newest snapshot has it, in the order of the newest one that has most to say. */
export function newestTabs(
  snapshots: readonly HeldSnapshot[],
): readonly (HeldTab & { readonly snapshot: HeldSnapshot })[] {
  const found = new Map<number, HeldTab & { readonly snapshot: HeldSnapshot }>()
  for (const snapshot of snapshots) {
    for (const tab of snapshot.tabs) if (!found.has(tab.gid)) found.set(tab.gid, { ...tab, snapshot })
  }
  return [...found.values()]
}

/** The tab that the address names, by its title in whatever case or as `gid:N`; the first one where it names none. */
export function tabNamed<T extends HeldTab>(tabs: readonly T[], name: string): T | undefined {
  if (name === '') return tabs[0]
  return tabs.find(({ gid, title }) => name === `gid:${gid}` || title.toLowerCase() === name.toLowerCase())
}

/** The formats that a tab can be downloaded in: JSON and NDJSON are made of each other. */
export function formatsOf(snapshots: readonly HeldSnapshot[], gid: number): readonly string[] {
  const held = new Set(
    snapshots.flatMap(({ tabs }) => tabs.filter((tab) => tab.gid === gid).flatMap((tab) => tab.formats)),
  )
  const hasRows = held.has('json') || held.has('ndjson')
  return ['json', 'ndjson', 'csv', 'parquet'].filter((format) =>
    format === 'json' || format === 'ndjson' ? hasRows : held.has(format as 'csv'),
  )
}

/** The snapshots that the newest of a tab can be compared with, newest first. */
export function earlierSnapshots(snapshots: readonly HeldSnapshot[], gid: number): readonly HeldSnapshot[] {
  return snapshots.filter(({ tabs }) => tabs.some((tab) => tab.gid === gid && tab.isQueryable)).slice(1)
}
