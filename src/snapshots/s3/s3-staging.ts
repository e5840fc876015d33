import { Readable } from 'node:stream'
import { mapAll } from '../../concurrency/map-all.ts'
import { AppError } from '../../errors.ts'
import type { SnapshotManifest } from '../../model/snapshot-manifest.ts'
import type { Log } from '../../ports/log.ts'
import { type DraftKey, DraftSuperseded } from '../../ports/snapshot-store.ts'
import { ContentDigest, type StagedFile } from '../staged-file.ts'
import type { FlushedFile, StagingBackend } from '../staging-backend.ts'
import type { Bucket } from './bucket.ts'
import { collectGarbage } from './garbage-collector.ts'
import { firstPieces, type PackedContent, PackWriter, readPieces } from './packs.ts'
import type { RecordState, SnapshotRecords } from './snapshot-record.ts'

export interface S3StagingOptions {
  readonly bucket: Bucket
  readonly records: SnapshotRecords
  readonly log: Log
  readonly key: DraftKey
  /** Random; names this draft in the record and the folders that only it writes to. */
  readonly owner: string
  /** ETag of the record by which this draft holds the sync. */
  readonly etag: string
  /** Once it is aborted, files are not uploaded to their end. */
  readonly signal?: AbortSignal | undefined
}

/**
 * A draft in a bucket: packs of bytes, and a record that says which of them count. Only the record is ever changed, by
 * compare-and-set, so an owner whose record was taken can change nothing that anybody reads.
 */
export class S3Staging implements StagingBackend<PackedContent> {
  readonly #options: S3StagingOptions
  readonly #bucket: Bucket
  readonly #packs: PackWriter
  #etag: string
  #writes = 0

  constructor(options: S3StagingOptions) {
    const { bucket, key, owner, etag } = options
    this.#options = options
    this.#bucket = bucket
    this.#packs = new PackWriter(bucket, (number) => bucket.keys.pack(key.syncId, owner, number))
    this.#etag = etag
  }

  emptyContent(): PackedContent {
    return { pieces: [], pending: [] }
  }

  append({ content }: StagedFile<PackedContent>, bytes: Uint8Array): Promise<void> {
    return this.#packs.append(content, bytes)
  }

  async rewrite(_: StagedFile<PackedContent>, bytes: AsyncIterable<Uint8Array>): Promise<PackedContent> {
    const content = this.emptyContent()
    for await (const chunk of bytes) await this.#packs.append(content, chunk)
    return content
  }

  async *read({ content }: StagedFile<PackedContent>): AsyncGenerator<Buffer> {
    const [pieces, pending] = [[...content.pieces], [...content.pending]]
    yield* readPieces(this.#bucket, pieces)
    yield* pending
  }

  async saveCheckpoint(value: string, saved: readonly FlushedFile<PackedContent>[]): Promise<void> {
    await this.#packs.flush()
    const files = saved.map(({ name, content, bytes }) => ({ name, pieces: firstPieces(content.pieces, bytes) }))
    await this.#replaceRecord({ state: 'draft', checkpoint: { value: JSON.parse(value), files } })
  }

  async clear(): Promise<void> {
    this.#packs.reset()
    await this.#replaceRecord({ state: 'draft', checkpoint: null })
  }

  async publish(manifest: SnapshotManifest, files: readonly StagedFile<PackedContent>[]): Promise<void> {
    const { records, log, key, owner, signal } = this.#options
    // An owner that was taken over need not upload what it cannot publish.
    if ((await records.read(key))?.record.owner !== owner) throw this.#superseded()
    await mapAll(files, 4, (file) => this.#upload(file))
    try {
      await this.#replaceRecord({ state: 'published', manifest })
    } catch (error) {
      if (error instanceof DraftSuperseded) await this.#removeFiles()
      throw error
    }
    this.#packs.reset()
    // The marker is still there for the next sweep.
    if (!signal?.aborted) await collectGarbage(this.#bucket, log, key, owner)
  }

  async close(): Promise<void> {
    this.#packs.reset()
  }

  async discard(): Promise<void> {
    const { key } = this.#options
    const { keys } = this.#bucket
    try {
      // Listed before the draft is given up: what is there by then can be nothing of a later epoch.
      const staged = await this.#bucket.listKeys(keys.drafts(key.syncId))
      // The record stays, as discarded, until it is swept: deleted at once, it might be a later epoch's by then.
      await this.#replaceRecord({ state: 'discarded' })
      await this.#bucket.remove(staged.filter((path) => path !== keys.marker(key)))
      await this.#removeFiles()
    } catch (error) {
      if (!(error instanceof DraftSuperseded)) throw error
    }
  }

  /** Tells a damaged bucket from packs that are gone because a later epoch has published. */
  async translateError(error: unknown): Promise<unknown> {
    if (!(error instanceof AppError) || error.code !== 'SNAPSHOT_CORRUPT') return error
    const { records, key, owner } = this.#options
    return (await records.read(key))?.record.owner === owner ? error : this.#superseded(error)
  }

  /** Makes a staged file one object under its final key, and makes sure on the way that it is what was staged. */
  async #upload(file: StagedFile<PackedContent>): Promise<void> {
    const { name, digest } = file
    const { key, owner, signal } = this.#options
    signal?.throwIfAborted()
    const uploaded = new ContentDigest()
    const body = Readable.from(uploaded.pipe(this.read(file)), { objectMode: false })
    await this.#bucket.upload(`${this.#bucket.keys.filesOf(key.syncId, owner)}${name}`, body, signal)
    if (uploaded.bytes !== digest.bytes || uploaded.sha256 !== digest.sha256) {
      throw new AppError('STORAGE_UNAVAILABLE', `The staged file ${name} is not what was written to it.`)
    }
  }

  async #replaceRecord(state: RecordState): Promise<void> {
    const { records, key, owner } = this.#options
    this.#writes += 1
    const next = { version: 1, epoch: key.epoch, owner, write: this.#writes, ...state } as const
    const etag = await records.replace(key, next, this.#etag)
    if (etag === undefined) throw this.#superseded()
    this.#etag = etag
  }

  #superseded(cause?: unknown): DraftSuperseded {
    const { syncId, epoch } = this.#options.key
    return new DraftSuperseded(`the draft of ${syncId} is no longer with epoch ${epoch}`, { cause })
  }

  async #removeFiles(): Promise<void> {
    const { key, owner } = this.#options
    await this.#bucket.remove(await this.#bucket.listKeys(this.#bucket.keys.filesOf(key.syncId, owner)))
  }
}
