import { createHash, type Hash } from 'node:crypto'
import { inRuns, type PackWriter, type Piece } from './pieces.ts'
import type { SavedFile } from './snapshot-record.ts'

/** One file of a draft as its owner sees it: pieces in order. */
export class DraftFile {
  readonly name: string
  pieces: Piece[] = []
  bytes = 0
  /** Set while a rewrite runs: what came before it, which is all that a reader must wait for. */
  beforeRewrite: Promise<unknown> | undefined
  #hash: Hash = createHash('sha256')
  #tail: Promise<unknown>

  constructor(name: string, after: Promise<unknown>) {
    this.name = name
    this.#tail = after
  }

  /** A checkpointed file; `content` are its bytes, read once for their hash. */
  static async adopt(
    saved: SavedFile,
    content: (pieces: readonly Piece[]) => AsyncIterable<Uint8Array>,
  ): Promise<DraftFile> {
    const file = new DraftFile(saved.name, Promise.resolve())
    file.pieces = saved.pieces.map((piece) => ({ ...piece, data: undefined }))
    for await (const chunk of content(file.pieces)) {
      file.#hash.update(chunk)
      file.bytes += chunk.length
    }
    return file
  }

  /** Settles when all that was put in line so far has; never rejects. */
  get settled(): Promise<unknown> {
    return this.#tail
  }

  /** Runs work after all that was put in line before. */
  inLine<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work)
    this.#tail = Promise.allSettled([result])
    return result
  }

  async append(packs: PackWriter, bytes: Uint8Array): Promise<void> {
    this.pieces.push(await packs.add(bytes))
    this.#hash.update(bytes)
    this.bytes += bytes.length
  }

  async replace(packs: PackWriter, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const next = new DraftFile(this.name, Promise.resolve())
    for await (const chunk of content) await next.append(packs, chunk)
    this.pieces = next.pieces
    this.bytes = next.bytes
    this.#hash = next.#hash
  }

  digest(): string {
    return this.#hash.copy().digest('hex')
  }
}

/** How pieces are told in a checkpoint; all of them must lie in packs. */
export function savedPieces(pieces: readonly Piece[]): SavedFile['pieces'] {
  return inRuns(pieces).map(({ key, offset, bytes }) => ({ key, offset, bytes }))
}
