import { constants } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { AppError } from '../errors.ts'
import { isSnapshotFileName, type SnapshotManifest } from '../model/snapshot-manifest.ts'
import { SPREADSHEET_ID_PATTERN } from '../model/spreadsheet-reference.ts'
import { isSyncId } from '../model/sync-id.ts'
import type { Log } from '../ports/log.ts'
import type { DraftKey, FileKey, SnapshotDraft, SnapshotStore } from '../ports/snapshot-store.ts'
import { type DiskFs, namesIn, nodeDisk, unless } from './disk.ts'
import { onDisk } from './disk-errors.ts'
import { adoptCheckpoint } from './draft-checkpoint.ts'
import { LocalDraft } from './local-draft.ts'
import { ManifestCache } from './manifest-cache.ts'
import { expendable, newestFirst } from './retention.ts'
import { CHECKPOINT, StagingArea } from './staging-area.ts'

export interface LocalSnapshotStoreOptions {
  /** The folder that holds everything; made when it is not there. Must be on a local file system. */
  readonly directory: string
  /** How many of the newest snapshots of a spreadsheet to keep, SNAPSHOTS_KEPT. */
  readonly kept: number
  readonly log: Log
  /** For tests: the file system to use. */
  readonly fs?: DiskFs
}

/**
 * Snapshots as folders: `<directory>/<spreadsheetId>/<syncId>/` holds the files of rows and `manifest.json`. Drafts grow
 * in `<directory>/.staging/<syncId>.<epoch>/` and become a snapshot by one rename. Several processes of one host may
 * share the directory.
 */
export class LocalSnapshotStore implements SnapshotStore {
  readonly #fs: DiskFs
  readonly #log: Log
  readonly #directory: string
  readonly #kept: number
  readonly #staging: StagingArea
  readonly #manifests: ManifestCache

  constructor({ directory, kept, log, fs = nodeDisk }: LocalSnapshotStoreOptions) {
    this.#fs = fs
    this.#log = log
    this.#directory = directory
    this.#kept = kept
    this.#staging = new StagingArea(fs, directory)
    this.#manifests = new ManifestCache(fs, log)
  }

  start(): Promise<void> {
    return onDisk(() => this.#staging.start())
  }

  async openDraft(key: DraftKey): Promise<SnapshotDraft> {
    const target = this.#folderOf(key.spreadsheetId, key.syncId)
    if (target === undefined || !Number.isSafeInteger(key.epoch) || key.epoch < 0) {
      throw new TypeError('a draft needs a spreadsheet id, a sync id and an epoch')
    }
    return onDisk(async () => {
      const options = { fs: this.#fs, log: this.#log, staging: this.#staging, key, target }
      let folder = this.#staging.pathOf(key)
      let published = await this.#manifests.read(target, key)
      if (published === undefined) {
        folder = await this.#staging.claim(key)
        // Only now is it certain that no earlier epoch can publish any more.
        published = await this.#manifests.read(target, key)
        if (published !== undefined) await this.#staging.remove(folder)
      }
      if (published !== undefined) {
        await unless(this.#fs.unlink(join(target, CHECKPOINT)), 'ENOENT')
        return new LocalDraft({ ...options, folder, adopted: undefined, published })
      }
      const adopted = await adoptCheckpoint(this.#fs, folder)
      return new LocalDraft({ ...options, folder, adopted, published })
    })
  }

  async find(spreadsheetId: string, syncId: string): Promise<SnapshotManifest | undefined> {
    const folder = this.#folderOf(spreadsheetId, syncId)
    return folder === undefined ? undefined : onDisk(() => this.#manifests.read(folder, { spreadsheetId, syncId }))
  }

  async list(spreadsheetId: string): Promise<readonly SnapshotManifest[]> {
    if (!SPREADSHEET_ID_PATTERN.test(spreadsheetId)) return []
    return onDisk(async () => {
      const manifests: SnapshotManifest[] = []
      for (const syncId of await namesIn(this.#fs, join(this.#directory, spreadsheetId))) {
        const manifest = await this.#readable(spreadsheetId, syncId)
        if (manifest !== undefined) manifests.push(manifest)
      }
      return newestFirst(manifests)
    })
  }

  async openFile(
    key: FileKey,
    range?: { readonly start: number; readonly end: number },
  ): Promise<Readable | undefined> {
    const folder = this.#folderOf(key.spreadsheetId, key.syncId)
    if (folder === undefined || !isSnapshotFileName(key.name)) return undefined
    return onDisk(async () => {
      const flags = constants.O_RDONLY | constants.O_NOFOLLOW
      const handle = await unless(this.#fs.open(join(folder, key.name), flags), 'ENOENT', 'ENOTDIR', 'ELOOP')
      if (handle === undefined) return undefined
      let isInside = false
      try {
        // O_NOFOLLOW guards the last step of the path only.
        const parents = [join(this.#directory, key.spreadsheetId), folder]
        const stats = await Promise.all(parents.map((path) => unless(this.#fs.lstat(path), 'ENOENT')))
        const file = await handle.stat()
        isInside = stats.every((one) => one?.isDirectory()) && file.isFile()
        if (isInside && range !== undefined && range.end >= file.size) {
          isInside = false
          throw new AppError('SNAPSHOT_CORRUPT', `The file ${key.name} of ${key.syncId} was cut off.`)
        }
      } finally {
        if (!isInside) await handle.close()
      }
      return isInside ? handle.createReadStream({ ...range }) : undefined
    })
  }

  async prune(spreadsheetId: string): Promise<readonly string[]> {
    const removed: string[] = []
    for (const { syncId } of expendable(await this.list(spreadsheetId), this.#kept)) {
      const folder = join(this.#directory, spreadsheetId, syncId)
      if (await onDisk(() => this.#staging.remove(folder))) removed.push(syncId)
    }
    return removed
  }

  async discardDrafts(syncId: string): Promise<void> {
    if (!isSyncId(syncId)) throw new TypeError('a draft is discarded by a sync id')
    await onDisk(async () => {
      for (const draft of await this.#staging.drafts(syncId)) {
        await this.#staging.remove(this.#staging.pathOf(draft))
      }
    })
  }

  async sweepDrafts(isLive: (syncId: string) => Promise<boolean>): Promise<number> {
    return onDisk(async () => {
      let removed = 0
      const drafts = Map.groupBy(await this.#staging.drafts(), ({ syncId }) => syncId)
      for (const [syncId, epochs] of drafts) {
        if (await isLive(syncId)) continue
        for (const draft of epochs) {
          if (await this.#staging.remove(this.#staging.pathOf(draft))) removed += 1
        }
      }
      await this.#staging.emptyTrash()
      return removed
    })
  }

  async close(): Promise<void> {
    this.#manifests.clear()
  }

  #folderOf(spreadsheetId: string, syncId: string): string | undefined {
    if (!SPREADSHEET_ID_PATTERN.test(spreadsheetId) || !isSyncId(syncId)) return undefined
    return join(this.#directory, spreadsheetId, syncId)
  }

  async #readable(spreadsheetId: string, syncId: string): Promise<SnapshotManifest | undefined> {
    try {
      return await this.find(spreadsheetId, syncId)
    } catch (error) {
      if (error instanceof AppError && error.code === 'SNAPSHOT_CORRUPT') return undefined
      throw error
    }
  }
}
