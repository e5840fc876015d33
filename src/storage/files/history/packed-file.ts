import { LRUCache } from 'lru-cache'
import { ignoreErrno } from '../../../disk/disk-errors.ts'
import { isSameFile } from '../../../disk/same-file.ts'
import type { FileIdentity, FileSystem } from '../../../ports/file-system.ts'
import type { DayFiles } from './history-day.ts'
import { decodeEntry, ENTRY_BYTES, type IndexEntry, isWholeEntry, keyOf } from './index-entry.ts'
import { DamagedIndexError, decodeHeader, type IndexHeader } from './index-header.ts'

/** Entries that are read together. */
const CHUNK_ENTRIES = 1024
const CHUNK_BYTES = CHUNK_ENTRIES * ENTRY_BYTES

/** Parts of indexes that are kept in memory, those of all days together. */
export type ChunkCache = LRUCache<string, Buffer>

export function chunkCache(bytes: number): ChunkCache {
  return new LRUCache({ maxSize: bytes, sizeCalculation: (chunk) => chunk.length })
}

/** The index was replaced while it was read: whoever reads begins again. */
export class IndexReplacedError extends Error {
  override name = 'IndexReplacedError'
}

/** One version of the index of the packed lines of a day: sorted, and never changed, only replaced as a whole. */
export class PackedIndex {
  readonly header: IndexHeader
  readonly count: number
  readonly identity: FileIdentity
  readonly #fs: FileSystem
  readonly #path: string
  readonly #chunks: ChunkCache

  private constructor(fs: FileSystem, path: string, chunks: ChunkCache, header: IndexHeader, identity: FileIdentity) {
    this.#fs = fs
    this.#path = path
    this.#chunks = chunks
    this.header = header
    this.identity = identity
    this.count = (identity.size - ENTRY_BYTES) / ENTRY_BYTES
  }

  /** Resolves to `undefined` when the day has none; throws as `decodeHeader` does. */
  static async open(fs: FileSystem, files: DayFiles, chunks: ChunkCache): Promise<PackedIndex | undefined> {
    const path = files.packedIndex
    const file = await ignoreErrno(fs.read(path, 0, ENTRY_BYTES), 'ENOENT')
    if (file === undefined) return undefined
    const header = decodeHeader(file.bytes, path)
    if (file.identity.size % ENTRY_BYTES !== 0) throw new DamagedIndexError(path)
    return new PackedIndex(fs, path, chunks, header, file.identity)
  }

  /** Whether it is still the index of the day. */
  get isCurrent(): boolean {
    const now = this.#fs.identify(this.#path)
    return now !== undefined && isSame(now, this.identity)
  }

  async find(id: string): Promise<IndexEntry | undefined> {
    const place = await this.#placeOf(id)
    if (place === this.count) return undefined
    const { chunk, at } = await this.#entryAt(place)
    return keyOf(id).compare(chunk, at, at + 16) === 0 ? this.#decode(chunk, at) : undefined
  }

  /** The entries below `below` and not below `from`, in descending order, of those that may match. Rejects with IndexReplacedError. */
  async *down(
    below: string | undefined,
    from: string | undefined,
    mayMatch: (bytes: Buffer, at: number) => boolean,
    yielding: () => Promise<void> | undefined = () => undefined,
  ): AsyncGenerator<IndexEntry> {
    const first = from === undefined ? 0 : await this.#placeOf(from)
    const end = below === undefined ? this.count : await this.#placeOf(below)
    for (let chunk: Buffer | undefined, place = end - 1; place >= first; place--) {
      if (chunk === undefined || (place + 1) % CHUNK_ENTRIES === 0) {
        chunk = await this.#chunk(Math.floor(place / CHUNK_ENTRIES), { keep: false })
        await yielding()
      }
      const at = (place % CHUNK_ENTRIES) * ENTRY_BYTES
      if (mayMatch(chunk, at)) yield this.#decode(chunk, at)
    }
  }

  /** All entries as they are stored, in ascending order. */
  async *encoded(): AsyncGenerator<Buffer> {
    for (let n = 0; n * CHUNK_ENTRIES < this.count; n++) {
      const chunk = await this.#chunk(n, { keep: false })
      for (let at = 0; at < chunk.length; at += ENTRY_BYTES) yield chunk.subarray(at, at + ENTRY_BYTES)
    }
  }

  /** The place of the first entry that is not below the id. */
  async #placeOf(id: string): Promise<number> {
    const key = keyOf(id)
    let [low, high] = [0, this.count]
    while (low < high) {
      const middle = (low + high) >>> 1
      const { chunk, at } = await this.#entryAt(middle)
      if (key.compare(chunk, at, at + 16) > 0) low = middle + 1
      else high = middle
    }
    return low
  }

  async #entryAt(place: number): Promise<{ readonly chunk: Buffer; readonly at: number }> {
    const chunk = await this.#chunk(Math.floor(place / CHUNK_ENTRIES), { keep: true })
    return { chunk, at: (place % CHUNK_ENTRIES) * ENTRY_BYTES }
  }

  async #chunk(n: number, { keep }: { readonly keep: boolean }): Promise<Buffer> {
    const { inode, bornMicros, size } = this.identity
    const key = `${this.#path} ${inode} ${bornMicros} ${size} ${n}`
    const known = this.#chunks.get(key)
    if (known !== undefined) return known
    const file = await ignoreErrno(this.#fs.read(this.#path, ENTRY_BYTES + n * CHUNK_BYTES, CHUNK_BYTES), 'ENOENT')
    if (file === undefined || !isSame(file.identity, this.identity)) throw new IndexReplacedError(this.#path)
    const expected = Math.min(CHUNK_ENTRIES, this.count - n * CHUNK_ENTRIES) * ENTRY_BYTES
    if (file.bytes.length !== expected) throw new DamagedIndexError(this.#path)
    if (keep) {
      // One id that is damaged would lead the search astray.
      for (let at = 0; at < expected; at += ENTRY_BYTES) {
        if (!isWholeEntry(file.bytes, at)) throw new DamagedIndexError(this.#path)
      }
      this.#chunks.set(key, file.bytes)
    }
    return file.bytes
  }

  #decode(chunk: Buffer, at: number): IndexEntry {
    const entry = decodeEntry(chunk, at)
    if (entry === undefined) throw new DamagedIndexError(this.#path)
    return entry
  }
}

function isSame(one: FileIdentity, other: FileIdentity): boolean {
  return isSameFile(one, other) && one.size === other.size
}
