import { dirname, join } from 'node:path'
import { mapAll } from '../../concurrency/map-all.ts'
import { errnoOf, ignoreErrno, toDiskError, withDiskErrors } from '../../disk/disk-errors.ts'
import { namesIn, readFirst, withOpen, writeAll, writeFileDurably } from '../../disk/file-operations.ts'
import { AppError } from '../../errors.ts'
import { MANIFEST_NAME, type SnapshotManifest } from '../../model/snapshot-manifest.ts'
import type { FileSystem } from '../../ports/file-system.ts'
import type { Log } from '../../ports/log.ts'
import { type DraftKey, DraftSuperseded } from '../../ports/snapshot-store.ts'
import { filesOf } from '../manifest-check.ts'
import type { StagedFile } from '../staged-file.ts'
import type { StagingBackend } from '../staging-backend.ts'
import {
  CHECKPOINT_NAME,
  type CheckpointedFile,
  generationName,
  type LocalContent,
  writeCheckpoint,
} from './checkpoint-file.ts'
import { DescriptorCache } from './descriptor-cache.ts'
import type { DraftFolders } from './draft-folders.ts'

/** Begins the message of every failure of the disk. */
export const DISK_FAILURE = 'The snapshots cannot be reached'

export interface LocalStagingOptions {
  readonly fs: FileSystem
  readonly log: Log
  readonly folders: DraftFolders
  readonly key: DraftKey
  /** The folder that becomes the snapshot. */
  readonly folder: string
  /** The snapshot's place. */
  readonly target: string
}

type SavedFile = CheckpointedFile & { readonly content: LocalContent }

/** A draft as a folder of files. A later epoch takes the folder away, so all that is done here fails from then on. */
export class LocalStaging implements StagingBackend<LocalContent, SavedFile> {
  readonly #options: LocalStagingOptions
  readonly #fs: FileSystem
  readonly #descriptors: DescriptorCache
  #isRenamed = false

  constructor(options: LocalStagingOptions) {
    this.#options = options
    this.#fs = options.fs
    this.#descriptors = new DescriptorCache(options.fs)
  }

  emptyContent(name: string): LocalContent {
    return { diskName: name, generation: 0, inode: undefined, isDirty: false, superseded: new Set() }
  }

  async append({ content, digest }: StagedFile<LocalContent>, bytes: Uint8Array): Promise<void> {
    const path = this.#pathOf(content.diskName)
    const open = () => (content.inode === undefined ? this.#fs.openNew(path) : this.#fs.openToWrite(path))
    await this.#descriptors.use(path, open, async (descriptor) => {
      content.inode ??= this.#fs.identifyOpen(descriptor).inode
      content.isDirty = true
      await writeAll(this.#fs, descriptor, bytes, digest.bytes)
    })
  }

