import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { AppError } from '../errors.ts'
import { isSnapshotFileName, type SnapshotManifest } from '../model/snapshot-manifest.ts'
import { SPREADSHEET_ID_PATTERN } from '../model/spreadsheet-reference.ts'
import { isSyncId } from '../model/sync-id.ts'
import type { Log } from '../ports/log.ts'
import {
  type DraftKey,
  DraftSuperseded,
  type FileKey,
  type SnapshotDraft,
  type SnapshotStore,
} from '../ports/snapshot-store.ts'
import { forEach } from './concurrency-limit.ts'
import { expendable, newestFirst } from './retention.ts'
import { Bucket } from './s3/bucket.ts'
import { Layout } from './s3/bucket-keys.ts'
import { DraftFile } from './s3/draft-file.ts'
import { exactly, readPieces } from './s3/pieces.ts'
import { S3Draft } from './s3/s3-draft.ts'
import {
  type FoundRecord,
  isKey,
  manifestIn,
  type RecordKey,
  type SnapshotRecord,
  SnapshotRecords,
} from './s3/snapshot-record.ts'

export interface S3SnapshotStoreOptions {
  /** The bucket; it must exist. */
  readonly bucket: string
  /** What every key begins with, without slashes at its ends; may be empty. */
  readonly prefix: string
  /** Endpoint of another store than Amazon's, addressed by path. */
  readonly endpoint?: string
  /** Region of the bucket; what the SDK finds by itself when absent. */
  readonly region?: string
  /** How many of the newest snapshots of a spreadsheet to keep, SNAPSHOTS_KEPT. */
  readonly kept: number
  readonly log: Log
  /** Milliseconds without a sign of life after which a request has failed; default 5 s. */
  readonly requestTimeoutMs?: number
  /** Milliseconds that an operation may take with all its retries; default 10 s; four times as long for megabytes. */
  readonly deadlineMs?: number
  /** Milliseconds that a write may need to be seen, for stores without conditional writes; default 2 s. */
  readonly settleMs?: number
}

/** Unfinished multipart uploads older than this are aborted; no upload of one file takes so long. */
const STALE_UPLOAD_MS = 24 * 3_600_000

/**
 * Snapshots in a bucket that any number of machines share; see `Layout` for what lies where. Drafts are staged there
 * too, so that any machine goes on from a checkpoint. A snapshot is published by one conditional write of its record.
 */
export class S3SnapshotStore implements SnapshotStore {
  readonly #bucket: Bucket
  readonly #layout: Layout
  readonly #records: SnapshotRecords
  readonly #kept: number
  readonly #log: Log

  constructor({ bucket, prefix, kept, log, settleMs = 2000, ...more }: S3SnapshotStoreOptions) {
    this.#bucket = new Bucket({ bucket, ...more })
    this.#layout = new Layout(prefix)
    this.#records = new SnapshotRecords({ bucket: this.#bucket, layout: this.#layout, log, settleMs })
    this.#kept = kept
    this.#log = log
  }

  start(): Promise<void> {
    return this.#records.start()
  }

