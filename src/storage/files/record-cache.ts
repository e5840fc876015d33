import { performance } from 'node:perf_hooks'
import { LRUCache } from 'lru-cache'
import { errnoOf } from '../../disk/disk-errors.ts'
import type { Sync } from '../../model/sync.ts'
import { isSyncId } from '../../model/sync-id.ts'
import { corruptRecord, isCorruptRecord } from '../../model/sync-record.ts'
import type { FileIdentity, ReadFile } from '../../ports/file-system.ts'
import { deepFreeze } from '../shared/deep-freeze.ts'
import { isSameVersion, microsOf, versionOf } from './file-version.ts'
import { parseRecord, textSize } from './record-format.ts'
import type { StatusFolder } from './status-folder.ts'

/**
 * Bytes of the texts whose records are kept in memory: some 20,000 small ones. Their number has no bound of its own, for
 * with one lru-cache refills arrays of that length each time its last entry goes, as happens all the time in a sweep.
 */
const BYTES_KEPT = 32 * 1024 * 1024

/** One version of a record, and the file it was read from. */
export interface StoredRecord {
  readonly sync: Sync
  readonly identity: FileIdentity
  /** Bytes of its text, which the file may hold packed. */
  readonly size: number
}

interface Entry extends StoredRecord {
  /** The poll for events in which the entry was last revalidated for a shared find. */
  poll?: number | undefined
}

/**
 * Reads records, and keeps them as long as their files stay the same. Each find revalidates by the identity of the file,
 * so what any process has published is seen by the next call in every other.
 */
export class RecordCache {
  readonly #folder: StatusFolder
  readonly #entries = new LRUCache<string, Entry>({
    maxSize: BYTES_KEPT,
    sizeCalculation: ({ size }) => size,
  })
  /** By id and poll. */
  readonly #sharedReads = new Map<string, Promise<StoredRecord | undefined>>()

  constructor(folder: StatusFolder) {
    this.#folder = folder
  }

  /**
   * The record as it is now: at once if the file is still the one that was read, otherwise as a promise. Throws (or
   * rejects with) `STATUS_CORRUPT` and errnos. `shared`: one check of the file may serve all calls after one poll for events.
   */
  find(
    id: string,
    { shared = false }: { readonly shared?: boolean } = {},
  ): StoredRecord | undefined | Promise<StoredRecord | undefined> {
    const poll = shared ? currentPoll() : undefined
    const entry = this.#entries.peek(id)
    if (entry !== undefined) {
      if (poll !== undefined && entry.poll === poll) return entry
      // Used as recently as it was revalidated, which is near enough, and costs each poll less.
      this.#entries.get(id)
      const identity = this.#folder.fs.identify(this.#folder.record(id))
      if (identity !== undefined && isSameVersion(identity, entry.identity)) {
        entry.poll = poll ?? entry.poll
        return entry
      }
    }
    if (!isSyncId(id)) return undefined
    if (poll === undefined) return this.#read(id)
    // A read that began in an earlier poll may have opened the file before a replace which this caller knows of.
    const key = `${id} ${poll}`
    const read = this.#sharedReads.get(key) ?? this.#read(id).finally(() => this.#sharedReads.delete(key))
    this.#sharedReads.set(key, read)
    return read
  }

  /** The sync as it is now. A damaged one counts as none: nobody can go on from it. */
  async findReadable(id: string): Promise<Sync | undefined> {
    try {
      return (await this.find(id))?.sync
    } catch (error) {
      if (isCorruptRecord(error)) return undefined
      throw error
    }
  }

  /** Keeps a version that was just published, if it is still the one that the file holds. */
  keepPublished(sync: Sync, version: string, size: number): void {
    this.forget(sync.id)
    const identity = this.#folder.fs.identify(this.#folder.record(sync.id))
    if (identity !== undefined && versionOf(identity) === version)
      this.#keep({ sync: deepFreeze(sync), identity, size })
  }

  /** Makes the next find read the file. */
  forget(id: string): void {
    this.#entries.delete(id)
  }

  async #read(id: string): Promise<StoredRecord | undefined> {
    const file = await this.readFile(id)
    if (file === undefined) {
      this.forget(id)
      return undefined
    }
    const kept = this.#entries.get(id)
    if (kept !== undefined && isSameVersion(kept.identity, file.identity)) return kept
    const sync = deepFreeze(await parseRecord(id, file.bytes))
    const record = { sync, identity: file.identity, size: textSize(file.bytes) }
    const latest = this.#entries.get(id)
    // A read that took long must not put an older version in the place of a newer one.
    if (latest === undefined || latest.sync.revision <= record.sync.revision) this.#keep(record)
    return record
  }

  /** Reads the file of a record, whatever is kept of it; resolves to `undefined` when there is none. */
  async readFile(id: string): Promise<ReadFile | undefined> {
    try {
      return await this.#folder.fs.read(this.#folder.record(id))
    } catch (error) {
      if (errnoOf(error) === 'EISDIR') throw corruptRecord(id, error)
      if (errnoOf(error) !== 'ENOENT') throw error
      // The sweeper may have set it aside, and then it is not absent.
      if (this.#folder.fs.identify(this.#folder.quarantined(id)) !== undefined) throw corruptRecord(id)
      return undefined
    }
  }

  /** The same at once; `undefined` also where that fails. The bytes hold until the next call. */
  readFileNow(id: string): ReadFile | undefined {
    try {
      return this.#folder.fs.readNow(this.#folder.record(id))
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      return undefined
    }
  }

  #keep(record: StoredRecord): void {
    const { sync, identity } = record
    this.forget(sync.id)
    // Somebody else has written it (or the disk cannot tell such times), so its next version might look the same.
    if (identity.modifiedMicros % 1_000_000 !== microsOf(this.#folder.fs, sync.revision)) return
    this.#entries.set(sync.id, { ...record })
  }
}

/**
 * The number of times that this thread has gone to poll for events; it grows just before each poll. Requests handled
 * after one poll had begun to arrive before it returned, so one check of a file that was made since is fresh for all of
 * them. A check made by a timer never serves the requests of the poll that follows.
 */
function currentPoll(): number {
  return performance.nodeTiming.uvMetricsInfo.loopCount
}
