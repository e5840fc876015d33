/** Bytes that are kept at most, which is about what one download has in use at a time. */
const KEPT = 24_000_000

/** Smaller ones are not worth keeping. */
const WORTH_KEEPING = 262_144

/**
 * Buffers that were used and may be used again. Blocks come by the hundred and all of a size: without this, megabytes
 * would be allocated and freed for each, and the heap of the C library would grow from the gaps that they leave.
 */
export class SpareBuffers {
  readonly #spare: ArrayBuffer[] = []

  /** A buffer of at least so many bytes, which may hold anything. */
  take(bytes: number): ArrayBuffer {
    let best = -1
    for (const [index, buffer] of this.#spare.entries()) {
      if (buffer.byteLength < bytes) continue
      if (best === -1 || buffer.byteLength < (this.#spare[best]?.byteLength ?? 0)) best = index
    }
    const [found] = best === -1 ? [] : this.#spare.splice(best, 1)
    return found ?? new ArrayBuffer(bytes)
  }

  /** Takes a buffer that nobody uses any more; keeps it if there is a use for it. */
  give(buffer: ArrayBuffer): void {
    const kept = this.#spare.reduce((sum, { byteLength }) => sum + byteLength, 0)
    if (buffer.byteLength >= WORTH_KEEPING && kept + buffer.byteLength <= KEPT) this.#spare.push(buffer)
  }

  /** Lets go of all of them. */
  clear(): void {
    this.#spare.length = 0
  }
}
