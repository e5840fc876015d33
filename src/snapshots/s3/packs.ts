import { AppError } from '../../errors.ts'
import type { Bucket } from './bucket.ts'

/** Bytes of a staged file that lie in a pack. */
export interface Piece {
  readonly key: string
  readonly offset: number
  readonly bytes: number
}

/** Where the bytes of a staged file are: in packs, and the last of them in memory until the next pack is written. */
export interface PackedContent {
  readonly pieces: Piece[]
  readonly pending: Buffer[]
}

/** Bytes that may wait in memory; beyond them a pack is written. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024

/**
 * Batches what is appended to all files of a draft and puts it into the bucket as one object (a pack) at a time, so
 * that a checkpoint of many files costs one request.
 */
export class PackWriter {
  readonly #bucket: Bucket
  readonly #keyOf: (number: number) => string
  #number = 0
  #pending = new Set<PackedContent>()
  #pendingBytes = 0
  #writing: Promise<void> = Promise.resolve()

  constructor(bucket: Bucket, keyOf: (number: number) => string) {
    this.#bucket = bucket
    this.#keyOf = keyOf
  }

  /** Takes a copy of the bytes. Resolves at once, or when what is too much for memory has been written. */
  async append(content: PackedContent, bytes: Uint8Array): Promise<void> {
    content.pending.push(Buffer.from(bytes))
    this.#pending.add(content)
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes > MAX_PENDING_BYTES) await this.flush()
  }

  /** Puts all that was appended so far into the bucket. After a failure it rejects until a `reset`. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writePack())
    // The caller handles the rejection; the chain must not be a second, unhandled one.
    this.#writing.catch(() => undefined)
    return this.#writing
  }

  /** Drops what was appended and not yet written. */
  reset(): void {
    this.#pending = new Set()
    this.#pendingBytes = 0
    this.#writing = Promise.resolve()
  }

  async #writePack(): Promise<void> {
    const parts = [...this.#pending].map((content) => ({ content, chunks: [...content.pending] }))
    if (parts.length === 0) return
    this.#pending = new Set()
    this.#pendingBytes = 0
    this.#number += 1
    const key = this.#keyOf(this.#number)
    await this.#bucket.put(key, Buffer.concat(parts.flatMap(({ chunks }) => chunks)))
    let offset = 0
    for (const { content, chunks } of parts) {
      const bytes = chunks.reduce((sum, { length }) => sum + length, 0)
      content.pieces.push({ key, offset, bytes })
      content.pending.splice(0, chunks.length)
      offset += bytes
    }
  }
}

/** Reads pieces in order. Rejects with `SNAPSHOT_CORRUPT` when a pack is gone or shorter than it was. */
export async function* readPieces(bucket: Bucket, pieces: readonly Piece[]): AsyncGenerator<Buffer> {
  for (const { key, offset, bytes } of pieces) {
    if (bytes === 0) continue
    const found = await bucket.get(key, bytes, offset)
    if (found === undefined) throw new AppError('SNAPSHOT_CORRUPT', 'Bytes of a checkpoint are gone from the bucket.')
    yield* found
  }
}

/** The pieces of the first so many bytes. */
export function firstPieces(pieces: readonly Piece[], length: number): Piece[] {
  let missing = length
  return pieces.flatMap((piece) => {
    const bytes = Math.min(piece.bytes, missing)
    missing -= bytes
    return bytes === 0 ? [] : [{ ...piece, bytes }]
  })
}
