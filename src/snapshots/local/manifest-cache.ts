import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { LRUCache } from 'lru-cache'
import { readText } from '../../disk/file-operations.ts'
import { AppError } from '../../errors.ts'
import { MANIFEST_NAME, type SnapshotManifest, snapshotManifest } from '../../model/snapshot-manifest.ts'
import type { FileStatus, FileSystem } from '../../ports/file-system.ts'
import type { Log } from '../../ports/log.ts'
import type { SnapshotKey } from '../../ports/snapshot-store.ts'
import { parseStored } from '../corrupt-snapshot.ts'
import { REMOVED_NAME } from './draft-folders.ts'

/** Bytes of manifest text that may stay parsed in memory. */
const MAX_BYTES = 8 * 1024 * 1024

/** Reads manifests, each once for as long as the file stays the same one. */
export class ManifestCache {
  readonly #fs: FileSystem
  readonly #log: Log
  /** By folder. */
  readonly #entries = new LRUCache<
    string,
    { readonly file: FileStatus; readonly manifest: SnapshotManifest | AppError }
  >({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ file }) => Math.max(1, file.size),
  })

  constructor(fs: FileSystem, log: Log) {
    this.#fs = fs
    this.#log = log
  }

  /** The manifest in a snapshot's folder, `undefined` when there is no such folder; the same object while unchanged. */
  async read(folder: string, key: SnapshotKey): Promise<SnapshotManifest | undefined> {
    const path = join(folder, MANIFEST_NAME)
    // The folder first: it comes and goes by renames, so while it is there its manifest is too.
    if ((await this.#fs.stat(folder)) === undefined) return undefined
    const file = await this.#fs.stat(path)
    if (file === undefined) {
      if (await isRemoved(this.#fs, folder)) return undefined
      if ((await this.#fs.stat(folder)) === undefined) return undefined
      throw new AppError('SNAPSHOT_CORRUPT', `The snapshot of ${key.syncId} has no manifest.`)
    }
    let entry = this.#entries.get(folder)
    if (entry === undefined || !isDeepStrictEqual(entry.file, file)) {
      const text = file.type === 'file' ? await readText(this.#fs, path) : ''
      if (text === undefined) return undefined
      entry = { file, manifest: parseStored(snapshotManifest, text, key, this.#log, (manifest) => manifest) }
      this.#entries.set(folder, entry)
    }
    if (entry.manifest instanceof AppError) throw entry.manifest
    return entry.manifest
  }
}

/** Whether the folder is what is left of a snapshot that could not be removed at once. */
export async function isRemoved(fs: FileSystem, folder: string): Promise<boolean> {
  return (await fs.stat(join(folder, REMOVED_NAME))) !== undefined
}
