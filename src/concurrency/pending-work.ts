import { setImmediate as nextEvents } from 'node:timers/promises'

/** Work under way, which whoever closes waits for. */
export class PendingWork {
  readonly #pending = new Set<Promise<unknown>>()

  /** Begins a task; settles as it does. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    const work = task()
    this.#pending.add(work)
    try {
      return await work
    } finally {
      this.#pending.delete(work)
    }
  }

  /** Resolves when nothing is under way, nor anything that the callers of tasks go on to when those have ended. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) {
      await Promise.allSettled(this.#pending)
      await nextEvents()
    }
  }
}
