import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { isSnapshotFileName, type SnapshotManifest } from '../model/snapshot-manifest.ts'
import type { Log } from '../ports/log.ts'
import { type DraftKey, DraftSuperseded, type SnapshotDraft } from '../ports/snapshot-store.ts'
import { forEach, Slots } from './concurrency-limit.ts'
import { type DiskFs, syncFolder, unless } from './disk.ts'
import { asDiskError, errnoOf, onDisk } from './disk-errors.ts'
import { type AdoptedFile, type SavedFile, writeCheckpoint } from './draft-checkpoint.ts'
import { mustTell, publishFolder, tidySnapshot } from './publish-folder.ts'
import { StagedFile } from './staged-file.ts'
import { StagedFolder } from './staged-folder.ts'
import type { StagingArea } from './staging-area.ts'

export interface LocalDraftOptions {
  readonly fs: DiskFs
  readonly log: Log
  readonly staging: StagingArea
  readonly key: DraftKey
  /** The folder that becomes the snapshot. */
  readonly folder: string
  /** The snapshot's place. */
  readonly target: string
  readonly adopted: { readonly value: unknown; readonly files: readonly AdoptedFile[] } | undefined
  readonly published: SnapshotManifest | undefined
}

/**
 * A draft on disk. After a failed write or fsync nobody can say what a file holds, so the draft then refuses all but
 * `reset`, `discard` and `close`; opened again, it goes on from its last checkpoint.
 */
export class LocalDraft implements SnapshotDraft {
  readonly published: SnapshotManifest | undefined
  readonly #options: LocalDraftOptions
  readonly #fs: DiskFs
  readonly #folder: StagedFolder
  readonly #rewrites = new Slots(8)
  #files: Map<string, StagedFile>
  #checkpoint: unknown
  #checkpointing: Promise<unknown> = Promise.resolve()
  #resetting: Promise<unknown> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined
  #isRenamed = false
  #isClosed: boolean

  constructor(options: LocalDraftOptions) {
    this.#options = options
    this.#fs = options.fs
    this.#folder = new StagedFolder(options.fs, options.folder)
    this.#files = new Map(options.adopted?.files.map((file) => [file.name, StagedFile.adopt(file)]))
    this.#checkpoint = options.adopted?.value
    this.published = options.published
    this.#isClosed = options.published !== undefined
  }

  get checkpoint(): unknown {
    return this.#checkpoint
  }

  async append(name: string, bytes: Uint8Array): Promise<void> {
    const file = this.#fileNamed(name)
    await this.#change(file, () => this.#folder.append(file, bytes))
  }

  async rewrite(name: string, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const file = this.#fileNamed(name)
    const before = file.settled
    // Content that reads the file it replaces must not wait for its own end.
    file.beforeRewrite = before
    try {
      await this.#change(file, () => this.#rewrites.run(() => this.#folder.replace(file, content)))
    } finally {
      if (file.beforeRewrite === before) file.beforeRewrite = undefined
    }
  }

