import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import pMap from 'p-map'
import { untilAborted } from '../concurrency/abortable.ts'
import { filesOf, isSnapshotFileName, type SnapshotManifest } from '../model/snapshot-manifest.ts'
import { SPREADSHEET_ID_PATTERN } from '../model/spreadsheet-reference.ts'
import { isSyncId } from '../model/sync-id.ts'
import type { Log } from '../ports/log.ts'
import {
  type ByteRange,
  type DraftKey,
  DraftSuperseded,
  type EraseChoice,
  type FileKey,
  type SnapshotDraft,
  type SnapshotKey,
  type SnapshotStore,
  type SnapshotUsage,
} from '../ports/snapshot-store.ts'
import { ignoreCorrupt, truncatedFile } from './corrupt-snapshot.ts'
import { Removals, type SpreadsheetContents } from './removals.ts'
import { newestFirst, type RetentionOptions } from './retention.ts'
import { Bucket, type BucketOptions, type ListedObject } from './s3/bucket.ts'
import { assertConditionalWrites } from './s3/conditional-writes.ts'
import { collectGarbage, discardDrafts } from './s3/garbage-collector.ts'
import { type PackedContent, readPieces } from './s3/packs.ts'
import { S3Staging } from './s3/s3-staging.ts'
import { manifestIn, type RecordedCheckpoint, type SnapshotRecord, SnapshotRecords } from './s3/snapshot-record.ts'
import { assertDraftKey } from './snapshot-key.ts'
import { type AdoptedCheckpoint, StagedDraft } from './staged-draft.ts'
import { ContentDigest, StagedFile } from './staged-file.ts'
import { versionOf } from './usage-account.ts'

export interface S3SnapshotStoreOptions extends BucketOptions, RetentionOptions {
  readonly log: Log
  /** Bytes that the files of one sync may hold together, SYNC_BYTES_MAX; default: any number. */
  readonly maxSyncBytes?: number
}

/** Unfinished multipart uploads older than this are aborted; no upload of one file takes so long. */
const STALE_UPLOAD_MS = 24 * 3_600_000

/**
 * Snapshots in a bucket that any number of machines share; see `bucketKeys` for what lies where. Drafts are staged there
 * too, so that any machine goes on from a checkpoint. A snapshot is published by one conditional write of its record; a
 * store without conditional writes is refused at the start.
 */
export class S3SnapshotStore implements SnapshotStore {
  readonly #options: S3SnapshotStoreOptions
  readonly #bucket: Bucket
  readonly #records: SnapshotRecords
  readonly #removals: Removals

