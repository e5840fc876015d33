import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { mapAll } from '../concurrency/map-all.ts'
import { ignoreErrno, isHeld, withDiskErrors } from '../disk/disk-errors.ts'
import { namesIn } from '../disk/file-operations.ts'
import { FreeSpace } from '../disk/free-space.ts'
import { nodeFileSystem } from '../disk/node-file-system.ts'
import { isSnapshotFileName, type SnapshotManifest } from '../model/snapshot-manifest.ts'
import { SPREADSHEET_ID_PATTERN } from '../model/spreadsheet-reference.ts'
import type { FileSystem } from '../ports/file-system.ts'
import type { Log } from '../ports/log.ts'
import type { ByteRange, DraftKey, FileKey, SnapshotDraft, SnapshotStore } from '../ports/snapshot-store.ts'
import { ignoreCorrupt, truncatedFile } from './corrupt-snapshot.ts'
import { adoptCheckpoint, CHECKPOINT_NAME, type LocalContent } from './local/checkpoint-file.ts'
import { DraftFolders, STAGING_NAME } from './local/draft-folders.ts'
import { DISK_FAILURE, LocalStaging } from './local/local-staging.ts'
import { isRemoved, ManifestCache } from './local/manifest-cache.ts'
import { SnapshotFolders } from './local/snapshot-folders.ts'
import { newestFirst, prunable } from './retention.ts'
import { assertDraftKey, isSnapshotKey } from './snapshot-key.ts'
import { type AdoptedCheckpoint, StagedDraft } from './staged-draft.ts'

export interface LocalSnapshotStoreOptions {
  /** The folder that holds everything; made when it is not there. Must be on a local file system. */
  readonly directory: string
  /** How many of the newest snapshots of a spreadsheet to keep, SNAPSHOTS_KEPT. */
  readonly kept: number
  readonly log: Log
  /** Bytes that the files of one sync may hold together, SYNC_BYTES_MAX; default: any number. */
  readonly maxSyncBytes?: number
  /** Bytes of the disk that stay free, DISK_FREE_MIN; default: 0. */
  readonly freeBytesMin?: number
  /** For tests: the file system to use. */
  readonly fs?: FileSystem
}

/**
 * Snapshots as folders: `<directory>/<spreadsheetId>/<syncId>/` holds the files of rows and `manifest.json` (where case
 * makes no difference, the first name says more, see {@link SnapshotFolders}). Drafts grow in
 * `<directory>/.staging/<syncId>.<epoch>/` and become a snapshot by one rename. Several processes of one host may share
 * the directory.
 */
export class LocalSnapshotStore implements SnapshotStore {
  readonly #options: LocalSnapshotStoreOptions
  readonly #fs: FileSystem
  readonly #space: FreeSpace
  readonly #folders: SnapshotFolders
  readonly #drafts: DraftFolders
  readonly #manifests: ManifestCache
  /** Spreadsheets of which a snapshot could not be removed, as somebody had a file of it open. */
  readonly #unpruned = new Set<string>()

  constructor(options: LocalSnapshotStoreOptions) {
    this.#options = options
    this.#space = new FreeSpace(options.fs ?? nodeFileSystem, options.directory, options.freeBytesMin ?? 0)
    this.#fs = this.#space.fs
    this.#folders = new SnapshotFolders(this.#fs, options.directory)
    this.#drafts = new DraftFolders(this.#fs, options.directory)
    this.#manifests = new ManifestCache(this.#fs, options.log)
  }

  start(): Promise<void> {
    return onDisk(async () => {
      await this.#drafts.start()
      await this.#folders.start(STAGING_NAME)
    })
  }

