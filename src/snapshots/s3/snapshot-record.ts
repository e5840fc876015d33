import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { AppError } from '../../errors.ts'
import { SNAPSHOT_FILE_PATTERN, type SnapshotManifest, snapshotManifest } from '../../model/snapshot-manifest.ts'
import { SPREADSHEET_ID_PATTERN } from '../../model/spreadsheet-reference.ts'
import { isSyncId } from '../../model/sync-id.ts'
import type { Log } from '../../ports/log.ts'
import type { Bucket } from './bucket.ts'
import type { Layout } from './bucket-keys.ts'

const savedFile = z.object({
  name: z.string().regex(SNAPSHOT_FILE_PATTERN),
  pieces: z.array(z.object({ key: z.string(), offset: z.int().min(0), bytes: z.int().min(0) })),
})
export type SavedFile = z.output<typeof savedFile>

const common = {
  version: z.literal(1),
  epoch: z.int().min(0),
  /** Random name of the draft that wrote this: no two writers ever share one. */
  owner: z.uuid(),
  /** Counts the writes of that owner. */
  write: z.int().min(0),
}

/** The one object of a sync that decides everything: whose draft it is, what is checkpointed, what is published. */
const snapshotRecord = z.discriminatedUnion('state', [
  z.object({
    ...common,
    state: z.literal('draft'),
    checkpoint: z.object({ value: z.unknown(), files: z.array(savedFile) }).nullable(),
  }),
  z.object({ ...common, state: z.literal('discarded') }),
  z.object({ ...common, state: z.literal('published'), manifest: snapshotManifest }),
])
export type SnapshotRecord = z.output<typeof snapshotRecord>

export interface FoundRecord {
  readonly record: SnapshotRecord
  readonly etag: string
}

export interface RecordKey {
  readonly spreadsheetId: string
  readonly syncId: string
}

/** Whether a path may be made of these ids. */
export function isKey({ spreadsheetId, syncId }: RecordKey): boolean {
  return SPREADSHEET_ID_PATTERN.test(spreadsheetId) && isSyncId(syncId)
}

/** What a sync has published, if it has. */
export function manifestIn(found: FoundRecord | undefined): SnapshotManifest | undefined {
  return found?.record.state === 'published' ? found.record.manifest : undefined
}

/** Records that may stay parsed in memory. */
const CACHED_AT_MOST = 500

/**
 * The records of a bucket, each changed by compare-and-set alone. That rests on conditional writes (`If-Match`,
 * `If-None-Match: *`), which the store is asked for once. A store that ignores them gets a look before each write, and
 * a wait and a second look after those that change hands or publish: then of two writers one wins as long as no write
 * takes longer than the wait.
 */
export class SnapshotRecords {
  readonly #bucket: Bucket
  readonly #layout: Layout
  readonly #log: Log
  readonly #settleMs: number
  readonly #cache = new Map<string, { readonly etag: string; readonly record: SnapshotRecord | AppError }>()
  #isConditional = true

  constructor(options: { bucket: Bucket; layout: Layout; log: Log; settleMs: number }) {
    this.#bucket = options.bucket
    this.#layout = options.layout
    this.#log = options.log
    this.#settleMs = options.settleMs
  }

  /** Finds out whether the store honours conditions. */
  async start(): Promise<void> {
    await this.#bucket.put(this.#layout.probe, '{}')
    const written = await this.#bucket.put(this.#layout.probe, '{}', { ifNoneMatch: '*' })
    this.#isConditional = written === undefined
    if (this.#isConditional) return
    this.#log.warn({}, 'the S3 store ignores conditional writes: two workers of one sync are told apart by time only')
  }

  /** The record as it is now. Rejects with `SNAPSHOT_CORRUPT` when it cannot be read. */
  async read({ spreadsheetId, syncId }: RecordKey): Promise<FoundRecord | undefined> {
    const key = this.#layout.record(spreadsheetId, syncId)
    const known = this.#cache.get(key)
    const found = await this.#bucket.getText(key, known?.etag)
    if (found === undefined) {
      this.#cache.delete(key)
      return undefined
    }
    const entry =
      found === 'unchanged' ? known : { etag: found.etag, record: this.#parse(found.text, spreadsheetId, syncId) }
    if (entry === undefined) throw new AppError('STORAGE_UNAVAILABLE', 'S3 tells of an object that was not asked for.')
    this.#keep(key, entry)
    if (entry.record instanceof AppError) throw entry.record
    return { record: entry.record, etag: entry.etag }
  }

  /** As `read`, but asks the bucket only when the ETag, taken from a listing, is another than the known one. */
  async readListed(key: RecordKey, etag: string): Promise<FoundRecord | undefined> {
    const known = this.#cache.get(this.#layout.record(key.spreadsheetId, key.syncId))
    if (known?.etag !== etag) return this.read(key)
    if (known.record instanceof AppError) throw known.record
    return { record: known.record, etag }
  }

  /**
   * Puts a record in place of the one found before (`undefined`: of none). Resolves to the new ETag, or to `undefined`
   * when another writer was faster; nothing is changed then.
   */
  async replace(key: RecordKey, next: SnapshotRecord, etag: string | undefined): Promise<string | undefined> {
    const path = this.#layout.record(key.spreadsheetId, key.syncId)
    const text = `${JSON.stringify(next, undefined, 2)}\n`
    if (!this.#isConditional && (await this.read(key))?.etag !== etag) return undefined
    const condition = etag === undefined ? ({ ifNoneMatch: '*' } as const) : { ifMatch: etag }
    const written = await this.#bucket.put(path, text, this.#isConditional ? condition : undefined)
    const isDecisive = next.state === 'published' || (next.state === 'draft' && next.write === 0)
    if (this.#isConditional && written !== undefined) return written
    if (!this.#isConditional && !isDecisive) return written
    if (!this.#isConditional) await delay(this.#settleMs)
    // A refused write may be the retry of one that went through, whose answer was lost.
    const now = await this.read(key)
    return now?.record.owner === next.owner && now.record.write === next.write ? now.etag : undefined
  }

  async remove({ spreadsheetId, syncId }: RecordKey): Promise<void> {
    await this.#bucket.remove([this.#layout.record(spreadsheetId, syncId)])
  }

  #parse(text: string, spreadsheetId: string, syncId: string): SnapshotRecord | AppError {
    try {
      const record = snapshotRecord.parse(JSON.parse(text))
      if (record.state !== 'published') return record
      const { manifest } = record
      if (manifest.syncId === syncId && manifest.spreadsheet.id === spreadsheetId) return record
      throw new SyntaxError('the manifest names another sync than its key')
    } catch (cause) {
      if (!(cause instanceof SyntaxError) && !(cause instanceof z.ZodError)) throw cause
      this.#log.warn({ err: cause, spreadsheetId, syncId }, 'the record of a snapshot cannot be read')
      return new AppError('SNAPSHOT_CORRUPT', `The manifest of the snapshot of ${syncId} cannot be read.`, { cause })
    }
  }

  #keep(key: string, entry: { readonly etag: string; readonly record: SnapshotRecord | AppError }): void {
    this.#cache.delete(key)
    this.#cache.set(key, entry)
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= CACHED_AT_MOST) break
      this.#cache.delete(oldest)
    }
  }
}
