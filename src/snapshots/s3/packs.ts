import { AppError } from '../../errors.ts'
import type { Bucket } from './bucket.ts'

/** Bytes of a staged file that were written at once: in memory (`data`) until they lie in a pack. */
export interface Segment {
  readonly bytes: number
  data: Uint8Array | undefined
  /** Of the pack, and where in it. */
  key: string
  offset: number
}

/** Bytes that may wait in memory; beyond them a pack is written. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024

/**
 * Batches what is appended to all files of a draft and puts it into the bucket as one object (a pack) at a time, so
 * that a checkpoint of many files costs one request.
 */
export class PackWriter {
  readonly #bucket: Bucket
  readonly #nextKey: () => string
  #pending: Segment[] = []
  #pendingBytes = 0
  #writing: Promise<void> = Promise.resolve()

  constructor(bucket: Bucket, nextKey: () => string) {
    this.#bucket = bucket
    this.#nextKey = nextKey
  }

  /** Takes a copy of the bytes. Resolves at once, or when what is too much for memory has been written. */
  async add(bytes: Uint8Array): Promise<Segment> {
    const segment: Segment = { bytes: bytes.length, data: Buffer.from(bytes), key: '', offset: 0 }
    this.#pending.push(segment)
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes > MAX_PENDING_BYTES) await this.flush()
    return segment
  }

  /** Puts all that was added so far into the bucket. After a failure it rejects for ever. */
  flush(): Promise<void> {
    const written = this.#writing.then(async () => {
      const segments = this.#pending
      if (segments.length === 0) return
      this.clear()
      const key = this.#nextKey()
      await this.#bucket.put(key, Buffer.concat(segments.map(({ data }) => data ?? Buffer.alloc(0))))
      let offset = 0
      for (const segment of segments) {
        Object.assign(segment, { key, offset, data: undefined })
        offset += segment.bytes
      }
    })
    this.#writing = written
    // The caller handles the rejection; the chain must not be a second, unhandled one.
    written.catch(() => undefined)
    return written
  }

  /** Drops what was added and not yet written. */
  clear(): void {
    this.#pending = []
    this.#pendingBytes = 0
  }
}

/** Reads segments back in order. Rejects with `SNAPSHOT_CORRUPT` when a pack is gone or shorter than it was. */
export async function* readSegments(bucket: Bucket, segments: readonly Segment[]): AsyncGenerator<Uint8Array> {
  for (const segment of mergeAdjacent(segments)) {
    if (segment.data !== undefined) yield segment.data
    else if (segment.bytes > 0) yield* readSegment(bucket, segment)
  }
}

/** The same bytes in as few segments as can be: neighbours in a pack become one. */
export function mergeAdjacent(segments: readonly Segment[]): Segment[] {
  const merged: Segment[] = []
  for (const segment of segments) {
    const last = merged.at(-1)
    const isSamePack = last?.data === undefined && segment.data === undefined && last?.key === segment.key
    if (last !== undefined && isSamePack && last.offset + last.bytes === segment.offset) {
      merged[merged.length - 1] = { ...last, bytes: last.bytes + segment.bytes }
    } else {
      merged.push({ ...segment })
    }
  }
  return merged
}

async function* readSegment(bucket: Bucket, { key, offset, bytes }: Segment): AsyncGenerator<Uint8Array> {
  const corrupt = new AppError('SNAPSHOT_CORRUPT', 'Bytes that a checkpoint names are gone from the bucket.')
  const found = await bucket.get(key, { start: offset, end: offset + bytes - 1 })
  if (found === undefined) throw corrupt
  yield* takeBytes(found.body, bytes, corrupt)
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
