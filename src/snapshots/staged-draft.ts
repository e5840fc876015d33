import { Readable } from 'node:stream'
import pLimit from 'p-limit'
import { untilAborted } from '../concurrency/abortable.ts'
import { filesOf, isSnapshotFileName, type SnapshotManifest, snapshotManifest } from '../model/snapshot-manifest.ts'
import { type DraftKey, DraftSuperseded, type SnapshotDraft } from '../ports/snapshot-store.ts'
import { DraftSize } from './draft-size.ts'
import { isManifestOf } from './snapshot-key.ts'
import { ContentDigest, StagedFile } from './staged-file.ts'
import type { FlushedFile, StagingBackend } from './staging-backend.ts'

/** What an earlier epoch had checkpointed. */
export interface AdoptedCheckpoint<Content> {
  readonly value: unknown
  readonly files: readonly StagedFile<Content>[]
}

interface DraftState<Content> {
  readonly adopted?: AdoptedCheckpoint<Content> | undefined
  readonly published?: SnapshotManifest | undefined
  readonly signal?: AbortSignal | undefined
  /** Bytes that its files may hold together, SYNC_BYTES_MAX; default: any number. */
  readonly maxBytes?: number | undefined
}

/**
 * A draft on any medium: the order of its operations, and what still holds after a failure. After a failed write or
 * fsync nobody can say what a file holds, so the draft then refuses all but `reset`, `discard` and `close`; opened
 * again, it goes on from its last checkpoint.
 */
export class StagedDraft<Content> implements SnapshotDraft {
  readonly published: SnapshotManifest | undefined
  checkpoint: unknown
  readonly #key: DraftKey
  readonly #backend: StagingBackend<Content>
  readonly #signal: AbortSignal | undefined
  readonly #limitRewrites = pLimit(4)
  readonly #size: DraftSize
  #files: Map<string, StagedFile<Content>>
  /** Settles when the last change of the whole draft has. */
  #changing: Promise<unknown> = Promise.resolve()
  #resetting: Promise<unknown> = Promise.resolve()
  #failure: unknown
  #isPublished: boolean
  #isClosed: boolean

