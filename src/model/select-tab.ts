import { findByGid, findNamed, findTab } from './find-tab.ts'
import type { ManifestTab, SnapshotManifest } from './snapshot-manifest.ts'
import type { SnapshotFormat } from './sync-request.ts'

interface Held {
  readonly manifest: SnapshotManifest
  readonly tab: ManifestTab
}

/** A tab that some snapshot holds. */
export interface KnownTab {
  readonly gid: number
  /** As the newest snapshot that holds it has it. */
  readonly title: string
}

/** What the snapshots of a spreadsheet have for a tab. */
export type TabSelection =
  | (Held & {
      readonly outcome: 'found'
      readonly file: ManifestTab['files'][number]
      /** Every format that the tab can be had in, from this snapshot or an older one. */
      readonly formats: readonly SnapshotFormat[]
    })
  /** The tab is there, but in these formats only. */
  | { readonly outcome: 'other-formats'; readonly formats: readonly SnapshotFormat[] }
  /** No such tab; these are there, each under its newest title, and first the one that bore the title before. */
  | { readonly outcome: 'no-tab'; readonly tabs: readonly KnownTab[] }

/**
 * Finds the newest of the manifests (given newest first) that holds a tab in a format, or in any format when none is
 * named. The selector is read as {@link findTab} reads it. A title that several tabs have borne means the one that bore it
 * last; one that its tab bears no longer names none, so that nobody takes old rows for those of today. A range of a tab is
 * a part of it, so it serves only where no snapshot holds the whole tab.
 */
export function selectTab(
  manifests: readonly SnapshotManifest[],
  selector: string,
  format?: SnapshotFormat,
): TabSelection {
  const all = manifests.flatMap((manifest) => manifest.tabs.map((tab) => ({ manifest, tab })))
  const newest = newestOfEach(all)
  const named = findByGid(tabsOf(newest), selector) ?? lastTitled(newest, selector)
  if (named === undefined) return { outcome: 'no-tab', tabs: renamedFirst(all, newest, selector) }
  const matches = all.filter(({ tab }) => tab.gid === named.gid)
  const whole = matches.filter(({ tab }) => tab.range === null)
  const held = (whole.length > 0 ? whole : matches).flatMap(({ manifest, tab }) =>
    tab.files.map((file) => ({ manifest, tab, file })),
  )
  const formats = [...new Set(held.map(({ file }) => file.format))]
  const found = held.find(({ file }) => format === undefined || file.format === format)
  return found === undefined ? { outcome: 'other-formats', formats } : { outcome: 'found', ...found, formats }
}

/** Every tab once, as the newest snapshot that holds it has it. */
function newestOfEach(all: readonly Held[]): Held[] {
  const newest = new Map<number, Held>()
  for (const held of all) if (!newest.has(held.tab.gid)) newest.set(held.tab.gid, held)
  return [...newest.values()]
}

/** The tab that bore a title last. Of one snapshot it is the exact title before another case of it. */
function lastTitled(newest: readonly Held[], title: string): ManifestTab | undefined {
  const latest = newest.find(({ tab }) => findNamed([tab], title, titleOf) !== undefined)
  return findNamed(tabsOf(newest.filter(({ manifest }) => manifest === latest?.manifest)), title, titleOf)
}

/** The tabs there are, first the one that bore the title before it was renamed. */
function renamedFirst(all: readonly Held[], newest: readonly Held[], selector: string): KnownTab[] {
  const renamed = findTab(tabsOf(all), selector)?.gid
  const known = tabsOf(newest).map(({ gid, title }) => ({ gid, title }))
  return [...known.filter(({ gid }) => gid === renamed), ...known.filter(({ gid }) => gid !== renamed)]
}

function tabsOf(held: readonly Held[]): ManifestTab[] {
  return held.map(({ tab }) => tab)
}

function titleOf({ title }: ManifestTab): string {
  return title
}
