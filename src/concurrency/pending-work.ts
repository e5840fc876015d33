import { setImmediate as nextEvents } from 'node:timers/promises'

/** Work under way, which whoever closes waits for. */
export class PendingWork {
  readonly #pending = new Set<Promise<unknown>>()

  /** Settles as the work does. */
  async track<T>(work: Promise<T>): Promise<T> {
    this.#pending.add(work)
    try {
      return await work
    } finally {
      this.#pending.delete(work)
    }
  }

  /** Resolves when nothing is under way, nor anything that tracked work has begun when it ended. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) {
      await Promise.allSettled(this.#pending)
      await nextEvents()
    }
  }
}
