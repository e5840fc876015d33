import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { SNAPSHOT_FILE_PATTERN, type SnapshotManifest, snapshotManifest } from '../../model/snapshot-manifest.ts'
import type { Log } from '../../ports/log.ts'
import { parseStored } from '../corrupt-snapshot.ts'
import { isManifestOf } from '../manifest-check.ts'
import type { SnapshotKey } from '../snapshot-key.ts'
import type { Bucket } from './bucket.ts'
import type { BucketKeys } from './bucket-keys.ts'

const checkpoint = z.object({
  value: z.unknown(),
  files: z.array(
    z.object({
      name: z.string().regex(SNAPSHOT_FILE_PATTERN),
      pieces: z.array(z.object({ key: z.string(), offset: z.int().min(0), bytes: z.int().min(0) })),
    }),
  ),
})
/** What is checkpointed: a value, and of which bytes in packs each file is made. */
export type RecordedCheckpoint = z.output<typeof checkpoint>

const recordState = z.discriminatedUnion('state', [
  z.object({ state: z.literal('draft'), checkpoint: checkpoint.nullable() }),
  z.object({ state: z.literal('discarded') }),
  z.object({ state: z.literal('published'), manifest: snapshotManifest }),
])
export type RecordState = z.output<typeof recordState>

/** The one object of a sync that decides everything: whose draft it is, what is checkpointed, what is published. */
const snapshotRecord = z
  .object({
    version: z.literal(1),
    epoch: z.int().min(0),
    /** Random name of the draft that wrote this: no two writers ever share one. */
    owner: z.uuid(),
    /** Counts the writes of that owner. */
    write: z.int().min(0),
  })
  .and(recordState)
export type SnapshotRecord = z.output<typeof snapshotRecord>

export interface FoundRecord {
  readonly record: SnapshotRecord
  readonly etag: string
}

/** What a sync has published, if it has. */
export function manifestIn(found: FoundRecord | undefined): SnapshotManifest | undefined {
  return found?.record.state === 'published' ? found.record.manifest : undefined
}

/** Records that may stay parsed in memory. */
const MAX_CACHED = 500

export interface SnapshotRecordsOptions {
  readonly bucket: Bucket
  readonly keys: BucketKeys
  readonly log: Log
}

/** The records of a bucket, each changed by compare-and-set alone (`If-Match`, `If-None-Match: *`). */
export class SnapshotRecords {
  readonly #bucket: Bucket
  readonly #keys: BucketKeys
  readonly #log: Log
  readonly #cache = new LRUCache<string, { readonly etag: string; readonly record: SnapshotRecord | AppError }>({
    max: MAX_CACHED,
  })

  constructor({ bucket, keys, log }: SnapshotRecordsOptions) {
    this.#bucket = bucket
    this.#keys = keys
    this.#log = log
  }

  /** The record as it is now. Rejects with `SNAPSHOT_CORRUPT` when it cannot be read. */
  async read(key: SnapshotKey): Promise<FoundRecord | undefined> {
    const path = this.#keys.record(key)
    const known = this.#cache.get(path)
    const found = await this.#bucket.getText(path, known?.etag)
    if (found === undefined) {
      this.#cache.delete(path)
      return undefined
    }
    const entry = found === 'unchanged' ? known : { etag: found.etag, record: this.#parse(found.text, key) }
    if (entry === undefined) throw new AppError('STORAGE_UNAVAILABLE', 'S3 answers 304 to a request without condition.')
    this.#cache.set(path, entry)
    if (entry.record instanceof AppError) throw entry.record
    return { record: entry.record, etag: entry.etag }
  }

  /** As `read`, but queries the bucket only when the ETag, taken from a listing, is another than the known one. */
  async readListed(key: SnapshotKey, etag: string): Promise<FoundRecord | undefined> {
    const known = this.#cache.get(this.#keys.record(key))
    if (known?.etag !== etag) return this.read(key)
    if (known.record instanceof AppError) throw known.record
    return { record: known.record, etag }
  }

  /**
   * Puts a record in place of the one found before (`undefined`: of none). Resolves to the new ETag, or to `undefined`
   * when another writer was faster; nothing is changed then.
   */
  async replace(key: SnapshotKey, next: SnapshotRecord, etag: string | undefined): Promise<string | undefined> {
    const text = `${JSON.stringify(next, undefined, 2)}\n`
    const condition = etag === undefined ? ({ IfNoneMatch: '*' } as const) : { IfMatch: etag }
    const written = await this.#bucket.put(this.#keys.record(key), text, condition)
    if (written !== undefined) return written
    // A refused write may be the retry of one that went through, whose answer was lost.
    const now = await this.read(key)
    return now?.record.owner === next.owner && now.record.write === next.write ? now.etag : undefined
  }

  async remove(key: SnapshotKey): Promise<void> {
    await this.#bucket.remove([this.#keys.record(key)])
  }

  #parse(text: string, key: SnapshotKey): SnapshotRecord | AppError {
    return parseStored(key, this.#log, () => {
      const record = snapshotRecord.parse(JSON.parse(text))
      if (record.state === 'published' && !isManifestOf(record.manifest, key)) {
        throw new SyntaxError('the manifest names another sync than its key')
      }
      return record
    })
  }
}
