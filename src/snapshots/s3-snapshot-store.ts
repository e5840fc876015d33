import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import pMap from 'p-map'
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
import { ContentDigest } from './content-digest.ts'
import { ignoreCorrupt, truncatedFile } from './corrupt-snapshot.ts'
import { filesOf } from './manifest-check.ts'
import { newestFirst, prunable } from './retention.ts'
import { Bucket, type BucketOptions } from './s3/bucket.ts'
import { BucketKeys } from './s3/bucket-keys.ts'
import { assertConditionalWrites } from './s3/conditional-writes.ts'
import { GarbageCollector } from './s3/garbage-collector.ts'
import { readSegments, type Segment, takeBytes } from './s3/packs.ts'
import { S3Staging } from './s3/s3-staging.ts'
import {
  type FoundRecord,
  manifestIn,
  type RecordedCheckpoint,
  type SnapshotRecord,
  SnapshotRecords,
} from './s3/snapshot-record.ts'
import { assertDraftKey, isSnapshotKey, type SnapshotKey } from './snapshot-key.ts'
import { type AdoptedCheckpoint, StagedDraft } from './staged-draft.ts'
import { StagedFile } from './staged-file.ts'

export interface S3SnapshotStoreOptions extends BucketOptions {
  /** What every key begins with, without slashes at its ends; may be empty. */
  readonly prefix: string
  /** How many of the newest snapshots of a spreadsheet to keep, SNAPSHOTS_KEPT. */
  readonly kept: number
  readonly log: Log
}

/** Unfinished multipart uploads older than this are aborted; no upload of one file takes so long. */
const STALE_UPLOAD_MS = 24 * 3_600_000

/**
 * Snapshots in a bucket that any number of machines share; see `BucketKeys` for what lies where. Drafts are staged there
 * too, so that any machine goes on from a checkpoint. A snapshot is published by one conditional write of its record; a
 * store without conditional writes is refused at the start.
 */
export class S3SnapshotStore implements SnapshotStore {
  readonly #bucket: Bucket
  readonly #keys: BucketKeys
  readonly #records: SnapshotRecords
  readonly #garbage: GarbageCollector
  readonly #kept: number

  constructor({ prefix, kept, log, ...bucket }: S3SnapshotStoreOptions) {
    this.#bucket = new Bucket(bucket)
    this.#keys = new BucketKeys(prefix)
    this.#records = new SnapshotRecords({ bucket: this.#bucket, keys: this.#keys, log })
    this.#garbage = new GarbageCollector({ bucket: this.#bucket, keys: this.#keys, records: this.#records, log })
    this.#kept = kept
  }

