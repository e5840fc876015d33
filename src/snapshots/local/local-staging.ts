import { dirname, join } from 'node:path'
import { mapAll } from '../../concurrency/map-all.ts'
import { errnoOf, ignoreErrno, toDiskError, withDiskErrors } from '../../disk/disk-errors.ts'
import { namesIn, readFirst, withOpen, writeAll, writeFileDurably } from '../../disk/file-operations.ts'
import { AppError } from '../../errors.ts'
import { MANIFEST_NAME, type SnapshotManifest } from '../../model/snapshot-manifest.ts'
import type { FileSystem } from '../../ports/file-system.ts'
import type { Log } from '../../ports/log.ts'
import { type DraftKey, DraftSuperseded } from '../../ports/snapshot-store.ts'
import type { StagedFile } from '../staged-file.ts'
import type { FlushedFile, StagingBackend } from '../staging-backend.ts'
import {
  CHECKPOINT_NAME,
  type CheckpointedFile,
  diskNameOf,
  type LocalContent,
  writeCheckpoint,
} from './checkpoint-file.ts'
import { DescriptorCache } from './descriptor-cache.ts'
import type { DraftFolders } from './draft-folders.ts'

/** Begins the message of every failure of the disk. */
export const DISK_FAILURE = 'The snapshots cannot be reached'

/** Name of the folder, in that of the draft, which is renamed to become the snapshot. */
const PUBLICATION_NAME = '.publication'

/** How often a snapshot is moved to its place at most, while others remove the folder that it goes into. */
const PUBLISH_TRIES = 5

export interface LocalStagingOptions {
  readonly fs: FileSystem
  readonly log: Log
  readonly folders: DraftFolders
  readonly key: DraftKey
  /** The snapshot's place. */
  readonly target: string
}

/** A draft as a folder of files. A later epoch takes the folder away, so all that is done here fails from then on. */
export class LocalStaging implements StagingBackend<LocalContent> {
  readonly #options: LocalStagingOptions
  readonly #fs: FileSystem
  /** The folder of the draft. */
  readonly #folder: string
  readonly #descriptors: DescriptorCache
  /** Generations that were rewritten; they stay on disk for as long as the last checkpoint may name them. */
  readonly #superseded = new Set<Pick<CheckpointedFile, 'name' | 'generation'>>()
  #isPublished = false

  constructor(options: LocalStagingOptions) {
    this.#options = options
    this.#fs = options.fs
    this.#folder = options.folders.pathOf(options.key)
    this.#descriptors = new DescriptorCache(options.fs)
  }

  emptyContent(): LocalContent {
    return { generation: 0, inode: undefined, isDirty: false }
  }

  async append(file: StagedFile<LocalContent>, bytes: Uint8Array): Promise<void> {
    const { content, digest } = file
    const path = this.#pathOf(file)
    const open = () => (content.inode === undefined ? this.#fs.openNew(path) : this.#fs.openToWrite(path))
    await this.#descriptors.use(path, open, async (descriptor) => {
      content.inode ??= this.#fs.identifyOpen(descriptor).inode
      content.isDirty = true
      await writeAll(this.#fs, descriptor, bytes, digest.bytes)
    })
  }

  async flush(file: StagedFile<LocalContent>): Promise<void> {
    if (!file.content.isDirty) return
    const path = this.#pathOf(file)
    const open = () => this.#fs.openToWrite(path)
    await this.#descriptors.use(path, open, (descriptor) => this.#fs.sync(descriptor))
    file.content.isDirty = false
  }

