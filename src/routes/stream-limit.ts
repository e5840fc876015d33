import { AppError } from '../errors.ts'
import type { Caller } from '../syncs/caller.ts'

/** Counts the event streams that each API key has open. Without keys nothing is counted. */
export class StreamLimit {
  readonly #most: number
  readonly #open = new Map<string, number>()

  constructor(mostPerKey = Number.POSITIVE_INFINITY) {
    this.#most = mostPerKey
  }

  /** Takes a place for a stream, or throws TOO_MANY_STREAMS. The function that comes back gives it back; it may be called again. */
  open({ name }: Caller): () => void {
    if (name === null) return () => {}
    const count = this.#open.get(name) ?? 0
    if (count >= this.#most) {
      throw new AppError(
        'TOO_MANY_STREAMS',
        `The API key ${name} may have ${this.#most} event streams open at a time.`,
        {
          retryAfterSeconds: 5,
        },
      )
    }
    this.#open.set(name, count + 1)
    let isOpen = true
    return () => {
      if (!isOpen) return
      isOpen = false
      const left = (this.#open.get(name) ?? 1) - 1
      if (left === 0) this.#open.delete(name)
      else this.#open.set(name, left)
    }
  }
}