  async flush({ name, content, digest }: StagedFile<LocalContent>): Promise<SavedFile> {
    if (content.isDirty) {
      const path = this.#pathOf(content.diskName)
      await this.#descriptors.use(
        path,
        () => this.#fs.openToWrite(path),
        (descriptor) => this.#fs.sync(descriptor),
      )
      content.isDirty = false
    }
    return { name, generation: content.generation, bytes: digest.bytes, content }
  }

  /** Writes the next generation of a file, durably, beside the one that a checkpoint may name. */
  async rewrite({ name, content }: StagedFile<LocalContent>, bytes: AsyncIterable<Uint8Array>): Promise<LocalContent> {
    const isNew = content.inode === undefined
    const generation = isNew ? 0 : content.generation + 1
    const diskName = isNew ? name : generationName(name, generation)
    const inode = await withOpen(this.#fs, this.#fs.openNew(this.#pathOf(diskName)), async (descriptor) => {
      for await (const chunk of bytes) await writeAll(this.#fs, descriptor, chunk)
      await this.#fs.sync(descriptor)
      return this.#fs.identifyOpen(descriptor).inode
    })
    await this.#descriptors.release(this.#pathOf(content.diskName))
    if (!isNew) content.superseded.add(content)
    return { diskName, generation, inode, isDirty: false, superseded: content.superseded }
  }

  async *read({ content, digest: { bytes } }: StagedFile<LocalContent>): AsyncGenerator<Buffer> {
    const descriptor = await this.#fs.openToRead(this.#pathOf(content.diskName))
    try {
      yield* readFirst(this.#fs, descriptor, bytes)
    } finally {
      await this.#fs.close(descriptor)
    }
  }

  async saveCheckpoint(value: string, files: readonly SavedFile[]): Promise<void> {
    await writeCheckpoint(this.#fs, this.#options.folder, value, files)
    for (const { generation, content } of files) await this.#removeBefore(content, generation)
  }

  async clear(): Promise<void> {
    await this.#descriptors.close()
    await ignoreErrno(this.#fs.unlink(this.#pathOf(CHECKPOINT_NAME)), 'ENOENT')
    await this.#fs.syncFolder(this.#options.folder)
    for (const name of await namesIn(this.#fs, this.#options.folder)) await this.#fs.removeTree(this.#pathOf(name))
  }

  async publish(manifest: SnapshotManifest, files: ReadonlyMap<string, StagedFile<LocalContent>>): Promise<void> {
    const { target, folders } = this.#options
    await this.#descriptors.close()
    if (!this.#isRenamed) {
      await mapAll(files.values(), 8, (file) => this.#moveToOwnName(file))
      await this.#moveToTarget(manifest)
      this.#isRenamed = true
    }
    await this.#fs.syncFolder(dirname(target))
    await this.#fs.syncFolder(folders.path)
    await this.#removeUnpublished(manifest)
  }

  close(): Promise<void> {
    return this.#descriptors.close()
  }

  async discard(): Promise<void> {
    await this.#options.folders.remove(this.#options.folder)
  }

  /** Distinguishes a failing disk from a folder that a later epoch has taken away. */
  async translateError(error: unknown): Promise<unknown> {
    const { folder, key } = this.#options
    // An AppError: a staged file that is not there any more is not what was written to it either.
    const mayBeTaken = errnoOf(error) === 'ENOENT' || error instanceof AppError
    const isTaken = mayBeTaken && (await withDiskErrors(DISK_FAILURE, () => this.#fs.stat(folder))) === undefined
    if (!isTaken) return toDiskError(error, DISK_FAILURE)
    return new DraftSuperseded(`the draft of ${key.syncId} is no longer with epoch ${key.epoch}`, { cause: error })
  }

  /** Removes the generations before this one, which no checkpoint names any more. */
  async #removeBefore(content: LocalContent, generation: number): Promise<void> {
    for (const file of content.superseded) {
      if (file.generation >= generation) continue
      await ignoreErrno(this.#fs.unlink(this.#pathOf(file.diskName)), 'ENOENT')
      content.superseded.delete(file)
    }
  }

  /** Makes sure that what lies under the file's own name is what this draft has written. */
  async #moveToOwnName({ name, content, digest }: StagedFile<LocalContent>): Promise<void> {
    if (content.diskName !== name) {
      const occupant = [...content.superseded].find(({ diskName }) => diskName === name)
      if (occupant !== undefined) {
        const setAside = generationName(name, occupant.generation)
        await this.#fs.rename(this.#pathOf(name), this.#pathOf(setAside))
        occupant.diskName = setAside
      }
      await this.#fs.rename(this.#pathOf(content.diskName), this.#pathOf(name))
      content.diskName = name
    }
    const status = await this.#fs.stat(this.#pathOf(name))
    if (status?.inode !== content.inode || status?.size !== digest.bytes) {
      throw new AppError('STORAGE_UNAVAILABLE', `The staged file ${name} is not what was written to it.`)
    }
  }

  /** Adds the manifest to the folder of durable files, and renames it to the snapshot's place. */
  async #moveToTarget(manifest: SnapshotManifest): Promise<void> {
    const { folder, target } = this.#options
    await writeFileDurably(this.#fs, this.#pathOf(MANIFEST_NAME), `${JSON.stringify(manifest, undefined, 2)}\n`)
    await this.#fs.syncFolder(folder)
    await this.#fs.makeFolder(dirname(target))
    await this.#fs.syncFolder(dirname(dirname(target)))
    try {
      await this.#fs.rename(folder, target)
    } catch (error) {
      if (errnoOf(error) !== 'ENOTEMPTY' && errnoOf(error) !== 'EEXIST') throw error
      throw new DraftSuperseded(`${manifest.syncId} is published already`, { cause: error })
    }
  }

  /** Removes what only the draft needed. It is out of sight, so a failure here does no harm. */
  async #removeUnpublished(manifest: SnapshotManifest): Promise<void> {
    const { target, log } = this.#options
    const published = new Set([MANIFEST_NAME, ...filesOf(manifest).map(({ name }) => name)])
    try {
      for (const name of await namesIn(this.#fs, target)) {
        if (!published.has(name)) await this.#fs.removeTree(join(target, name))
      }
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      log.warn({ err: error, syncId: manifest.syncId }, 'orphaned files of a draft stay in its snapshot')
    }
  }

  #pathOf(name: string): string {
    return join(this.#options.folder, name)
  }
}
