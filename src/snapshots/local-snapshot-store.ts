import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { mapAll } from '../concurrency/map-all.ts'
import { ignoreErrno, isHeld, withDiskErrors } from '../disk/disk-errors.ts'
import { namesIn } from '../disk/file-operations.ts'
import { FreeSpace } from '../disk/free-space.ts'
import { nodeFileSystem } from '../disk/node-file-system.ts'
import { AppError } from '../errors.ts'
import { isSnapshotFileName, type SnapshotManifest } from '../model/snapshot-manifest.ts'
import { SPREADSHEET_ID_PATTERN } from '../model/spreadsheet-reference.ts'
import type { FileSystem } from '../ports/file-system.ts'
import type { Log } from '../ports/log.ts'
import type {
  ByteRange,
  DraftKey,
  EraseChoice,
  FileKey,
  SnapshotDraft,
  SnapshotKey,
  SnapshotStore,
  SnapshotUsage,
} from '../ports/snapshot-store.ts'
import { ignoreCorrupt, truncatedFile } from './corrupt-snapshot.ts'
import { adoptCheckpoint, CHECKPOINT_NAME, type LocalContent } from './local/checkpoint-file.ts'
import { DraftFolders, STAGING_NAME } from './local/draft-folders.ts'
import { DISK_FAILURE, LocalStaging } from './local/local-staging.ts'
import { isRemoved, ManifestCache } from './local/manifest-cache.ts'
import { SnapshotFolders } from './local/snapshot-folders.ts'
import { Removals, type SpreadsheetContents } from './removals.ts'
import { newestFirst, type RetentionOptions } from './retention.ts'
import { assertDraftKey, isSnapshotKey } from './snapshot-key.ts'
import { type AdoptedCheckpoint, StagedDraft } from './staged-draft.ts'
import { versionOf } from './usage-account.ts'

export interface LocalSnapshotStoreOptions extends RetentionOptions {
  /** The folder that holds everything; made when it is not there. Must be on a local file system. */
  readonly directory: string
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
  readonly #removals: Removals

