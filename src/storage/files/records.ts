import { performance } from 'node:perf_hooks'
import type { Sync } from '../../model/sync.ts'
import { isSyncId } from '../../model/sync-id.ts'
import type { FileIdentity, FileSystem } from '../../ports/file-system.ts'
import { deepFreeze } from '../shared/deep-freeze.ts'
import { isSameVersion, type Layout, versionOf } from './folder-layout.ts'
import { parseRecord } from './record-format.ts'
import { corrupt, errnoOf } from './storage-errors.ts'

/** Bounds of what is kept in memory: this many records, and this many bytes of their files. */
const RECORDS_KEPT = 20_000
const BYTES_KEPT = 32 * 1024 * 1024

const NO_POLL = -1

/** One version of a record, and the file it was read from. */
export interface StoredRecord {
  readonly sync: Sync
  readonly identity: FileIdentity
}

interface Entry extends StoredRecord {
  /** The poll in which the file was last looked at. */
  poll: number
}

/**
 * Reads records, and keeps them as long as their files stay the same. A look at the file tells, so what any process has
 * published is seen by the next call in every other.
 */
export class Records {
  readonly #fs: FileSystem
  readonly #layout: Layout
  /** Least recently looked at first. */
  readonly #entries = new Map<string, Entry>()
  readonly #reading = new Map<string, { readonly poll: number; readonly record: Promise<StoredRecord | undefined> }>()
  #bytes = 0

  constructor(fs: FileSystem, layout: Layout) {
    this.#fs = fs
    this.#layout = layout
  }

  /**
   * The record as it is now: at once if the file is still the one that was read, otherwise as a promise. Throws (or
   * rejects with) `STATUS_CORRUPT` and errnos. `shared`: one look may serve all calls after one poll for events.
   */
  find(
    id: string,
    options: { readonly shared?: boolean } = {},
  ): StoredRecord | undefined | Promise<StoredRecord | undefined> {
    const poll = options.shared === true ? currentPoll() : NO_POLL
    const entry = this.#entries.get(id)
    if (entry === undefined) {
      if (!isSyncId(id)) return undefined
    } else {
      if (poll !== NO_POLL && entry.poll === poll) return entry
      const identity = this.#fs.identify(this.#layout.record(id))
      if (identity !== undefined && isSameVersion(identity, entry.identity)) {
        if (poll !== NO_POLL) entry.poll = poll
        this.#entries.delete(id)
        this.#entries.set(id, entry)
        return entry
      }
    }
    // A read that began in an earlier poll may have opened the file before a replace which this caller knows of.
    if (poll === NO_POLL) return this.#read(id)
    const reading = this.#reading.get(id)
    if (reading?.poll === poll) return reading.record
    const record = this.#read(id).finally(() => {
      if (this.#reading.get(id)?.record === record) this.#reading.delete(id)
    })
    this.#reading.set(id, { poll, record })
    return record
  }

  /** What the file says now, whatever is kept. */
  async readAgain(id: string): Promise<StoredRecord | undefined> {
    this.forget(id)
    return this.#read(id)
  }

  /** Keeps a version that was just published, if it is still the one that the file holds. */
  keepPublished(sync: Sync, version: string): void {
    this.forget(sync.id)
    const identity = this.#fs.identify(this.#layout.record(sync.id))
    if (identity !== undefined && versionOf(identity) === version) this.#keep({ sync: deepFreeze(sync), identity })
  }

  forget(id: string): void {
    this.#bytes -= this.#entries.get(id)?.identity.size ?? 0
    this.#entries.delete(id)
  }

  clear(): void {
    this.#entries.clear()
    this.#bytes = 0
  }

  async #read(id: string): Promise<StoredRecord | undefined> {
    let file: Awaited<ReturnType<FileSystem['read']>>
    try {
      file = await this.#fs.read(this.#layout.record(id))
    } catch (error) {
      if (errnoOf(error) === 'EISDIR') throw corrupt(id, error)
      if (errnoOf(error) !== 'ENOENT') throw error
      this.forget(id)
      // The sweeper may have set it aside, and then it is not absent.
      if (this.#fs.identify(this.#layout.quarantined(id)) !== undefined) throw corrupt(id)
      return undefined
    }
    const known = this.#entries.get(id)
    if (known !== undefined && isSameVersion(known.identity, file.identity)) return known
    const record = { sync: deepFreeze(await parseRecord(id, file.bytes)), identity: file.identity }
    const kept = this.#entries.get(id)
    // A read that took long must not put an older version in the place of a newer one.
    if (kept === undefined || kept.sync.revision <= record.sync.revision) this.#keep(record)
    return record
  }

  #keep(record: StoredRecord): void {
    this.forget(record.sync.id)
    // Somebody else has written it (or the disk cannot tell such times), so its next version might look the same.
    if (record.identity.modifiedMicros % 1_000_000 !== record.sync.revision % 1_000_000) return
    this.#entries.set(record.sync.id, { ...record, poll: NO_POLL })
    this.#bytes += record.identity.size
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= RECORDS_KEPT && this.#bytes <= BYTES_KEPT) break
      this.forget(id)
    }
  }
}

/**
 * The number of times that this thread has gone to poll for events; it grows just before each poll. Requests handled
 * after one poll had begun to arrive before it returned, so one look at a file that was made since is fresh for all of
 * them. A look made by a timer never serves the requests of the poll that follows.
 */
function currentPoll(): number {
  return performance.nodeTiming.uvMetricsInfo.loopCount
}
