import { LRUCache } from 'lru-cache'
import type { Sync } from '../../model/sync.ts'

/** Size of the records that are cached, by default: what takes about 128 MB as objects at the most. */
const MAX_SIZE = 32 * 1024 * 1024

/** A sync as it was read from or written to a server. */
export interface CachedSync {
  readonly sync: Sync
  /** Differs for every write of the record, whoever made it. */
  readonly version: string
  /** Length of the record, as stored. */
  readonly size: number
}

/**
 * The syncs that this process has read or written last, so that a record is sent and parsed only when it has changed, and
 * the same object comes back until then. It is never the truth: each read asks the server whether it still has this version.
 */
export class SyncCache {
  readonly #entries: LRUCache<string, CachedSync>

  constructor(maxSize = MAX_SIZE) {
    this.#entries = new LRUCache({ maxSize, sizeCalculation: ({ size }) => size })
  }

  get(id: string): CachedSync | undefined {
    return this.#entries.get(id)
  }

  /** Caches an answer of the server; not one of an earlier revision than is cached. */
  put(entry: CachedSync): void {
    const { id, revision } = entry.sync
    // Either this answer was overtaken on its way, or the record was set back by hand: the next read tells which.
    if ((this.#entries.get(id)?.sync.revision ?? 0) > revision) this.#entries.delete(id)
    else this.#entries.set(id, entry)
  }

  delete(id: string): void {
    this.#entries.delete(id)
  }

  clear(): void {
    this.#entries.clear()
  }
}