  constructor(options: LocalSnapshotStoreOptions) {
    this.#options = options
    this.#space = new FreeSpace(options.fs ?? nodeFileSystem, options.directory, options.freeBytesMin ?? 0)
    this.#fs = this.#space.fs
    this.#folders = new SnapshotFolders(this.#fs, options.directory)
    this.#drafts = new DraftFolders(this.#fs, options.directory)
    this.#manifests = new ManifestCache(this.#fs, options.log)
    this.#removals = new Removals(
      {
        spreadsheets: () => this.#spreadsheets(),
        contents: (spreadsheetId) => this.#contents(spreadsheetId),
        remove: (key) => this.#removeUnlessHeld(this.#folders.of(key)),
        settle: (spreadsheetId) => this.#settle(spreadsheetId),
      },
      options,
    )
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
      await this.#assertRoomFor(backend)
      const adopted = await this.#adopt(key, backend, signal)
      return new StagedDraft(key, backend, { adopted, signal, maxBytes })
    })
  }

  async moveDraft(from: SnapshotKey, syncId: string): Promise<boolean> {
    for (const key of [from, { ...from, syncId }]) assertDraftKey({ ...key, epoch: 0 })
    return onDisk(() => this.#drafts.move(from.syncId, syncId))
  }

  async find(spreadsheetId: string, syncId: string): Promise<SnapshotManifest | undefined> {
    const key = { spreadsheetId, syncId }
    return isSnapshotKey(key) ? onDisk(() => this.#manifests.read(this.#folders.of(key), key)) : undefined
  }

  async list(spreadsheetId: string): Promise<readonly SnapshotManifest[]> {
    if (!SPREADSHEET_ID_PATTERN.test(spreadsheetId)) return []
    return (await this.#contents(spreadsheetId)).manifests
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

  prune(spreadsheetId: string, signal?: AbortSignal): Promise<readonly string[]> {
    return this.#removals.prune(spreadsheetId, signal)
  }

  erase(spreadsheetId: string, isAsked?: EraseChoice): Promise<number> {
    return this.#removals.erase(spreadsheetId, isAsked)
  }

  sweep(now: Date, signal?: AbortSignal): Promise<number> {
    return this.#removals.sweep(now, signal)
  }

  count(signal?: AbortSignal): Promise<void> {
    return this.#removals.count(signal)
  }

  usage(createdBy?: string | null): SnapshotUsage {
    return this.#removals.usage(createdBy)
  }

  async sweepDrafts(isLive: (syncId: string) => Promise<boolean>, signal?: AbortSignal): Promise<number> {
    return onDisk(async () => {
      let removed = 0
      for (const draft of await this.#drafts.list()) {
        if (signal?.aborted) return removed
        if (await isLive(draft.syncId)) continue
        if (await this.#removeUnlessHeld(this.#drafts.pathOf(draft))) removed += 1
      }
      await this.#drafts.emptyTrash(signal)
      return removed
    })
  }

  async close(): Promise<void> {}

  /** Nobody goes on with a draft that finds no room, and what it holds is missed on the full disk. */
  async #assertRoomFor(backend: LocalStaging): Promise<void> {
    try {
      await this.#space.assert()
    } catch (error) {
      if (error instanceof AppError) await backend.discard()
      throw error
    }
  }

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

  async *#spreadsheets() {
    const { directory } = this.#options
    for (const name of await onDisk(() => namesIn(this.#fs, directory))) {
      const spreadsheetId = this.#folders.spreadsheetOf(name)
      if (spreadsheetId === undefined) continue
      const names = await onDisk(() => namesIn(this.#fs, join(directory, name)))
      // A snapshot never changes under its name.
      yield { spreadsheetId, version: versionOf(names.sort()) }
    }
  }

  #contents(spreadsheetId: string): Promise<SpreadsheetContents> {
    return onDisk(async () => {
      const names = await namesIn(this.#fs, this.#folders.ofSpreadsheet(spreadsheetId))
      const syncIds = names.filter((syncId) => isSnapshotKey({ spreadsheetId, syncId }))
      const found = await mapAll(syncIds, 8, async (syncId) => {
        const key = { spreadsheetId, syncId }
        const manifest = await ignoreCorrupt(this.#manifests.read(this.#folders.of(key), key), 'unreadable' as const)
        const isLeftover = manifest === undefined && (await isRemoved(this.#fs, this.#folders.of(key)))
        return { syncId, manifest, isLeftover }
      })
      return {
        manifests: newestFirst(
          found.flatMap(({ manifest = 'unreadable' }) => (manifest === 'unreadable' ? [] : manifest)),
        ),
        unreadable: found.flatMap(({ syncId, manifest }) => (manifest === 'unreadable' ? syncId : [])),
        leftovers: found.flatMap(({ syncId, isLeftover }) => (isLeftover ? syncId : [])),
      }
    })
  }

  /** Resolves to whether the folder is gone; logs that somebody has a file of it open. */
  #removeUnlessHeld(folder: string): Promise<boolean> {
    return onDisk(async () => {
      try {
        await this.#drafts.remove(folder)
        return true
      } catch (error) {
        if (!isHeld(error)) throw error
        this.#options.log.warn({ err: error, folder }, 'files that another program has open stay until the next sweep')
        return false
      }
    })
  }

  #settle(spreadsheetId: string): Promise<void> {
    return onDisk(async () => {
      const folder = this.#folders.ofSpreadsheet(spreadsheetId)
      await ignoreErrno(this.#fs.syncFolder(folder), 'ENOENT')
      await ignoreErrno(this.#fs.removeFolder(folder), 'ENOENT', 'ENOTEMPTY', 'EEXIST', 'EPERM', 'EACCES', 'EBUSY')
    })
  }
}

function onDisk<T>(work: () => Promise<T>): Promise<T> {
  return withDiskErrors(DISK_FAILURE, work)
}
