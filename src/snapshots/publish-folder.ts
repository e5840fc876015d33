import { dirname, join } from 'node:path'
import { MANIFEST_NAME, type SnapshotManifest, snapshotManifest } from '../model/snapshot-manifest.ts'
import type { Log } from '../ports/log.ts'
import { type DraftKey, DraftSuperseded } from '../ports/snapshot-store.ts'
import { type DiskFs, namesIn, syncFolder, writeWhole } from './disk.ts'
import { errnoOf } from './disk-errors.ts'
import type { StagedFile } from './staged-file.ts'

/** A manifest that does not tell what is staged is a mistake of the caller, and must not become a snapshot. */
export function mustTell(
  manifest: SnapshotManifest,
  { spreadsheetId, syncId }: DraftKey,
  files: ReadonlyMap<string, Pick<StagedFile, 'bytes' | 'digest'>>,
): void {
  if (manifest.syncId !== syncId || manifest.spreadsheet.id !== spreadsheetId) {
    throw new TypeError('the manifest is that of another sync')
  }
  for (const { name, bytes, sha256 } of filesOf(manifest)) {
    const file = files.get(name)
    if (file?.bytes !== bytes || file.digest() !== sha256) {
      throw new TypeError(`the manifest does not tell what is staged as ${name}`)
    }
  }
}

/**
 * Makes a folder of durable files a snapshot: adds the manifest, then renames it to its place. Whether that place is
 * durable is for the caller to see to, by an fsync of both parents.
 */
export async function publishFolder(
  fs: DiskFs,
  { folder, target, manifest }: { folder: string; target: string; manifest: SnapshotManifest },
): Promise<void> {
  const text = `${JSON.stringify(snapshotManifest.parse(manifest), undefined, 2)}\n`
  await writeWhole(fs, join(folder, MANIFEST_NAME), text)
  await syncFolder(fs, folder)
  const parent = dirname(target)
  await fs.mkdir(parent, { recursive: true })
  await syncFolder(fs, dirname(parent))
  try {
    await fs.rename(folder, target)
  } catch (error) {
    if (errnoOf(error) !== 'ENOTEMPTY' && errnoOf(error) !== 'EEXIST') throw error
    throw new DraftSuperseded(`${manifest.syncId} is published already`, { cause: error })
  }
}

/** Removes what only the draft needed. It is out of sight, so a failure here does no harm. */
export async function tidySnapshot(fs: DiskFs, log: Log, target: string, manifest: SnapshotManifest): Promise<void> {
  const kept = new Set([MANIFEST_NAME, ...filesOf(manifest).map(({ name }) => name)])
  try {
    for (const name of await namesIn(fs, target)) {
      if (!kept.has(name)) await fs.rm(join(target, name), { force: true })
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    log.warn({ err: error, syncId: manifest.syncId }, 'leftovers of a draft stay in its snapshot')
  }
}

function filesOf(manifest: SnapshotManifest): SnapshotManifest['tabs'][number]['files'] {
  return manifest.tabs.flatMap((tab) => tab.files)
}
