import { AppError } from '../../errors.ts'
import type { Bucket } from './bucket.ts'

/** Bytes of a staged file that were written at once: where in which pack they lie, or will lie once that is written. */
export interface Segment {
  readonly key: string
  readonly offset: number
  readonly bytes: number
  /** The bytes, until the pack is written. */
  data?: Uint8Array | undefined
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
  #number = 1
  #pending: Segment[] = []
  #pendingBytes = 0
  #writing: Promise<void> = Promise.resolve()

  constructor(bucket: Bucket, keyOf: (number: number) => string) {
    this.#bucket = bucket
    this.#keyOf = keyOf
  }

  /** Takes a copy of the bytes. Resolves at once, or when what is too much for memory has been written. */
  async add(bytes: Uint8Array): Promise<Segment> {
    const place = { key: this.#keyOf(this.#number), offset: this.#pendingBytes, bytes: bytes.length }
    const segment: Segment = { ...place, data: Buffer.from(bytes) }
    this.#pending.push(segment)
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes > MAX_PENDING_BYTES) await this.flush()
    return segment
  }

  /** Puts all that was added so far into the bucket. After a failure it rejects until a `reset`. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const [segments, key] = [this.#pending, this.#keyOf(this.#number)]
      if (segments.length === 0) return
      this.#beginPack()
      await this.#bucket.put(key, Buffer.concat(segments.map(({ data }) => data ?? Buffer.alloc(0))))
      for (const segment of segments) segment.data = undefined
    })
    // The caller handles the rejection; the chain must not be a second, unhandled one.
    this.#writing.catch(() => undefined)
    return this.#writing
  }

  /** Drops what was added and not yet written. */
  reset(): void {
    this.#beginPack()
    this.#writing = Promise.resolve()
  }

  #beginPack(): void {
    this.#number += 1
    this.#pending = []
    this.#pendingBytes = 0
  }
}

/** Reads segments back in order. Rejects with `SNAPSHOT_CORRUPT` when a pack is gone or shorter than it was. */
export async function* readSegments(bucket: Bucket, segments: readonly Segment[]): AsyncGenerator<Uint8Array> {
  for (const { key, offset, bytes, data } of mergeAdjacent(segments)) {
    if (data !== undefined) yield data
    if (data !== undefined || bytes === 0) continue
    const corrupt = new AppError('SNAPSHOT_CORRUPT', 'Bytes that a checkpoint names are gone from the bucket.')
    const found = await bucket.get(key, { start: offset, end: offset + bytes - 1 })
    if (found === undefined) throw corrupt
    yield* takeBytes(found.body, bytes, corrupt)
  }
}

/** The same bytes in as few segments as can be: neighbours in a pack become one. */
export function mergeAdjacent(segments: readonly Segment[]): Segment[] {
  const merged: Segment[] = []
  for (const segment of segments) {
    const last = merged.at(-1)
    const isWritten = last?.data === undefined && segment.data === undefined
    if (isWritten && last?.key === segment.key && last.offset + last.bytes === segment.offset) {
      merged[merged.length - 1] = { ...last, bytes: last.bytes + segment.bytes }
    } else {
      merged.push({ ...segment })
    }
  }
  return merged
}

/** Passes on just so many bytes, for some stores send more than was requested; fewer are an error. */
export async function* takeBytes(
  body: AsyncIterable<Buffer>,
  bytes: number,
  tooShort: AppError,
): AsyncGenerator<Buffer> {
  let missing = bytes
  for await (const chunk of body) {
    const wanted = chunk.subarray(0, missing)
    missing -= wanted.length
    yield wanted
    if (missing === 0) return
  }
  if (missing > 0) throw tooShort
}
