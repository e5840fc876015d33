import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { SNAPSHOT_FILE_PATTERN, type SnapshotManifest, snapshotManifest } from '../../model/snapshot-manifest.ts'
import { SYNC_ID_PATTERN } from '../../model/sync-id.ts'
import type { Log } from '../../ports/log.ts'
import type { SnapshotKey } from '../../ports/snapshot-store.ts'
import { parseStored } from '../corrupt-snapshot.ts'
import { isSnapshotKey } from '../snapshot-key.ts'
import type { Bucket } from './bucket.ts'

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
  z.object({
    state: z.literal('discarded'),
    /** The sync that goes on with what was checkpointed here. The packs stay here until that one has copied them. */
    heir: z.object({ syncId: z.string().regex(SYNC_ID_PATTERN), checkpoint }).optional(),
  }),
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
export function manifestIn(record: SnapshotRecord | undefined): SnapshotManifest | undefined {
  return record?.state === 'published' ? record.manifest : undefined
}

/** Records that may stay parsed in memory. */
const MAX_CACHED = 500

/** The records of a bucket, each changed by compare-and-set alone (`If-Match`, `If-None-Match: *`). */
export class SnapshotRecords {
  readonly #bucket: Bucket
  readonly #log: Log
  readonly #cache = new LRUCache<string, { readonly etag: string; readonly record: SnapshotRecord | AppError }>({
    max: MAX_CACHED,
  })

  constructor(bucket: Bucket, log: Log) {
    this.#bucket = bucket
    this.#log = log
  }

  /**
   * The record as it is now, for a key that a path may be made of; a cached one when `listedEtag`, of a listing, fits it.
   * Rejects with `SNAPSHOT_CORRUPT` when it cannot be read.
   */
  async read(key: SnapshotKey, listedEtag?: string): Promise<FoundRecord | undefined> {
    if (!isSnapshotKey(key)) return undefined
    const path = this.#bucket.keys.record(key)
    let entry = this.#cache.get(path)
    if (entry === undefined || entry.etag !== listedEtag) {
      const found = await this.#bucket.getText(path)
      if (found === undefined) {
        this.#cache.delete(path)
        return undefined
      }
      const { etag, text } = found
      if (entry?.etag !== etag) entry = { etag, record: parseStored(snapshotRecord, text, key, this.#log, manifestIn) }
      this.#cache.set(path, entry)
    }
    const { etag, record } = entry
    if (record instanceof AppError) throw record
    return { etag, record }
  }

  /**
   * Puts a record in place of the one found before (`undefined`: of none). Resolves to the new ETag, or to `undefined`
   * when another owner was faster; nothing is changed then.
   */
  async replace(key: SnapshotKey, next: SnapshotRecord, etag: string | undefined): Promise<string | undefined> {
    const text = `${JSON.stringify(next, undefined, 2)}\n`
    const condition = etag === undefined ? ({ IfNoneMatch: '*' } as const) : { IfMatch: etag }
    const written = await this.#bucket.put(this.#bucket.keys.record(key), text, condition)
    if (written !== undefined) return written
    // Refused perhaps because this write, or an earlier one of the same owner, went through and its answer was lost.
    const now = await this.read(key)
    if (now?.record.owner !== next.owner || now.etag === etag) return undefined
    const { state, write } = now.record
    if (write === next.write || (state === 'published' && next.state === 'published')) return now.etag
    return state === 'published' ? undefined : this.replace(key, next, now.etag)
  }

  async remove(key: SnapshotKey): Promise<void> {
    await this.#bucket.remove([this.#bucket.keys.record(key)])
  }
}
