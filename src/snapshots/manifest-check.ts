import type { ManifestTab, SnapshotManifest } from '../model/snapshot-manifest.ts'
import type { SnapshotKey } from './snapshot-key.ts'
import type { StagedFile } from './staged-file.ts'

export function filesOf(manifest: SnapshotManifest): ManifestTab['files'] {
  return manifest.tabs.flatMap((tab) => tab.files)
}

export function isManifestOf(manifest: SnapshotManifest, { spreadsheetId, syncId }: SnapshotKey): boolean {
  return manifest.syncId === syncId && manifest.spreadsheet.id === spreadsheetId
}

/** A manifest that does not name what is staged is a mistake of the caller, and must not become a snapshot. */
export function assertManifestMatches(
  manifest: SnapshotManifest,
  key: SnapshotKey,
  files: ReadonlyMap<string, Pick<StagedFile<unknown>, 'digest'>>,
): void {
  if (!isManifestOf(manifest, key)) throw new TypeError('the manifest is that of another sync')
  for (const { name, bytes, sha256 } of filesOf(manifest)) {
    const digest = files.get(name)?.digest
    if (digest?.bytes !== bytes || digest.sha256 !== sha256) {
      throw new TypeError(`the manifest does not match what is staged as ${name}`)
    }
  }
}
