import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { mapAll } from '../concurrency/map-all.ts'
import { ignoreErrno, withDiskErrors } from '../disk/disk-errors.ts'
import { namesIn } from '../disk/file-operations.ts'
import { nodeFileSystem } from '../disk/node-file-system.ts'
import { isSnapshotFileName, type SnapshotManifest } from '../model/snapshot-manifest.ts'
import { SPREADSHEET_ID_PATTERN } from '../model/spreadsheet-reference.ts'
import type { FileSystem } from '../ports/file-system.ts'
import type { Log } from '../ports/log.ts'
import type {
  ByteRange,
  DraftKey,
  FileKey,
  SnapshotDraft,
  SnapshotKey,
  SnapshotStore,
} from '../ports/snapshot-store.ts'
import { ignoreCorrupt, truncatedFile } from './corrupt-snapshot.ts'
import { adoptCheckpoint, CHECKPOINT_NAME } from './local/checkpoint-file.ts'
import { DraftFolders } from './local/draft-folders.ts'
import { DISK_FAILURE, LocalStaging } from './local/local-staging.ts'
import { ManifestCache } from './local/manifest-cache.ts'
import { newestFirst, prunable } from './retention.ts'
import { assertDraftKey, isSnapshotKey } from './snapshot-key.ts'
import { StagedDraft } from './staged-draft.ts'

export interface LocalSnapshotStoreOptions {
  /** The folder that holds everything; made when it is not there. Must be on a local file system. */
  readonly directory: string
  /** How many of the newest snapshots of a spreadsheet to keep, SNAPSHOTS_KEPT. */
  readonly kept: number
  readonly log: Log
  /** For tests: the file system to use. */
  readonly fs?: FileSystem
}

/**
 * Snapshots as folders: `<directory>/<spreadsheetId>/<syncId>/` holds the files of rows and `manifest.json`. Drafts grow
 * in `<directory>/.staging/<syncId>.<epoch>/` and become a snapshot by one rename. Several processes of one host may
 * share the directory.
 */
export class LocalSnapshotStore implements SnapshotStore {
  readonly #options: LocalSnapshotStoreOptions
  readonly #fs: FileSystem
  readonly #drafts: DraftFolders
  readonly #manifests: ManifestCache

  constructor(options: LocalSnapshotStoreOptions) {
    this.#options = options
    this.#fs = options.fs ?? nodeFileSystem
    this.#drafts = new DraftFolders(this.#fs, options.directory)
    this.#manifests = new ManifestCache(this.#fs, options.log)
  }

  start(): Promise<void> {
    return onDisk(() => this.#drafts.start())
  }

  async openDraft(key: DraftKey, signal?: AbortSignal): Promise<SnapshotDraft> {
    assertDraftKey(key)
    const target = this.#folderOf(key)
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
      const isResumed = published === undefined
      const adopted = isResumed ? await adoptCheckpoint(this.#fs, this.#drafts.pathOf(key), signal) : undefined
      return new StagedDraft(key, backend, { adopted, published, signal })
    })
  }

  async find(spreadsheetId: string, syncId: string): Promise<SnapshotManifest | undefined> {
    const key = { spreadsheetId, syncId }
    return isSnapshotKey(key) ? onDisk(() => this.#manifests.read(this.#folderOf(key), key)) : undefined
  }

  async list(spreadsheetId: string): Promise<readonly SnapshotManifest[]> {
    if (!SPREADSHEET_ID_PATTERN.test(spreadsheetId)) return []
    return onDisk(async () => {
      const syncIds = await namesIn(this.#fs, join(this.#options.directory, spreadsheetId))
      const manifests = await mapAll(syncIds, 8, (syncId) => ignoreCorrupt(this.find(spreadsheetId, syncId)))
      return newestFirst(manifests.filter((manifest) => manifest !== undefined))
    })
  }

  async openFile(key: FileKey, range?: ByteRange): Promise<Readable | undefined> {
    if (!isSnapshotKey(key) || !isSnapshotFileName(key.name)) return undefined
    const folder = this.#folderOf(key)
    return onDisk(async () => {
      // Opening does not follow a symbolic link, but only as the last step of a path.
      const parents = [join(this.#options.directory, key.spreadsheetId), folder]
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
    for (const { syncId } of prunable(await this.list(spreadsheetId), this.#options.kept)) {
      if (signal?.aborted) break
      const folder = this.#folderOf({ spreadsheetId, syncId })
      if (await onDisk(() => this.#drafts.remove(folder))) removed.push(syncId)
    }
    return removed
  }

  async sweepDrafts(isLive: (syncId: string) => Promise<boolean>, signal?: AbortSignal): Promise<number> {
    return onDisk(async () => {
      let removed = 0
      for (const draft of await this.#drafts.list()) {
        if (signal?.aborted) return removed
        if (await isLive(draft.syncId)) continue
        if (await this.#drafts.remove(this.#drafts.pathOf(draft))) removed += 1
      }
      await this.#drafts.emptyTrash(signal)
      return removed
    })
  }

  async close(): Promise<void> {}

  #folderOf({ spreadsheetId, syncId }: SnapshotKey): string {
    return join(this.#options.directory, spreadsheetId, syncId)
  }
}

function onDisk<T>(work: () => Promise<T>): Promise<T> {
  return withDiskErrors(DISK_FAILURE, work)
}
