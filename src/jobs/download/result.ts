import type { SnapshotManifest } from '../../model/snapshot-manifest.ts'
import type { ActiveSync } from '../../model/sync.ts'
import type { SyncResult } from '../../model/sync-report.ts'
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