  assertRoom(): Promise<void> {
    return onDisk(() => this.#space.assert())
  }

  async openDraft(key: DraftKey, signal?: AbortSignal): Promise<SnapshotDraft> {
    assertDraftKey(key)
    const { maxSyncBytes: maxBytes } = this.#options
    const target = this.#folders.of(key)
    const backend = new LocalStaging({ fs: this.#fs, log: this.#options.log, folders: this.#drafts, key, target })
    return onDisk(async () => {
      let published = await this.#manifests.read(target, key)
      if (published === undefined) {
        await this.#drafts.claim(key)
        // Only now is it certain that no earlier epoch can publish any more.
        published = await this.#manifests.read(target, key)
        if (published !== undefined) await backend.discard()
      }
      // An earlier release may have left the checkpoint of its draft beside what it published.
      if (published !== undefined) await ignoreErrno(this.#fs.unlink(join(target, CHECKPOINT_NAME)), 'ENOENT')
      if (published !== undefined) return new StagedDraft(key, backend, { published })
      await this.#space.assert()
      const adopted = await this.#adopt(key, backend, signal)
      return new StagedDraft(key, backend, { adopted, signal, maxBytes })
    })
  }

  async find(spreadsheetId: string, syncId: string): Promise<SnapshotManifest | undefined> {
    const key = { spreadsheetId, syncId }
    return isSnapshotKey(key) ? onDisk(() => this.#manifests.read(this.#folders.of(key), key)) : undefined
  }

  async list(spreadsheetId: string): Promise<readonly SnapshotManifest[]> {
    if (!SPREADSHEET_ID_PATTERN.test(spreadsheetId)) return []
    return onDisk(async () => {
      const syncIds = await namesIn(this.#fs, this.#folders.ofSpreadsheet(spreadsheetId))
      const manifests = await mapAll(syncIds, 8, (syncId) => ignoreCorrupt(this.find(spreadsheetId, syncId)))
      return newestFirst(manifests.filter((manifest) => manifest !== undefined))
    })
  }

  async openFile(key: FileKey, range?: ByteRange): Promise<Readable | undefined> {
    if (!isSnapshotKey(key) || !isSnapshotFileName(key.name)) return undefined
    const folder = this.#folders.of(key)
    return onDisk(async () => {
      // Opening does not follow a symbolic link, but only as the last step of a path.
      const parents = [this.#folders.ofSpreadsheet(key.spreadsheetId), folder]
      const found = await Promise.all(parents.map((path) => this.#fs.stat(path)))
      if (found.some((parent) => parent?.type !== 'folder')) return undefined
      const opening = this.#fs.openToRead(join(folder, key.name))
      const descriptor = await ignoreErrno(opening, 'ENOENT', 'ENOTDIR', 'ELOOP')
      if (descriptor === undefined) return undefined
      const { type, size } = this.#fs.identifyOpen(descriptor)
      const isLongEnough = range === undefined || range.end < size
      if (type === 'file' && isLongEnough) return this.#fs.stream(descriptor, range)
      await this.#fs.close(descriptor)
      if (type !== 'file') return undefined
      throw truncatedFile(key)
    })
  }

  async prune(spreadsheetId: string, signal?: AbortSignal): Promise<readonly string[]> {
    const removed: string[] = []
    this.#unpruned.delete(spreadsheetId)
    for (const syncId of await this.#removable(spreadsheetId)) {
      if (signal?.aborted) break
      const folder = this.#folders.of({ spreadsheetId, syncId })
      const wasRemoved = await this.#removeUnlessHeld(folder, () => this.#unpruned.add(spreadsheetId))
      if (wasRemoved) removed.push(syncId)
    }
    return removed
  }

  async sweepDrafts(isLive: (syncId: string) => Promise<boolean>, signal?: AbortSignal): Promise<number> {
    return onDisk(async () => {
      let removed = 0
      for (const draft of await this.#drafts.list()) {
        if (signal?.aborted) return removed
        if (await isLive(draft.syncId)) continue
        if (await this.#removeUnlessHeld(this.#drafts.pathOf(draft))) removed += 1
      }
      for (const spreadsheetId of [...this.#unpruned]) await this.prune(spreadsheetId, signal)
      await this.#drafts.emptyTrash(signal)
      return removed
    })
  }

  async close(): Promise<void> {}

  /** Rejects with `DraftSuperseded` when a later epoch has taken the draft away meanwhile. */
  async #adopt(
    key: DraftKey,
    backend: LocalStaging,
    signal: AbortSignal | undefined,
  ): Promise<AdoptedCheckpoint<LocalContent> | undefined> {
    try {
      return await adoptCheckpoint(this.#fs, this.#drafts.pathOf(key), signal)
    } catch (error) {
      throw await backend.translateError(error)
    }
  }

  /** What retention no longer keeps, and what an earlier removal has left in part. */
  async #removable(spreadsheetId: string): Promise<readonly string[]> {
    const manifests = await this.list(spreadsheetId)
    const known = new Set(manifests.map(({ syncId }) => syncId))
    const { kept } = this.#options
    const left: string[] = []
    if (!SPREADSHEET_ID_PATTERN.test(spreadsheetId)) return left
    await onDisk(async () => {
      for (const name of await namesIn(this.#fs, this.#folders.ofSpreadsheet(spreadsheetId))) {
        if (known.has(name) || !isSnapshotKey({ spreadsheetId, syncId: name })) continue
        if (await isRemoved(this.#fs, this.#folders.of({ spreadsheetId, syncId: name }))) left.push(name)
      }
    })
    return [...prunable(manifests, kept).map(({ syncId }) => syncId), ...left]
  }

  /** Resolves to whether the folder was there and is gone; logs that somebody has a file of it open. */
  #removeUnlessHeld(folder: string, onHeld?: () => void): Promise<boolean> {
    return onDisk(async () => {
      try {
        return await this.#drafts.remove(folder)
      } catch (error) {
        if (!isHeld(error)) throw error
        onHeld?.()
        this.#options.log.warn({ err: error, folder }, 'files that another program has open stay until the next sweep')
        return false
      }
    })
  }
}

function onDisk<T>(work: () => Promise<T>): Promise<T> {
  return withDiskErrors(DISK_FAILURE, work)
}