  constructor(options: S3SnapshotStoreOptions) {
    this.#options = options
    this.#bucket = new Bucket(options)
    this.#records = new SnapshotRecords(this.#bucket, options.log)
    this.#removals = new Removals(
      {
        spreadsheets: () => this.#spreadsheets(),
        contents: (spreadsheetId) => this.#contents(spreadsheetId),
        remove: (key) => this.#remove(key),
      },
      options,
    )
  }

  start(): Promise<void> {
    return assertConditionalWrites(this.#bucket)
  }

  /** A bucket has no end that could be seen. */
  async assertRoom(): Promise<void> {}

  async openDraft(key: DraftKey, signal?: AbortSignal): Promise<SnapshotDraft> {
    assertDraftKey(key)
    const { syncId, epoch } = key
    const owner = randomUUID()
    const { maxSyncBytes: maxBytes } = this.#options
    const staging = { bucket: this.#bucket, records: this.#records, log: this.#options.log, key, owner, signal }
    // The marker first of all, so that whatever follows is found by a sweep.
    await this.#bucket.put(this.#bucket.keys.marker(key), '')
    for (;;) {
      const found = await this.#records.read(key)
      if (found?.record.state === 'published') {
        const backend = new S3Staging({ ...staging, etag: found.etag })
        return new StagedDraft(key, backend, { published: found.record.manifest })
      }
      if (found !== undefined && found.record.epoch > epoch) {
        throw new DraftSuperseded(`a later epoch than ${epoch} has the draft of ${syncId}`)
      }
      const checkpoint = found?.record.state === 'draft' ? found.record.checkpoint : null
      const claim = { version: 1, state: 'draft', epoch, owner, write: 0, checkpoint } as const
      const etag = await this.#records.replace(key, claim, found?.etag)
      if (etag === undefined) continue
      const backend = new S3Staging({ ...staging, etag })
      // A checkpoint whose bytes are not all there counts as none.
      const adopted =
        checkpoint === null ? undefined : await ignoreCorrupt(this.#adopt(key, checkpoint, backend, signal))
      return new StagedDraft(key, backend, { adopted, signal, maxBytes })
    }
  }

  async moveDraft(from: SnapshotKey, syncId: string): Promise<boolean> {
    const to = { ...from, syncId }
    for (const key of [from, to]) assertDraftKey({ ...key, epoch: 0 })
    for (;;) {
      const found = await this.#records.read(from)
      const given = found && checkpointFor(found.record, syncId)
      if (found === undefined || given === undefined) return false
      const writer = { version: 1, owner: randomUUID(), write: 0 } as const
      if (found.record.state === 'draft') {
        const heir = { syncId, checkpoint: given }
        // No epoch is as late: from here on no owner can publish any more.
        const closed = { ...writer, state: 'discarded', epoch: Number.MAX_SAFE_INTEGER, heir } as const
        if ((await this.#records.replace(from, closed, found.etag)) === undefined) continue
      }
      await this.#bucket.put(this.#bucket.keys.marker(to), '')
      const moved = { ...writer, state: 'draft', epoch: 0, checkpoint: given } as const
      if ((await this.#records.replace(to, moved, undefined)) !== undefined) return true
      return (await this.#records.read(to))?.record.epoch === 0
    }
  }

  async find(spreadsheetId: string, syncId: string): Promise<SnapshotManifest | undefined> {
    return manifestIn((await this.#records.read({ spreadsheetId, syncId }))?.record)
  }

  async list(spreadsheetId: string): Promise<readonly SnapshotManifest[]> {
    if (!SPREADSHEET_ID_PATTERN.test(spreadsheetId)) return []
    return (await this.#contents(spreadsheetId)).manifests
  }

  async openFile(key: FileKey, range?: ByteRange): Promise<Readable | undefined> {
    if (!isSnapshotFileName(key.name)) return undefined
    const found = await this.#records.read(key)
    const manifest = manifestIn(found?.record)
    const published = manifest && filesOf(manifest).find(({ name }) => name === key.name)
    if (found === undefined || published === undefined) return undefined
    if (range !== undefined && range.end >= published.bytes) throw truncatedFile(key)
    const path = `${this.#bucket.keys.filesOf(key.syncId, found.record.owner)}${key.name}`
    const bytes = range === undefined ? published.bytes : range.end - range.start + 1
    const file = await this.#bucket.get(path, bytes, range?.start)
    // Damaged, or pruned between the two requests.
    if (file === undefined && manifestIn((await this.#records.read(key))?.record) !== undefined)
      throw truncatedFile(key)
    return file
  }

  prune(spreadsheetId: string, signal?: AbortSignal): Promise<readonly string[]> {
    return this.#removals.prune(spreadsheetId, signal)
  }

  erase(spreadsheetId: string, isAsked?: EraseChoice): Promise<number> {
    return this.#removals.erase(spreadsheetId, isAsked)
  }

  sweep(now: Date, signal?: AbortSignal): Promise<number> {
    return this.#removals.sweep(now, signal)
  }

  count(signal?: AbortSignal): Promise<void> {
    return this.#removals.count(signal)
  }

  usage(createdBy?: string | null): SnapshotUsage {
    return this.#removals.usage(createdBy)
  }

  async sweepDrafts(isLive: (syncId: string) => Promise<boolean>, signal?: AbortSignal): Promise<number> {
    let removed = 0
    for (const syncId of await this.#bucket.listFolders(this.#bucket.keys.allDrafts)) {
      if (signal?.aborted) return removed
      if (!isSyncId(syncId) || (await isLive(syncId))) continue
      removed += await discardDrafts(this.#bucket, this.#options.log, this.#records, syncId, isLive)
    }
    await this.#bucket.abortUploads(this.#bucket.keys.allFiles, Date.now() - STALE_UPLOAD_MS)
    return removed
  }

  close(): Promise<void> {
    return this.#bucket.close()
  }

  async *#spreadsheets() {
    const prefix = this.#bucket.keys.allRecords
    let spreadsheetId: string | undefined
    let listed: string[] = []
    // Keys come in order, so those of one spreadsheet come together.
    for await (const { key, etag } of this.#bucket.list(prefix)) {
      const [id = ''] = key.slice(prefix.length).split('/')
      if (id !== spreadsheetId && spreadsheetId !== undefined) yield { spreadsheetId, version: versionOf(listed) }
      if (id !== spreadsheetId) listed = []
      spreadsheetId = id
      listed.push(key, etag)
    }
    if (spreadsheetId !== undefined) yield { spreadsheetId, version: versionOf(listed) }
  }

  async #contents(spreadsheetId: string): Promise<SpreadsheetContents> {
    const prefix = this.#bucket.keys.records(spreadsheetId)
    const read = ({ key, etag }: ListedObject) => {
      const syncId = key.slice(prefix.length).replace(/\.json$/, '')
      return ignoreCorrupt(this.#records.read({ spreadsheetId, syncId }, etag))
    }
    const records = await pMap(this.#bucket.list(prefix), read, { concurrency: 8 })
    const manifests = records.map((found) => manifestIn(found?.record)).filter((manifest) => manifest !== undefined)
    // A record that cannot be read may be that of a draft, which a newer release goes on with: nobody erases it.
    return { manifests: newestFirst(manifests), unreadable: [], leftovers: [] }
  }

  async #remove(key: SnapshotKey): Promise<boolean> {
    // Cut off after this, the rest is for the sweep of drafts.
    await this.#bucket.put(this.#bucket.keys.marker(key), '')
    await this.#records.remove(key)
    await collectGarbage(this.#bucket, this.#options.log, key)
    return true
  }

  /**
   * Reads all bytes once, for the state of a SHA-256 cannot be stored. What lies in packs of another sync, whose draft was
   * moved here, is copied to packs of this one, so that nothing depends on the other any more.
   */
  async #adopt(
    { syncId }: DraftKey,
    { value, files }: RecordedCheckpoint,
    backend: S3Staging,
    signal?: AbortSignal,
  ): Promise<AdoptedCheckpoint<PackedContent>> {
    const own = this.#bucket.keys.drafts(syncId)
    const foreign = new Set(
      files.flatMap(({ pieces }) => pieces.map(({ key }) => key)).filter((key) => !key.startsWith(own)),
    )
    const adopt = async ({ name, pieces }: RecordedCheckpoint['files'][number]) => {
      const isOwn = pieces.every(({ key }) => !foreign.has(key))
      const content = isOwn ? { pieces: [...pieces], pending: [] } : backend.emptyContent()
      const file = new StagedFile<PackedContent>(name, content, new ContentDigest())
      for await (const chunk of untilAborted(readPieces(this.#bucket, pieces), signal)) {
        if (!isOwn) await backend.append(file, chunk)
        file.digest.update(chunk)
      }
      return file
    }
    const adopted = await pMap(files, adopt, { concurrency: 4 })
    if (foreign.size > 0) {
      const flushed = adopted.map(({ name, content, digest }) => ({ name, content, bytes: digest.bytes }))
      await backend.saveCheckpoint(JSON.stringify(value), flushed)
      await this.#bucket.remove([...foreign]).catch((err: unknown) => {
        this.#options.log.warn({ err, syncId }, 'packs that were copied stay in the bucket until a sweep')
      })
    }
    return { value, files: adopted }
  }
}

/** What a draft may give to this sync, or has given to it already. */
function checkpointFor(record: SnapshotRecord, syncId: string): RecordedCheckpoint | undefined {
  if (record.state === 'draft') return record.checkpoint ?? undefined
  const heir = record.state === 'discarded' ? record.heir : undefined
  return heir?.syncId === syncId ? heir.checkpoint : undefined
}
