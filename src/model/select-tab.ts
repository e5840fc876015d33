import type { ManifestTab, SnapshotManifest } from './snapshot-manifest.ts'
import type { SnapshotFormat } from './sync-request.ts'

interface Held {
  readonly manifest: SnapshotManifest
  readonly tab: ManifestTab
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
  /** No such tab; these are there, each under its newest title. */
  | { readonly outcome: 'no-tab'; readonly tabs: readonly { readonly gid: number; readonly title: string }[] }

/**
 * Finds the newest of the manifests (given newest first) that holds a tab in a format, or in any format when none is
 * named. The selector is an exact title or `gid:N`; what looks like a gid is taken as a title if no tab has that gid.
 * A title that several tabs have borne means the one that bore it last. A range of a tab is a part of it, so it serves
 * only where no snapshot holds the whole tab.
 */
export function selectTab(
  manifests: readonly SnapshotManifest[],
  selector: string,
  format?: SnapshotFormat,
): TabSelection {
  const all = manifests.flatMap((manifest) => manifest.tabs.map((tab) => ({ manifest, tab })))
  const gid = Number(/^gid:(\d{1,10})$/.exec(selector)?.[1])
  const withGid = all.filter(({ tab }) => tab.gid === gid)
  const matches = withGid.length > 0 ? withGid : withTitle(all, selector)
  if (matches.length === 0) return { outcome: 'no-tab', tabs: newestTitles(all) }
  const whole = matches.filter(({ tab }) => tab.range === null)
  const held = (whole.length > 0 ? whole : matches).flatMap(({ manifest, tab }) =>
    tab.files.map((file) => ({ manifest, tab, file })),
  )
  const formats = [...new Set(held.map(({ file }) => file.format))]
  const found = held.find(({ file }) => format === undefined || file.format === format)
  return found === undefined ? { outcome: 'other-formats', formats } : { outcome: 'found', ...found, formats }
}

function withTitle(all: readonly Held[], title: string): Held[] {
  const gid = all.find(({ tab }) => tab.title === title)?.tab.gid
  return all.filter(({ tab }) => tab.title === title && tab.gid === gid)
}

function newestTitles(all: readonly Held[]): { gid: number; title: string }[] {
  const titles = new Map<number, string>()
  for (const { tab } of all) if (!titles.has(tab.gid)) titles.set(tab.gid, tab.title)
  return [...titles].map(([gid, title]) => ({ gid, title }))
}
