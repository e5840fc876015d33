import { Readable } from 'node:stream'
import { isSnapshotFileName, type SnapshotManifest, snapshotManifest } from '../../model/snapshot-manifest.ts'
import { type DraftKey, DraftSuperseded, type SnapshotDraft } from '../../ports/snapshot-store.ts'
import { forEach, Slots } from '../concurrency-limit.ts'
import { mustTell } from '../publish-folder.ts'
import type { Bucket } from './bucket.ts'
import type { Layout } from './bucket-keys.ts'
import { DraftFile, savedPieces } from './draft-file.ts'
import { PackWriter, readPieces } from './pieces.ts'
import { placeFile } from './place-file.ts'
import type { SnapshotRecord, SnapshotRecords } from './snapshot-record.ts'

export interface S3DraftOptions {
  readonly bucket: Bucket
  readonly layout: Layout
  readonly records: SnapshotRecords
  readonly key: DraftKey
  /** Random; names this draft in the record and the folders that only it writes to. */
  readonly owner: string
  /** ETag of the record by which this draft holds the sync. */
  readonly etag: string
  readonly adopted: { readonly value: unknown; readonly files: readonly DraftFile[] } | undefined
  readonly published: SnapshotManifest | undefined
  /** Removes what only drafts needed; a failure is its own to tell. */
  readonly tidy: () => Promise<void>
}

/** A change of the record, without what every one has. */
type Change = SnapshotRecord extends infer R
  ? R extends SnapshotRecord
    ? Omit<R, 'version' | 'epoch' | 'owner' | 'write'>
    : never
  : never

/**
 * A draft in a bucket: packs of bytes, and a record that says which of them count. Only the record is ever changed, by
 * compare-and-set, so an owner whose record was taken can change nothing that anybody reads.
 */
export class S3Draft implements SnapshotDraft {
  readonly published: SnapshotManifest | undefined
  readonly #options: S3DraftOptions
  readonly #rewrites = new Slots(4)
  #packs: PackWriter
  #packNumber = 0
  #files: Map<string, DraftFile>
  #checkpoint: unknown
  #etag: string
  #writes = 0
  #changing: Promise<unknown> = Promise.resolve()
  #resetting: Promise<unknown> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined
  #isPublished: boolean
  #isClosed: boolean

  constructor(options: S3DraftOptions) {
    this.#options = options
    this.#etag = options.etag
    this.#files = new Map(options.adopted?.files.map((file) => [file.name, file]))
    this.#checkpoint = options.adopted?.value
    this.published = options.published
    this.#isPublished = options.published !== undefined
    this.#isClosed = this.#isPublished
    this.#packs = this.#newPacks()
  }

  get checkpoint(): unknown {
    return this.#checkpoint
  }

  async append(name: string, bytes: Uint8Array): Promise<void> {
    const file = this.#fileNamed(name)
    const packs = this.#packs
    await this.#change(file, () => file.append(packs, bytes))
  }

  async rewrite(name: string, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const file = this.#fileNamed(name)
    const packs = this.#packs
    const before = file.settled
    // Content that reads the file it replaces must not wait for its own end.
    file.beforeRewrite = before
    try {
      await this.#change(file, () => this.#rewrites.run(() => file.replace(packs, content)))
    } finally {
      if (file.beforeRewrite === before) file.beforeRewrite = undefined
    }
  }

