import { AppError } from '../errors.ts'

/** The bytes that all files of a draft hold together, which may only be so many. */
export class DraftSize {
  readonly #most: number
  #bytes: number

  constructor(most = Number.POSITIVE_INFINITY, bytes = 0) {
    this.#most = most
    this.#bytes = bytes
  }

  /** Counts bytes that are about to be written (or, when negative, go). Throws SYNC_TOO_LARGE when there would be too many. */
  add(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes <= this.#most) return
    const most = this.#most.toLocaleString('en')
    throw new AppError('SYNC_TOO_LARGE', `The files of the sync would hold more than ${most} bytes.`)
  }

  /** Passes chunks on, and counts each before. */
  async *pipe(content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of content) {
      this.add(chunk.length)
      yield chunk
    }
  }

  reset(): void {
    this.#bytes = 0
  }
}
