/** Characters that gather before they become bytes. */
const PENDING = 65_536

/** Turns text into UTF-8 in one growing buffer, which can then be handed to another thread without a copy. */
export class ByteWriter {
  readonly #encoder = new TextEncoder()
  #buffer: Uint8Array<ArrayBuffer>
  #bytes = 0
  #pending = ''

  constructor(expectedBytes = 4096) {
    this.#buffer = new Uint8Array(Math.max(expectedBytes, 64))
  }

  write(text: string): void {
    this.#pending += text
    if (this.#pending.length >= PENDING) this.#flush()
  }

  /** Ends the writing. The buffer is just as long as what was written. */
  finish(): ArrayBuffer {
    this.#flush()
    return this.#buffer.buffer.transfer(this.#bytes)
  }

  #flush(): void {
    // A UTF-16 code unit becomes three bytes at most.
    const needed = this.#bytes + this.#pending.length * 3
    if (needed > this.#buffer.length) {
      this.#buffer = new Uint8Array(this.#buffer.buffer.transfer(Math.max(needed, this.#buffer.length * 2)))
    }
    this.#bytes += this.#encoder.encodeInto(this.#pending, this.#buffer.subarray(this.#bytes)).written
    this.#pending = ''
  }
}
