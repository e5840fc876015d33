import type { SnapshotManifest } from '../../model/snapshot-manifest.ts'
import type { ActiveSync } from '../../model/sync.ts'
import type { AreaState } from './area-state.ts'

interface WhatWasRead extends Pick<SnapshotManifest, 'consistent' | 'warnings'> {
  readonly spreadsheet: Omit<SnapshotManifest['spreadsheet'], 'id' | 'url'>
}

/** The manifest of what a sync has written of all its areas. */
export function makeManifest(
  { id, spreadsheet, request, createdBy, identity }: ActiveSync,
  states: readonly AreaState[],
  read: WhatWasRead,
  now: Date,
): SnapshotManifest {
  return {
    version: 1,
    syncId: id,
    publishedAt: now.toISOString(),
    spreadsheet: { id: spreadsheet.id, url: spreadsheet.url, ...read.spreadsheet },
    consistent: read.consistent,
    request,
    tabs: states.map(({ area, written, names }) => ({
      gid: area.gid,
      title: area.title,
      range: area.range,
      rectangle: area.range === null ? null : area.rectangle,
      rows: written.rows,
      columns: written.width,
      columnNames: request.headerRow > 0 ? (names?.names.slice(0, written.width) ?? []) : null,
      files: written.files ?? [],
      tallies: written.tallies,
    })),
    warnings: read.warnings,
    createdBy,
    identity,
  }
}