  read(name: string): Readable {
    const file = this.#files.get(name)
    const ready = file?.beforeRewrite ?? file?.settled
    const { bucket } = this.#options
    const mustBeWhole = () => this.#mustBeWhole()
    async function* content() {
      if (file === undefined) throw new TypeError(`no file ${name} is staged`)
      await ready
      mustBeWhole()
      yield* readPieces(bucket, [...file.pieces])
    }
    return Readable.from(content(), { objectMode: false })
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
    const packs = this.#packs
    const settled = Promise.all(
      [...this.#files.values()].map((file) => file.inLine(async () => ({ name: file.name, pieces: [...file.pieces] }))),
    )
    await this.#inTurn(async () => {
      const files = await settled
      this.#mustBeWhole()
      await packs.seal()
      const saved = files.map(({ name, pieces }) => ({ name, pieces: savedPieces(pieces) }))
      await this.#replace({ state: 'draft', checkpoint: { value: JSON.parse(json), files: saved } })
      this.#checkpoint = JSON.parse(json)
    })
  }

  async reset(): Promise<void> {
    this.#mustBeOpen()
    const underWay = this.#idle()
    this.#files = new Map()
    this.#packs = this.#newPacks()
    const reset = this.#inTurn(async () => {
      await underWay
      await this.#replace({ state: 'draft', checkpoint: null })
      this.#checkpoint = undefined
      this.#failure = undefined
    })
    this.#resetting = Promise.allSettled([reset])
    await reset
  }

  async publish(manifest: SnapshotManifest): Promise<void> {
    this.#mustBeOpen()
    await this.#idle()
    this.#mustBeWhole()
    await this.#mustHold()
    mustTell(manifest, this.#options.key, this.#files)
    const parsed = snapshotManifest.parse(manifest)
    const names = new Set(parsed.tabs.flatMap(({ files }) => files.map(({ name }) => name)))
    await this.#inTurn(async () => {
      await forEach(names, 4, async (name) => {
        const file = this.#files.get(name)
        const { bucket, layout, key, owner } = this.#options
        if (file !== undefined) await placeFile(bucket, layout.file(key.syncId, owner, name), file)
      })
      try {
        await this.#replace({ state: 'published', manifest: parsed })
      } catch (error) {
        if (error instanceof DraftSuperseded) await this.#removeOwnFiles()
        throw error
      }
      this.#isPublished = true
      this.#isClosed = true
    })
    this.#packs.forget()
    await this.#options.tidy()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#idle()
    this.#packs.forget()
  }

  async discard(): Promise<void> {
    await this.close()
    if (this.#isPublished) return
    const { bucket, layout, key } = this.#options
    try {
      // Listed before the draft is given up: what is there by then can be nothing of a later epoch.
      const folder = layout.drafts(key.syncId)
      const staged = (await Array.fromAsync(bucket.list(folder))).map(({ key }) => key)
      // The record stays, as discarded, until it is swept: deleted at once, it might be a later epoch's by then.
      await this.#inTurn(() => this.#replace({ state: 'discarded' }))
      await bucket.remove(staged.filter((path) => path !== layout.marker(key.spreadsheetId, key.syncId)))
      await this.#removeOwnFiles()
    } catch (error) {
      if (error instanceof DraftSuperseded) return
      throw error
    }
  }

  #newPacks(): PackWriter {
    const { bucket, layout, key, owner } = this.#options
    return new PackWriter(bucket, () => {
      this.#packNumber += 1
      return layout.pack(key.syncId, owner, this.#packNumber)
    })
  }

  #fileNamed(name: string): DraftFile {
    this.#mustBeOpen()
    if (!isSnapshotFileName(name)) throw new TypeError('a snapshot file has a name of SNAPSHOT_FILE_PATTERN')
    const known = this.#files.get(name)
    if (known !== undefined) return known
    const file = new DraftFile(name, this.#resetting)
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
    return Promise.allSettled([...files, this.#changing, this.#resetting])
  }

  /** Runs work in the order of the file; a failure leaves the draft unusable, for bytes may be missing in it. */
  #change(file: DraftFile, work: () => Promise<void>): Promise<void> {
    return file.inLine(async () => {
      this.#mustBeWhole()
      try {
        await work()
      } catch (error) {
        this.#failure ??= { error }
        throw error
      }
    })
  }

  /** Runs what changes the record, one at a time. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#changing.then(work)
    this.#changing = Promise.allSettled([done])
    return done
  }

  async #replace(change: Change): Promise<void> {
    const { records, key, owner } = this.#options
    this.#writes += 1
    const next: SnapshotRecord = { version: 1, epoch: key.epoch, owner, write: this.#writes, ...change }
    let etag = await records.replace(key, next, this.#etag)
    if (etag === undefined) {
      // After a write whose end was not heard of, the record may be ours with another ETag.
      const now = await records.read(key)
      if (now?.record.owner === owner && now.etag !== this.#etag) {
        if (now.record.state !== 'published') etag = await records.replace(key, next, now.etag)
        else if (next.state === 'published') etag = now.etag
      }
    }
    if (etag === undefined) throw this.#superseded()
    this.#etag = etag
  }

  /** Spares an owner that was taken over the work of bringing up what cannot be published. */
  async #mustHold(): Promise<void> {
    const { records, key, owner } = this.#options
    const now = await records.read(key)
    if (now?.record.owner !== owner) throw this.#superseded()
  }

  #superseded(): DraftSuperseded {
    const { syncId, epoch } = this.#options.key
    const error = new DraftSuperseded(`the draft of ${syncId} is no longer with epoch ${epoch}`)
    this.#failure = { error }
    return error
  }

  async #removeOwnFiles(): Promise<void> {
    const { bucket, layout, key, owner } = this.#options
    const files = await Array.fromAsync(bucket.list(layout.file(key.syncId, owner, '')))
    await bucket.remove(files.map(({ key }) => key))
  }
}
