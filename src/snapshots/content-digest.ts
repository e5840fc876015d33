import { createHash } from 'node:crypto'

/** Size and SHA-256 of bytes that come one chunk after the other. */
export class ContentDigest {
  readonly #hash = createHash('sha256')
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  /** Hexadecimal, of all bytes so far. */
  get sha256(): string {
    return this.#hash.copy().digest('hex')
  }

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk)
    this.#bytes += chunk.length
  }

  /** Passes chunks on, and takes each into account. */
  async *pipe<Chunk extends Uint8Array>(content: AsyncIterable<Chunk> | Iterable<Chunk>): AsyncGenerator<Chunk> {
    for await (const chunk of content) {
      this.update(chunk)
      yield chunk
    }
  }
}
