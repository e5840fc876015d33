import type { SnapshotManifest } from '../../model/snapshot-manifest.ts'
import type { ActiveSync, SyncResult } from '../../model/sync.ts'
import { isSameDownload, type SyncRequest } from '../../model/sync-request.ts'
import { fileHref } from './progress.ts'

/** The result of a sync whose snapshot is there already. */
export function resultOf(manifest: SnapshotManifest, sync: ActiveSync, outcome: SyncResult['outcome']): SyncResult {
  const { title, version, timeZone, locale } = manifest.spreadsheet
  const rows = manifest.tabs.reduce((sum, tab) => sum + tab.rows, 0)
  return {
    outcome,
    consistent: manifest.consistent,
    snapshotId: manifest.syncId,
    report: {
      spreadsheet: { title, version, timeZone, locale },
      progress: {
        tabsDone: manifest.tabs.length,
        tabsTotal: manifest.tabs.length,
        ...(outcome === 'unchanged' && { rowsDone: rows, rowsTotal: rows }),
      },
      tabs: manifest.tabs.map(({ gid, title: tab, range, rows: written, columns, files }) => ({
        gid,
        title: tab,
        range,
        state: 'done',
        rows: written,
        columns,
        files: files.map((file) => ({ ...file, href: fileHref(sync.id, file.name) })),
      })),
      warnings: manifest.warnings,
    },
  }
}

/** Whether a snapshot holds just what a request asks for, of this very version. */
export function isUnchanged(manifest: SnapshotManifest, version: string, request: SyncRequest): boolean {
  return (
    manifest.consistent === true &&
    manifest.spreadsheet.version === version &&
    // Whether to skip, and what is expected, says nothing of what is downloaded.
    isSameDownload(
      { ...manifest.request, ifUnchanged: request.ifUnchanged, maxAge: request.maxAge, expect: request.expect },
      request,
    )
  )
}