  async openDraft(key: DraftKey): Promise<SnapshotDraft> {
    if (!isKey(key) || !Number.isSafeInteger(key.epoch) || key.epoch < 0) {
      throw new TypeError('a draft needs a spreadsheet id, a sync id and an epoch')
    }
    const owner = randomUUID()
    const options = { bucket: this.#bucket, layout: this.#layout, records: this.#records, key, owner }
    const tidy = () => this.#tidy(key, owner)
    let hasMarker = false
    for (;;) {
      const found = await this.#records.read(key)
      if (found?.record.state === 'published') {
        const { manifest } = found.record
        return new S3Draft({ ...options, etag: found.etag, adopted: undefined, published: manifest, tidy })
      }
      if (found !== undefined && found.record.epoch > key.epoch) {
        throw new DraftSuperseded(`a later epoch than ${key.epoch} has the draft of ${key.syncId}`)
      }
      // First of all, so that whatever follows is found by a sweep.
      if (!hasMarker) await this.#bucket.put(this.#layout.marker(key.spreadsheetId, key.syncId), '')
      hasMarker = true
      const checkpoint = found?.record.state === 'draft' ? found.record.checkpoint : null
      const claim: SnapshotRecord = { version: 1, state: 'draft', epoch: key.epoch, owner, write: 0, checkpoint }
      const etag = await this.#records.replace(key, claim, found?.etag)
      if (etag === undefined) continue
      const adopted = checkpoint === null ? undefined : await this.#adopt(checkpoint)
      return new S3Draft({ ...options, etag, adopted, published: undefined, tidy })
    }
  }

  async find(spreadsheetId: string, syncId: string): Promise<SnapshotManifest | undefined> {
    return manifestIn(await this.#read({ spreadsheetId, syncId }))
  }

  async list(spreadsheetId: string): Promise<readonly SnapshotManifest[]> {
    if (!SPREADSHEET_ID_PATTERN.test(spreadsheetId)) return []
    const prefix = this.#layout.records(spreadsheetId)
    const listed: { readonly syncId: string; readonly etag: string }[] = []
    for await (const { key, etag } of this.#bucket.list(prefix)) {
      const syncId = key.slice(prefix.length).replace(/\.json$/, '')
      if (isSyncId(syncId)) listed.push({ syncId, etag })
    }
    const manifests = await forEach(listed, 8, async ({ syncId, etag }) => {
      try {
        return manifestIn(await this.#records.readListed({ spreadsheetId, syncId }, etag))
      } catch (error) {
        if (error instanceof AppError && error.code === 'SNAPSHOT_CORRUPT') return undefined
        throw error
      }
    })
    return newestFirst(manifests.filter((manifest) => manifest !== undefined))
  }

  async openFile(
    key: FileKey,
    range?: { readonly start: number; readonly end: number },
  ): Promise<Readable | undefined> {
    if (!isSnapshotFileName(key.name)) return undefined
    const found = await this.#read(key)
    const told = manifestIn(found)
      ?.tabs.flatMap(({ files }) => files)
      .find(({ name }) => name === key.name)
    if (found === undefined || told === undefined) return undefined
    const corrupt = new AppError('SNAPSHOT_CORRUPT', `The file ${key.name} of ${key.syncId} was cut off.`)
    if (range !== undefined && range.end >= told.bytes) throw corrupt
    const { start, end } = range ?? { start: 0, end: told.bytes - 1 }
    const path = this.#layout.file(key.syncId, found.record.owner, key.name)
    const file = await this.#bucket.get(path, range)
    if (file === undefined) {
      // Pruned between the two requests, or damaged.
      if (manifestIn(await this.#read(key)) === undefined) return undefined
      throw corrupt
    }
    const wanted = end - start + 1
    if (file.bytes < wanted) {
      file.stop()
      throw corrupt
    }
    return Readable.from(exactly(file.body, wanted, corrupt), { objectMode: false }).once('close', file.stop)
  }

  async prune(spreadsheetId: string): Promise<readonly string[]> {
    const removed: string[] = []
    for (const { syncId } of expendable(await this.list(spreadsheetId), this.#kept)) {
      const key = { spreadsheetId, syncId }
      // Cut off after this, the rest is for the sweep.
      await this.#bucket.put(this.#layout.marker(spreadsheetId, syncId), '')
      await this.#records.remove(key)
      await this.#tidy(key, undefined)
      removed.push(syncId)
    }
    return removed
  }

  async discardDrafts(syncId: string): Promise<void> {
    if (!isSyncId(syncId)) throw new TypeError('a draft is discarded by a sync id')
    await this.#discard(syncId)
  }

  async sweepDrafts(isLive: (syncId: string) => Promise<boolean>): Promise<number> {
    let removed = 0
    for await (const syncId of this.#bucket.folders(this.#layout.allDrafts)) {
      if (!isSyncId(syncId) || (await isLive(syncId))) continue
      removed += await this.#discard(syncId)
    }
    await this.#bucket.abortUploads(this.#layout.allFiles, Date.now() - STALE_UPLOAD_MS)
    return removed
  }

  close(): Promise<void> {
    return this.#bucket.close()
  }

  async #read(key: RecordKey): Promise<FoundRecord | undefined> {
    return isKey(key) ? this.#records.read(key) : undefined
  }

  /** A checkpoint whose bytes are not all there counts as none. */
  async #adopt(checkpoint: NonNullable<Extract<SnapshotRecord, { state: 'draft' }>['checkpoint']>) {
    try {
      const content = (pieces: Parameters<typeof readPieces>[1]) => readPieces(this.#bucket, pieces)
      const files = await forEach(checkpoint.files, 4, (file) => DraftFile.adopt(file, content))
      return { value: checkpoint.value, files }
    } catch (error) {
      if (error instanceof AppError && error.code === 'SNAPSHOT_CORRUPT') return undefined
      throw error
    }
  }

  /** Ends every draft of a sync and removes what is staged for it; resolves to how many drafts were live till then. */
  async #discard(syncId: string): Promise<number> {
    const prefix = this.#layout.drafts(syncId)
    let ended = 0
    let hasMarker = false
    for await (const { key: path } of this.#bucket.list(`${prefix}for.`)) {
      const key = { spreadsheetId: path.slice(`${prefix}for.`.length), syncId }
      if (!isKey(key)) continue
      hasMarker = true
      let found = await this.#records.read(key)
      while (found?.record.state === 'draft') {
        const next = {
          version: 1,
          state: 'discarded',
          epoch: found.record.epoch,
          owner: randomUUID(),
          write: 0,
        } as const
        // From here on no owner can publish any more.
        if ((await this.#records.replace(key, next, found.etag)) !== undefined) ended += 1
        found = await this.#records.read(key)
      }
      if (found?.record.state === 'discarded') await this.#records.remove(key)
      await this.#tidy(key, found?.record.state === 'published' ? found.record.owner : undefined)
    }
    if (!hasMarker) await this.#bucket.remove(await this.#keys(prefix))
    return ended
  }

  async #keys(prefix: string): Promise<string[]> {
    return (await Array.fromAsync(this.#bucket.list(prefix))).map(({ key }) => key)
  }

  /** Removes all that is staged for a sync, and all its files but those of the owner that published, the marker last. */
  async #tidy(key: RecordKey, publisher: string | undefined): Promise<void> {
    try {
      const marker = this.#layout.marker(key.spreadsheetId, key.syncId)
      const kept = publisher === undefined ? undefined : this.#layout.file(key.syncId, publisher, '')
      const files = await this.#keys(this.#layout.files(key.syncId))
      const staged = await this.#keys(this.#layout.drafts(key.syncId))
      const keys = [...files, ...staged].filter((path) => path !== marker)
      await this.#bucket.remove(keys.filter((path) => kept === undefined || !path.startsWith(kept)))
      await this.#bucket.remove([marker])
    } catch (error) {
      // Out of sight of every reader, and the marker is still there for the next sweep.
      if (!(error instanceof AppError)) throw error
      this.#log.warn({ err: error, syncId: key.syncId }, 'leftovers of a draft stay in the bucket until they are swept')
    }
  }
}
