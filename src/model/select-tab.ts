import { findByGid, findNamed, findTab } from './find-tab.ts'
import type { ManifestTab, SnapshotManifest } from './snapshot-manifest.ts'
import { SNAPSHOT_FORMATS, type SnapshotFormat } from './sync-request.ts'

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

/**
 * Of what file of a tab each format can be made, as both hold the same bytes for each row. A file of CSV has other text for
 * a cell, and none of its type.
 */
const MADE_FROM: Partial<Record<SnapshotFormat, SnapshotFormat>> = { json: 'ndjson', ndjson: 'json' }

/** The formats that a tab can be had in when there are files of these: those first, then what can be made of them. */
export function obtainable(formats: readonly SnapshotFormat[]): SnapshotFormat[] {
  const isThere = (format: SnapshotFormat | undefined) => format !== undefined && formats.includes(format)
  const stored = SNAPSHOT_FORMATS.filter(isThere)
  return [...stored, ...SNAPSHOT_FORMATS.filter((format) => !isThere(format) && isThere(MADE_FROM[format]))]
}

/** What the snapshots of a spreadsheet have for a tab. */
export type TabSelection =
  | (Held & {
      readonly outcome: 'found'
      /** Of the format, or of the one that it is made of. */
      readonly file: ManifestTab['files'][number]
      /** Every format that there is a file of, in this snapshot or an older one. */
      readonly formats: readonly SnapshotFormat[]
    })
  /** The tab is there, but in these formats only. */
  | { readonly outcome: 'other-formats'; readonly formats: readonly SnapshotFormat[] }
  /** No such tab; these are there, each under its newest title, and first the one that bore the title before. */
  | { readonly outcome: 'no-tab'; readonly tabs: readonly KnownTab[] }

/**
 * Finds the newest of the manifests (given newest first) that holds a tab in a format, or in one that it is made of, or in
 * any when none is named. The selector is read as {@link findTab} reads it. A title that several tabs have borne means the one that bore it
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
  const newestFit = held.find(({ file }) => format === undefined || [format, MADE_FROM[format]].includes(file.format))
  // What is there is not made.
  const found = held.find(({ tab, file }) => tab === newestFit?.tab && file.format === format) ?? newestFit
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
