/** Bytes that are kept at most, which is about what one download has in use at a time. */
const CAPACITY = 24_000_000

/** Bytes that every pooled buffer has at least, a little above the 2 MB of most answers: any of them will do then. */
const COMMON_SIZE = 2_500_000

/** Smaller ones are made anew. */
const SMALLEST = 262_144

/**
 * Buffers that were used and are used again. Blocks come by the hundred and all of a size: without this, megabytes
 * would be allocated and freed for each, and the heap of the C library would grow from the gaps that they leave.
 */
export class BufferPool {
  readonly #buffers: ArrayBuffer[] = []

  /** A buffer of at least so many bytes, which may hold anything. */
  acquire(bytes: number): ArrayBuffer {
    if (bytes < SMALLEST) return new ArrayBuffer(bytes)
    let best = -1
    for (const [index, buffer] of this.#buffers.entries()) {
      if (buffer.byteLength < bytes) continue
      if (best === -1 || buffer.byteLength < (this.#buffers[best]?.byteLength ?? 0)) best = index
    }
    const [found] = best === -1 ? [] : this.#buffers.splice(best, 1)
    return found ?? new ArrayBuffer(Math.max(bytes, COMMON_SIZE))
  }

  /** Takes a buffer that nobody uses any more; keeps it if there is a use for it. */
  release(buffer: ArrayBuffer): void {
    const pooled = this.#buffers.reduce((sum, { byteLength }) => sum + byteLength, 0)
    if (buffer.byteLength >= SMALLEST && pooled + buffer.byteLength <= CAPACITY) this.#buffers.push(buffer)
  }

  /** Drops all of them. */
  clear(): void {
    this.#buffers.length = 0
  }
}