  /** Writes the next generation of a file, durably, beside the one that a checkpoint may name. */
  async rewrite(file: StagedFile<LocalContent>, bytes: AsyncIterable<Uint8Array>): Promise<LocalContent> {
    const { name, content } = file
    const isNew = content.inode === undefined
    const generation = isNew ? 0 : content.generation + 1
    const path = join(this.#folder, diskNameOf({ name, generation }))
    const inode = await withOpen(this.#fs, this.#fs.openNew(path), async (descriptor) => {
      for await (const chunk of bytes) await writeAll(this.#fs, descriptor, chunk)
      await this.#fs.sync(descriptor)
      return this.#fs.identifyOpen(descriptor).inode
    })
    await this.#descriptors.release(this.#pathOf(file))
    if (!isNew) this.#superseded.add({ name, generation: content.generation })
    return { generation, inode, isDirty: false }
  }

  read(file: StagedFile<LocalContent>): AsyncIterable<Buffer> {
    return readFirst(this.#fs, this.#pathOf(file), file.digest.bytes)
  }

  async saveCheckpoint(value: string, flushed: readonly FlushedFile<LocalContent>[]): Promise<void> {
    const files = flushed.map(({ name, content: { generation }, bytes }) => ({ name, generation, bytes }))
    await writeCheckpoint(this.#fs, this.#folder, value, files)
    const saved = new Map(files.map(({ name, generation }) => [name, generation]))
    for (const old of this.#superseded) {
      if (old.generation >= (saved.get(old.name) ?? 0)) continue
      await ignoreErrno(this.#fs.unlink(join(this.#folder, diskNameOf(old))), 'ENOENT')
      this.#superseded.delete(old)
    }
  }

  async clear(): Promise<void> {
    await this.#descriptors.close()
    this.#superseded.clear()
    await ignoreErrno(this.#fs.unlink(join(this.#folder, CHECKPOINT_NAME)), 'ENOENT')
    await this.#fs.syncFolder(this.#folder)
    for (const name of await namesIn(this.#fs, this.#folder)) await this.#fs.removeTree(join(this.#folder, name))
  }

  async publish(manifest: SnapshotManifest, files: readonly StagedFile<LocalContent>[]): Promise<void> {
    const { target, folders, log } = this.#options
    await this.#descriptors.close()
    if (!this.#isPublished) await this.#moveToTarget(manifest, files)
    this.#isPublished = true
    // ENOENT: it was erased since, as the last one of its spreadsheet.
    await ignoreErrno(this.#fs.syncFolder(dirname(target)), 'ENOENT')
    try {
      await folders.remove(this.#folder)
    } catch (err) {
      // Out of sight of every reader, and left to the next sweep.
      if (errnoOf(err) === undefined) throw err
      log.warn({ err, syncId: manifest.syncId }, 'orphaned files of a draft stay until the next sweep')
    }
  }

  close(): Promise<void> {
    return this.#descriptors.close()
  }

  async discard(): Promise<void> {
    await this.#options.folders.remove(this.#folder)
  }

  /** Distinguishes a failing disk from a folder that a later epoch has taken away. */
  async translateError(error: unknown): Promise<unknown> {
    const { key } = this.#options
    // An AppError: a staged file that is not there any more is not what was written to it either.
    const mayBeTaken = errnoOf(error) === 'ENOENT' || error instanceof AppError
    const isTaken = mayBeTaken && (await withDiskErrors(DISK_FAILURE, () => this.#fs.stat(this.#folder))) === undefined
    if (!isTaken) return toDiskError(error, DISK_FAILURE)
    return new DraftSuperseded(`the draft of ${key.syncId} is no longer with epoch ${key.epoch}`, { cause: error })
  }

  /** Links the published files into a folder of their own and renames that to the snapshot's place. */
  async #moveToTarget(manifest: SnapshotManifest, files: readonly StagedFile<LocalContent>[]): Promise<void> {
    const { target } = this.#options
    const folder = join(this.#folder, PUBLICATION_NAME)
    await this.#fs.removeTree(folder)
    // Not with those above it: a later epoch may have taken them away.
    await this.#fs.makeSubfolder(folder)
    await mapAll(files, 8, (file) => this.#link(file, join(folder, file.name)))
    await writeFileDurably(this.#fs, join(folder, MANIFEST_NAME), `${JSON.stringify(manifest, undefined, 2)}\n`)
    await this.#fs.syncFolder(folder)
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#fs.makeFolder(dirname(target))
        await this.#fs.syncFolder(dirname(dirname(target)))
        return await this.#fs.rename(folder, target)
      } catch (error) {
        if (errnoOf(error) === 'ENOTEMPTY' || errnoOf(error) === 'EEXIST') {
          throw new DraftSuperseded(`${manifest.syncId} is published already`, { cause: error })
        }
        // The folder of a spreadsheet without snapshots is removed, perhaps just now; Node's recursive mkdir may see it and
        // then fail as well, when it looks whether it is one.
        const isRemoved = errnoOf(error) === 'ENOENT' && (await this.#fs.stat(folder)) !== undefined
        if (!isRemoved || tries === PUBLISH_TRIES) throw error
      }
    }
  }

  /** Gives a staged file one more name, under which lies then what this draft has written. */
  async #link(file: StagedFile<LocalContent>, path: string): Promise<void> {
    await this.#fs.link(this.#pathOf(file), path)
    const status = await this.#fs.stat(path)
    if (status?.inode === file.content.inode && status?.size === file.digest.bytes) return
    throw new AppError('STORAGE_UNAVAILABLE', `The staged file ${file.name} is not what was written to it.`)
  }

  #pathOf({ name, content }: StagedFile<LocalContent>): string {
    return join(this.#folder, diskNameOf({ name, generation: content.generation }))
  }
}
