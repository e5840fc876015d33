const encoder = new TextEncoder()

/** Up to so many bytes a loop copies faster than a call does. */
const SHORT = 32

/** Gathers bytes in one growing buffer, which can then be handed to another thread without a copy. */
export class ByteWriter {
  #buffer: Uint8Array<ArrayBuffer>
  #bytes = 0

  /** `room`: a buffer to write into, whatever it holds, or how many bytes to expect. */
  constructor(room: number | ArrayBuffer) {
    this.#buffer = new Uint8Array(typeof room === 'number' ? new ArrayBuffer(Math.max(room, 64)) : room)
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#bytes
  }

  byte(byte: number): void {
    if (this.#bytes === this.#buffer.length) this.#grow(1)
    this.#buffer[this.#bytes] = byte
    this.#bytes += 1
  }

  copy(source: Uint8Array, start = 0, end = source.length): void {
    const length = end - start
    if (this.#bytes + length > this.#buffer.length) this.#grow(length)
    const buffer = this.#buffer
    let to = this.#bytes
    if (length > SHORT) buffer.set(source.subarray(start, end), to)
    else for (let from = start; from < end; from += 1, to += 1) buffer[to] = source[from] ?? 0
    this.#bytes += length
  }

  /** Writes text of ASCII characters. */
  ascii(text: string): void {
    if (this.#bytes + text.length > this.#buffer.length) this.#grow(text.length)
    for (let index = 0; index < text.length; index += 1) this.#buffer[this.#bytes + index] = text.charCodeAt(index)
    this.#bytes += text.length
  }

  text(text: string): void {
    // A UTF-16 code unit becomes three bytes at most.
    if (this.#bytes + text.length * 3 > this.#buffer.length) this.#grow(text.length * 3)
    this.#bytes += encoder.encodeInto(text, this.#buffer.subarray(this.#bytes)).written
  }

  /** What was written; its buffer may be longer. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#bytes)
  }

  #grow(by: number): void {
    const size = Math.max(this.#bytes + by, Math.ceil(this.#buffer.length * 1.5))
    this.#buffer = new Uint8Array(this.#buffer.buffer.transfer(size))
  }
}
