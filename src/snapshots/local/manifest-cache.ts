import { join } from 'node:path'
import { LRUCache } from 'lru-cache'
import { readText } from '../../disk/file-operations.ts'
import { AppError } from '../../errors.ts'
import { MANIFEST_NAME, type SnapshotManifest, snapshotManifest } from '../../model/snapshot-manifest.ts'
import type { FileStatus, FileSystem } from '../../ports/file-system.ts'
import type { Log } from '../../ports/log.ts'
import { parseStored } from '../corrupt-snapshot.ts'
import { isManifestOf } from '../manifest-check.ts'
import type { SnapshotKey } from '../snapshot-key.ts'

/** Bytes of manifest text that may stay parsed in memory. */
const MAX_BYTES = 8 * 1024 * 1024

interface Entry {
  readonly file: FileStatus
  readonly manifest: SnapshotManifest | AppError
}

/** Reads manifests, each once for as long as the file stays the same one. */
export class ManifestCache {
  readonly #fs: FileSystem
  readonly #log: Log
  /** By folder. */
  readonly #entries = new LRUCache<string, Entry>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ file }) => Math.max(1, file.size),
  })

  constructor(fs: FileSystem, log: Log) {
    this.#fs = fs
    this.#log = log
  }

  /** The manifest in a snapshot's folder, `undefined` when there is no such folder; the same object while unchanged. */
  async read(folder: string, { spreadsheetId, syncId }: SnapshotKey): Promise<SnapshotManifest | undefined> {
    const path = join(folder, MANIFEST_NAME)
    let file = await this.#fs.stat(path)
    if (file === undefined) {
      this.#entries.delete(folder)
      if ((await this.#fs.stat(folder)) === undefined) return undefined
      // Published between the two calls, then; or pruned between the next two.
      file = await this.#fs.stat(path)
      if (file === undefined && (await this.#fs.stat(folder)) === undefined) return undefined
    }
    if (file === undefined) throw new AppError('SNAPSHOT_CORRUPT', `The snapshot of ${syncId} has no manifest.`)
    let entry = this.#entries.get(folder)
    if (entry === undefined || !isSameFile(entry.file, file)) {
      const text = file.type === 'file' ? await readText(this.#fs, path) : ''
      if (text === undefined) return undefined
      entry = { file, manifest: this.#parse(text, { spreadsheetId, syncId }) }
      this.#entries.set(folder, entry)
    }
    if (entry.manifest instanceof AppError) throw entry.manifest
    return entry.manifest
  }

  clear(): void {
    this.#entries.clear()
  }

  #parse(text: string, key: SnapshotKey): SnapshotManifest | AppError {
    return parseStored(key, this.#log, () => {
      const manifest = snapshotManifest.parse(JSON.parse(text))
      if (!isManifestOf(manifest, key)) throw new SyntaxError('the manifest names another sync than its folder')
      return manifest
    })
  }
}

function isSameFile(one: FileStatus, other: FileStatus): boolean {
  const keys = ['type', 'inode', 'bornMicros', 'modifiedMicros', 'size'] as const
  return keys.every((key) => one[key] === other[key])
}