  start(): Promise<void> {
    return assertConditionalWrites(this.#bucket, this.#keys.probe)
  }

  async openDraft(key: DraftKey): Promise<SnapshotDraft> {
    assertDraftKey(key)
    const owner = randomUUID()
    let isMarked = false
    for (;;) {
      const found = await this.#records.read(key)
      if (found?.record.state === 'published') {
        const { manifest } = found.record
        const backend = this.#stagingOf(key, owner, found.etag)
        return new StagedDraft({ key, backend, adopted: undefined, published: manifest })
      }
      if (found !== undefined && found.record.epoch > key.epoch) {
        throw new DraftSuperseded(`a later epoch than ${key.epoch} has the draft of ${key.syncId}`)
      }
      // First of all, so that whatever follows is found by a sweep.
      if (!isMarked) await this.#garbage.mark(key)
      isMarked = true
      const checkpoint = found?.record.state === 'draft' ? found.record.checkpoint : null
      const claim: SnapshotRecord = { version: 1, state: 'draft', epoch: key.epoch, owner, write: 0, checkpoint }
      const etag = await this.#records.replace(key, claim, found?.etag)
      if (etag === undefined) continue
      // A checkpoint whose bytes are not all there counts as none.
      const adopted = checkpoint === null ? undefined : await ignoreCorrupt(this.#adopt(checkpoint))
      return new StagedDraft({ key, backend: this.#stagingOf(key, owner, etag), adopted, published: undefined })
    }
  }

  async find(spreadsheetId: string, syncId: string): Promise<SnapshotManifest | undefined> {
    return manifestIn(await this.#read({ spreadsheetId, syncId }))
  }

  async list(spreadsheetId: string): Promise<readonly SnapshotManifest[]> {
    if (!SPREADSHEET_ID_PATTERN.test(spreadsheetId)) return []
    const prefix = this.#keys.records(spreadsheetId)
    const listed: { readonly syncId: string; readonly etag: string }[] = []
    for await (const { key, etag } of this.#bucket.list(prefix)) {
      const syncId = key.slice(prefix.length).replace(/\.json$/, '')
      if (isSyncId(syncId)) listed.push({ syncId, etag })
    }
    const records = await pMap(
      listed,
      ({ syncId, etag }) => ignoreCorrupt(this.#records.readListed({ spreadsheetId, syncId }, etag)),
      { concurrency: 8 },
    )
    return newestFirst(records.map(manifestIn).filter((manifest) => manifest !== undefined))
  }

  async openFile(
    key: FileKey,
    range?: { readonly start: number; readonly end: number },
  ): Promise<Readable | undefined> {
    if (!isSnapshotFileName(key.name)) return undefined
    const found = await this.#read(key)
    const manifest = manifestIn(found)
    const published = manifest && filesOf(manifest).find(({ name }) => name === key.name)
    if (found === undefined || published === undefined) return undefined
    const corrupt = truncatedFile(key)
    if (range !== undefined && range.end >= published.bytes) throw corrupt
    const file = await this.#bucket.get(this.#keys.file(key.syncId, found.record.owner, key.name), range)
    if (file === undefined) {
      // Pruned between the two requests, or damaged.
      if (manifestIn(await this.#read(key)) === undefined) return undefined
      throw corrupt
    }
    const expected = range === undefined ? published.bytes : range.end - range.start + 1
    if (file.bytes < expected) {
      file.destroy()
      throw corrupt
    }
    const body = takeBytes(file.body, expected, corrupt)
    return Readable.from(body, { objectMode: false }).once('close', file.destroy)
  }

  async prune(spreadsheetId: string): Promise<readonly string[]> {
    const removed: string[] = []
    for (const { syncId } of prunable(await this.list(spreadsheetId), this.#kept)) {
      const key = { spreadsheetId, syncId }
      // Cut off after this, the rest is for the sweep.
      await this.#garbage.mark(key)
      await this.#records.remove(key)
      await this.#garbage.collect(key, undefined)
      removed.push(syncId)
    }
    return removed
  }

  async sweepDrafts(isLive: (syncId: string) => Promise<boolean>): Promise<number> {
    let removed = 0
    for await (const syncId of this.#bucket.folders(this.#keys.allDrafts)) {
      if (!isSyncId(syncId) || (await isLive(syncId))) continue
      removed += await this.#garbage.discardDrafts(syncId)
    }
    await this.#bucket.abortUploads(this.#keys.allFiles, Date.now() - STALE_UPLOAD_MS)
    return removed
  }

  close(): Promise<void> {
    return this.#bucket.close()
  }

  async #read(key: SnapshotKey): Promise<FoundRecord | undefined> {
    return isSnapshotKey(key) ? this.#records.read(key) : undefined
  }

  #stagingOf(key: DraftKey, owner: string, etag: string): S3Staging {
    const shared = { bucket: this.#bucket, keys: this.#keys, records: this.#records, garbage: this.#garbage }
    return new S3Staging({ ...shared, key, owner, etag })
  }

  /** Reads all bytes once, for the state of a SHA-256 cannot be stored. */
  async #adopt({ value, files }: RecordedCheckpoint): Promise<AdoptedCheckpoint<Segment[]>> {
    const adopt = async ({ name, pieces }: RecordedCheckpoint['files'][number]) => {
      const segments = pieces.map((piece) => ({ ...piece, data: undefined }))
      const digest = new ContentDigest()
      for await (const chunk of readSegments(this.#bucket, segments)) digest.update(chunk)
      return new StagedFile<Segment[]>(name, segments, { digest })
    }
    return { value, files: await pMap(files, adopt, { concurrency: 4 }) }
  }
}