  read(name: string): Readable {
    const file = this.#files.get(name)
    return Readable.from(this.#readStaged(name, file, file?.beforeRewrite ?? file?.settled), { objectMode: false })
  }

  async stat(name: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
    const file = this.#files.get(name)
    if (file === undefined) throw new TypeError(`no file ${name} is staged`)
    return file.inLine(async () => {
      this.#mustBeWhole()
      return { bytes: file.bytes, sha256: file.digest() }
    })
  }

  async saveCheckpoint(value: unknown): Promise<void> {
    this.#mustBeOpen()
    // What belongs to the checkpoint is settled here: whatever is called later comes after it.
    const json = JSON.stringify(value) ?? 'null'
    const saved = Promise.all([this.#flush(), Promise.allSettled([this.#checkpointing])]).then(([files]) =>
      this.#guard(async () => {
        await writeCheckpoint(this.#fs, this.#folder.path, json, files)
        this.#checkpoint = JSON.parse(json)
        for (const { name, generation } of files) {
          const file = this.#files.get(name)
          if (file !== undefined) await this.#folder.dropLeftovers(file, generation)
        }
      }),
    )
    this.#checkpointing = saved
    await saved
  }

  async reset(): Promise<void> {
    this.#mustBeOpen()
    const underWay = this.#idle()
    this.#files = new Map()
    const reset = underWay.then(() =>
      this.#guard(async () => {
        await this.#folder.clear()
        this.#checkpoint = undefined
        this.#failure = undefined
      }),
    )
    this.#resetting = Promise.allSettled([reset])
    await reset
  }

  async publish(manifest: SnapshotManifest): Promise<void> {
    this.#mustBeOpen()
    await this.#flush()
    mustTell(manifest, this.#options.key, this.#files)
    await this.#idle()
    await this.#guard(async () => {
      const { target, staging, log } = this.#options
      await this.#folder.close()
      if (!this.#isRenamed) {
        await forEach(this.#files.values(), 8, (file) => this.#folder.settleName(file))
        await publishFolder(this.#fs, { folder: this.#folder.path, target, manifest })
        this.#isRenamed = true
      }
      await syncFolder(this.#fs, dirname(target))
      await syncFolder(this.#fs, staging.path)
      this.#isClosed = true
      await tidySnapshot(this.#fs, log, target, manifest)
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await onDisk(async () => {
      await this.#idle()
      await this.#folder.close()
    })
  }

  async discard(): Promise<void> {
    await this.close()
    await onDisk(() => this.#options.staging.remove(this.#folder.path))
  }

  #fileNamed(name: string): StagedFile {
    this.#mustBeOpen()
    if (!isSnapshotFileName(name)) throw new TypeError('a snapshot file has a name of SNAPSHOT_FILE_PATTERN')
    const known = this.#files.get(name)
    if (known !== undefined) return known
    const file = new StagedFile(name, this.#resetting)
    this.#files.set(name, file)
    return file
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new TypeError('the draft is closed')
  }

  #mustBeWhole(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** Settles when all that was called so far has; never rejects. */
  #idle(): Promise<unknown> {
    const files = [...this.#files.values()].map((file) => file.settled)
    return Promise.allSettled([...files, this.#checkpointing, this.#resetting])
  }

  /** Runs work in the order of the file; a failure leaves the draft unusable, for bytes may be missing in it. */
  #change<T>(file: StagedFile, work: () => Promise<T>): Promise<T> {
    return file.inLine(async () => {
      this.#mustBeWhole()
      try {
        return await this.#guard(work)
      } catch (error) {
        this.#failure ??= { error }
        throw error
      }
    })
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw await this.#explain(error)
    }
  }

  /** Tells apart a failing disk and a folder that a later epoch has taken away. */
  async #explain(error: unknown): Promise<unknown> {
    if (errnoOf(error) !== 'ENOENT') return asDiskError(error)
    const folder = await onDisk(() => unless(this.#fs.lstat(this.#folder.path), 'ENOENT'))
    if (folder !== undefined) return asDiskError(error)
    const { syncId, epoch } = this.#options.key
    return new DraftSuperseded(`the draft of ${syncId} is no longer with epoch ${epoch}`, { cause: error })
  }

  /** Makes every file durable as it is now; resolves to how each then stood. */
  #flush(): Promise<SavedFile[]> {
    const files = [...this.#files.values()].map((file) =>
      this.#change(file, async () => {
        await this.#folder.flush(file)
        return file.asSaved()
      }),
    )
    return Promise.all(files)
  }

  async *#readStaged(
    name: string,
    file: StagedFile | undefined,
    ready: Promise<unknown> | undefined,
  ): AsyncGenerator<Buffer> {
    if (file === undefined) throw new TypeError(`no file ${name} is staged`)
    await ready
    this.#mustBeWhole()
    try {
      yield* this.#folder.read(file)
    } catch (error) {
      throw await this.#explain(error)
    }
  }
}
