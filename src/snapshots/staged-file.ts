import { createHash } from 'node:crypto'

/** One file of a draft as its owner sees it. `Content` says where the backend keeps its bytes. */
export class StagedFile<Content> {
  readonly name: string
  content: Content
  digest: ContentDigest
  /** Settles when all that was called so far has; never rejects. */
  settled: Promise<unknown>
  /** Set while a rewrite runs: what came before it, which is all that a reader must wait for. */
  beforeRewrite: Promise<unknown> | undefined

  /** `after`: what must settle before the first call. */
  constructor(name: string, content: Content, digest: ContentDigest, after: Promise<unknown> = Promise.resolve()) {
    this.name = name
    this.content = content
    this.digest = digest
    this.settled = after
  }

  /** Runs work after all that was called before. */
  runInOrder<T>(work: () => Promise<T>): Promise<T> {
    const result = this.settled.then(work)
    this.settled = Promise.allSettled([result])
    return result
  }
}

/** Size and SHA-256 of bytes that come one chunk after the other. */
export class ContentDigest {
  readonly #hash = createHash('sha256')
  bytes = 0

  /** Hexadecimal, of all bytes so far. */
  get sha256(): string {
    return this.#hash.copy().digest('hex')
  }

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk)
    this.bytes += chunk.length
  }

  /** Passes chunks on, and takes each into account. */
  async *pipe<Chunk extends Uint8Array>(content: AsyncIterable<Chunk> | Iterable<Chunk>): AsyncGenerator<Chunk> {
    for await (const chunk of content) {
      this.update(chunk)
      yield chunk
    }
  }
}
