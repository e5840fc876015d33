import { AppError } from '../../errors.ts'
import type { Bucket } from './bucket.ts'

/** Bytes of a staged file that were written at once: in memory until they lie in a pack. */
export interface Piece {
  readonly bytes: number
  data: Uint8Array | undefined
  key: string
  offset: number
}

/** Bytes that may wait in memory; beyond them a pack is written. */
const PENDING_AT_MOST = 8 * 1024 * 1024

/**
 * Gathers what is appended to all files of a draft and puts it into the bucket as one object (a pack) at a time, so
 * that a checkpoint of many files costs one request.
 */
export class PackWriter {
  readonly #bucket: Bucket
  readonly #keyOf: (number: number) => string
  #pending: Piece[] = []
  #pendingBytes = 0
  #packs = 0
  #sealing: Promise<void> = Promise.resolve()

  constructor(bucket: Bucket, keyOf: (number: number) => string) {
    this.#bucket = bucket
    this.#keyOf = keyOf
  }

  /** Takes a copy of the bytes. Resolves at once, or when what is too much for memory has been put away. */
  async add(bytes: Uint8Array): Promise<Piece> {
    const piece: Piece = { bytes: bytes.length, data: Buffer.from(bytes), key: '', offset: 0 }
    this.#pending.push(piece)
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes > PENDING_AT_MOST) await this.seal()
    return piece
  }

  /** Puts all that was added so far into the bucket. After a failure it rejects for ever. */
  seal(): Promise<void> {
    const sealed = this.#sealing.then(async () => {
      const pieces = this.#pending
      if (pieces.length === 0) return
      this.#pending = []
      this.#pendingBytes = 0
      this.#packs += 1
      const key = this.#keyOf(this.#packs)
      await this.#bucket.put(key, Buffer.concat(pieces.map(({ data }) => data ?? Buffer.alloc(0))))
      let offset = 0
      for (const piece of pieces) {
        Object.assign(piece, { key, offset, data: undefined })
        offset += piece.bytes
      }
    })
    this.#sealing = sealed
    // Whoever called learns of a failure; the chain itself is not another place to hear of it.
    sealed.catch(() => undefined)
    return sealed
  }

  /** Drops what was added but is not wanted any more. */
  forget(): void {
    this.#pending = []
    this.#pendingBytes = 0
  }
}

/** Reads pieces back in order. Rejects with `SNAPSHOT_CORRUPT` when a pack is gone or shorter than it was. */
export async function* readPieces(bucket: Bucket, pieces: readonly Piece[]): AsyncGenerator<Uint8Array> {
  for (const run of inRuns(pieces)) {
    if (run.data !== undefined) yield run.data
    else if (run.bytes > 0) yield* readRun(bucket, run)
  }
}

/** The same bytes in as few pieces as can be: neighbours in a pack become one. */
export function inRuns(pieces: readonly Piece[]): Piece[] {
  const runs: Piece[] = []
  for (const piece of pieces) {
    const last = runs.at(-1)
    const follows = last?.data === undefined && piece.data === undefined && last?.key === piece.key
    if (last !== undefined && follows && last.offset + last.bytes === piece.offset) {
      runs[runs.length - 1] = { ...last, bytes: last.bytes + piece.bytes }
    } else {
      runs.push({ ...piece })
    }
  }
  return runs
}

async function* readRun(bucket: Bucket, { key, offset, bytes }: Piece): AsyncGenerator<Uint8Array> {
  const corrupt = new AppError('SNAPSHOT_CORRUPT', 'Bytes that a checkpoint tells of are gone from the bucket.')
  const found = await bucket.get(key, { start: offset, end: offset + bytes - 1 })
  if (found === undefined) throw corrupt
  yield* exactly(found.body, bytes, corrupt)
}

/** Passes on just so many bytes, for some stores send more than was asked for; fewer are an error. */
export async function* exactly(body: AsyncIterable<Buffer>, bytes: number, tooShort: AppError): AsyncGenerator<Buffer> {
  let missing = bytes
  for await (const chunk of body) {
    const wanted = chunk.subarray(0, missing)
    missing -= wanted.length
    yield wanted
    if (missing === 0) return
  }
  if (missing > 0) throw tooShort
}
