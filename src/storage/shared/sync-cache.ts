import { LRUCache } from 'lru-cache'
import { AppError } from '../../errors.ts'
import type { Sync } from '../../model/sync.ts'
import { isCorruptRecord, parseSyncRecord } from '../../model/sync-record.ts'
import { deepFreeze } from './deep-freeze.ts'

/** Bytes of the records that are cached, by default: what takes about 128 MB as objects at the most. */
const MAX_BYTES = 32 * 1024 * 1024

/** A sync as it was read from or written to a server. */
export interface CachedSync {
  readonly sync: Sync
  /** Differs for every write of the record, whoever made it. */
  readonly version: string
  /** Bytes of the record, as stored. */
  readonly size: number
}

/**
 * The syncs that this process has read or written last, so that a record is sent and parsed only when it has changed, and
 * the same object comes back until then. It is never the truth: each read asks the server whether it still has this version.
 */
export class SyncCache extends LRUCache<string, CachedSync> {
  /** Records that were found unreadable, by id, and their versions: the next cleanup sets them aside. */
  readonly unreadable = new Map<string, string>()

  constructor(maxBytes = MAX_BYTES) {
    super({ maxSize: maxBytes, sizeCalculation: ({ size }) => size })
  }

  /** Caches what the server has answered or taken; not an earlier revision than is cached. */
  put(sync: Sync, version: string, record: string): CachedSync {
    const entry = { sync: deepFreeze(sync), version, size: Buffer.byteLength(record) }
    // Either this answer was overtaken on its way, or the record was set back by hand: the next read tells which.
    if ((this.get(sync.id)?.sync.revision ?? 0) > sync.revision) this.delete(sync.id)
    else this.set(sync.id, entry)
    return entry
  }

  /** The sync of a stored record, parsed unless it is cached; or what `parseSyncRecord` throws. */
  parse(id: string, version: string, record: string): CachedSync | AppError {
    const cached = this.get(id)
    if (cached?.version === version && cached.size === Buffer.byteLength(record)) return cached
    this.unreadable.delete(id)
    try {
      return this.put(parseSyncRecord(id, record), version, record)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      this.delete(id)
      if (isCorruptRecord(error)) this.unreadable.set(id, version)
      return error
    }
  }
}
