import { type BigIntStats, constants } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { MANIFEST_NAME, type SnapshotManifest, snapshotManifest } from '../model/snapshot-manifest.ts'
import type { Log } from '../ports/log.ts'
import { type DiskFs, unless } from './disk.ts'
import { errnoOf } from './disk-errors.ts'

/** Bytes of manifest text that may stay parsed in memory. */
const BYTES_AT_MOST = 8 * 1024 * 1024

interface Entry {
  readonly identity: string
  readonly bytes: number
  readonly manifest: SnapshotManifest | AppError
}

/** Reads manifests, each once for as long as the file stays the same one. */
export class ManifestCache {
  readonly #fs: DiskFs
  readonly #log: Log
  /** By folder, the least recently used first. */
  readonly #entries = new Map<string, Entry>()
  #bytes = 0

  constructor(fs: DiskFs, log: Log) {
    this.#fs = fs
    this.#log = log
  }

  /** The manifest in a snapshot's folder, `undefined` when there is no such folder; the same object while unchanged. */
  async read(
    folder: string,
    key: { readonly spreadsheetId: string; readonly syncId: string },
  ): Promise<SnapshotManifest | undefined> {
    const path = join(folder, MANIFEST_NAME)
    let stats = await this.#look(path)
    if (stats === undefined) {
      this.#drop(folder)
      if ((await this.#look(folder)) === undefined) return undefined
      // Published between the two looks, then; or pruned between the next two.
      stats = await this.#look(path)
      if (stats === undefined && (await this.#look(folder)) === undefined) return undefined
    }
    if (stats === undefined) throw new AppError('SNAPSHOT_CORRUPT', `The snapshot of ${key.syncId} has no manifest.`)
    const identity = [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(':')
    let entry = this.#entries.get(folder)
    this.#drop(folder)
    if (entry?.identity !== identity) {
      const manifest = await this.#parse(path, key)
      if (manifest === undefined) return undefined
      entry = { identity, bytes: Number(stats.size), manifest }
    }
    this.#keep(folder, entry)
    if (entry.manifest instanceof AppError) throw entry.manifest
    return entry.manifest
  }

  clear(): void {
    this.#entries.clear()
    this.#bytes = 0
  }

  #look(path: string): Promise<BigIntStats | undefined> {
    return unless(this.#fs.lstat(path, { bigint: true }), 'ENOENT', 'ENOTDIR')
  }

  async #parse(
    path: string,
    { spreadsheetId, syncId }: { readonly spreadsheetId: string; readonly syncId: string },
  ): Promise<SnapshotManifest | AppError | undefined> {
    const flag = constants.O_RDONLY | constants.O_NOFOLLOW
    try {
      const text = await unless(this.#fs.readFile(path, { encoding: 'utf8', flag }), 'ENOENT', 'ENOTDIR')
      if (text === undefined) return undefined
      const manifest = snapshotManifest.parse(JSON.parse(text))
      if (manifest.syncId === syncId && manifest.spreadsheet.id === spreadsheetId) return manifest
      throw new SyntaxError('the manifest names another sync than its folder')
    } catch (cause) {
      const isUnreadable = cause instanceof SyntaxError || cause instanceof z.ZodError
      // EISDIR, ELOOP: a folder or a symbolic link lies where the manifest should.
      if (!isUnreadable && !['EISDIR', 'ELOOP'].includes(errnoOf(cause) ?? '')) throw cause
      this.#log.warn({ err: cause, spreadsheetId, syncId }, 'the manifest of a snapshot cannot be read')
      return new AppError('SNAPSHOT_CORRUPT', `The manifest of the snapshot of ${syncId} cannot be read.`, { cause })
    }
  }

  #drop(folder: string): void {
    this.#bytes -= this.#entries.get(folder)?.bytes ?? 0
    this.#entries.delete(folder)
  }

  #keep(folder: string, entry: Entry): void {
    this.#drop(folder)
    this.#entries.set(folder, entry)
    this.#bytes += entry.bytes
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= BYTES_AT_MOST || this.#entries.size === 1) break
      this.#drop(oldest)
    }
  }
}