  /** `published`: by an earlier epoch; nothing can be done with the draft then. `signal`: as of `openDraft`. */
  constructor(
    key: DraftKey,
    backend: StagingBackend<Content>,
    { adopted, published, signal, maxBytes }: DraftState<Content> = {},
  ) {
    this.#key = key
    this.#backend = backend
    this.#signal = signal
    this.#files = new Map(adopted?.files.map((file) => [file.name, file]))
    this.#size = new DraftSize(
      maxBytes,
      adopted?.files.reduce((sum, { digest }) => sum + digest.bytes, 0),
    )
    this.checkpoint = adopted?.value
    this.published = published
    this.#isPublished = published !== undefined
    this.#isClosed = this.#isPublished
  }

  async append(name: string, bytes: Uint8Array): Promise<void> {
    const file = this.#openFile(name)
    await this.#changeFile(file, async () => {
      this.#size.add(bytes.length)
      await this.#backend.append(file, bytes)
      file.digest.update(bytes)
    })
  }

  async rewrite(name: string, bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const file = this.#openFile(name)
    const before = file.settled
    // Content that reads the file it replaces must not wait for its own end.
    file.beforeRewrite = before
    const rewrite = async () => {
      const digest = new ContentDigest()
      // Both stand for a while; what counts is what there will be.
      this.#size.add(-file.digest.bytes)
      const chunks = this.#size.pipe(untilAborted(bytes, this.#signal))
      const content = await this.#backend.rewrite(file, digest.pipe(chunks))
      Object.assign(file, { content, digest })
    }
    try {
      await this.#changeFile(file, () => this.#limitRewrites(rewrite))
    } finally {
      if (file.beforeRewrite === before) file.beforeRewrite = undefined
    }
  }

  read(name: string): Readable {
    const file = this.#files.get(name)
    return Readable.from(this.#read(name, file, file?.beforeRewrite ?? file?.settled), { objectMode: false })
  }

  async stat(name: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
    const file = this.#files.get(name)
    if (file === undefined) throw new TypeError(`no file ${name} is staged`)
    return file.runInOrder(async () => {
      this.#assertIntact()
      return { bytes: file.digest.bytes, sha256: file.digest.sha256 }
    })
  }

  async saveCheckpoint(value: unknown): Promise<void> {
    this.#assertOpen()
    // What belongs to the checkpoint is settled here: whatever is called later comes after it.
    const json = JSON.stringify(value) ?? 'null'
    await this.#changeDraft(this.#flush(), async (files) => {
      this.#assertIntact()
      await this.#backend.saveCheckpoint(json, files)
      this.checkpoint = JSON.parse(json)
    })
  }

  async reset(): Promise<void> {
    this.#assertOpen()
    const idle = this.#idle()
    this.#files = new Map()
    const reset = this.#changeDraft(idle, async () => {
      await this.#backend.clear()
      this.checkpoint = undefined
      this.#failure = undefined
      this.#size.reset()
    })
    this.#resetting = Promise.allSettled([reset])
    await reset
  }

  async publish(manifest: SnapshotManifest): Promise<void> {
    this.#assertOpen()
    await this.#flush()
    this.#signal?.throwIfAborted()
    this.#assertIntact()
    const files = this.#filesNamedBy(manifest)
    await this.#changeDraft(this.#idle(), async () => {
      await this.#backend.publish(snapshotManifest.parse(manifest), files)
      this.#isPublished = true
      this.#isClosed = true
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#idle()
    await this.#translateErrors(() => this.#backend.close())
  }

  async discard(): Promise<void> {
    await this.close()
    if (!this.#isPublished) await this.#translateErrors(() => this.#backend.discard())
  }

  #openFile(name: string): StagedFile<Content> {
    this.#assertOpen()
    if (!isSnapshotFileName(name)) throw new TypeError('a snapshot file has a name of SNAPSHOT_FILE_PATTERN')
    const known = this.#files.get(name)
    const file = known ?? new StagedFile(name, this.#backend.emptyContent(), new ContentDigest(), this.#resetting)
    this.#files.set(name, file)
    return file
  }

  async *#read(
    name: string,
    file: StagedFile<Content> | undefined,
    ready: Promise<unknown> | undefined,
  ): AsyncGenerator<Uint8Array> {
    if (file === undefined) throw new TypeError(`no file ${name} is staged`)
    await ready
    this.#assertIntact()
    try {
      yield* this.#backend.read(file)
    } catch (error) {
      throw await this.#translateError(error)
    }
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new TypeError('the draft is closed')
  }

  #assertIntact(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  /** A manifest that does not name what is staged is a mistake of the caller, and must not become a snapshot. */
  #filesNamedBy(manifest: SnapshotManifest): StagedFile<Content>[] {
    if (!isManifestOf(manifest, this.#key)) throw new TypeError('the manifest is that of another sync')
    const files = filesOf(manifest).map(({ name, bytes, sha256 }) => {
      const file = this.#files.get(name)
      if (file?.digest.bytes === bytes && file.digest.sha256 === sha256) return file
      throw new TypeError(`the manifest does not match what is staged as ${name}`)
    })
    return [...new Set(files)]
  }

  /** Settles when all that was called so far has; never rejects. */
  #idle(): Promise<unknown> {
    const files = [...this.#files.values()].map((file) => file.settled)
    return Promise.allSettled([...files, this.#changing, this.#resetting])
  }

  /** Flushes every file as it is now; resolves to how each then stood. */
  #flush(): Promise<FlushedFile<Content>[]> {
    const flush = async (file: StagedFile<Content>) => {
      await this.#backend.flush?.(file)
      return { name: file.name, content: file.content, bytes: file.digest.bytes }
    }
    return Promise.all([...this.#files.values()].map((file) => this.#changeFile(file, () => flush(file))))
  }

  /** Runs work in the order of the file; a failure leaves the draft unusable, for bytes may be missing in it. */
  #changeFile<T>(file: StagedFile<Content>, work: () => Promise<T>): Promise<T> {
    return file.runInOrder(async () => {
      this.#assertIntact()
      try {
        return await this.#translateErrors(work)
      } catch (error) {
        this.#failure ??= error
        throw error
      }
    })
  }

  /** Runs what changes the draft as a whole, one at a time, with what `ready` resolves to. */
  #changeDraft<T>(ready: Promise<T>, work: (ready: T) => Promise<void>): Promise<void> {
    const changed = Promise.all([ready, this.#changing]).then(([value]) => this.#translateErrors(() => work(value)))
    this.#changing = Promise.allSettled([this.#changing, changed])
    return changed
  }

  async #translateErrors<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw await this.#translateError(error)
    }
  }

  async #translateError(cause: unknown): Promise<unknown> {
    const error = (await this.#backend.translateError?.(cause)) ?? cause
    if (error instanceof DraftSuperseded) this.#failure = error
    return error
  }
}
