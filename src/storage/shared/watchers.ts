import type { Log } from '../../ports/log.ts'

/** Who watches which sync, in this process. */
export class Watchers {
  readonly #byId = new Map<string, Set<() => void>>()
  readonly #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  /** The ids that somebody watches. */
  get ids(): Iterable<string> {
    return this.#byId.keys()
  }

  /** How many ids are watched. */
  get size(): number {
    return this.#byId.size
  }

  has(id: string): boolean {
    return this.#byId.has(id)
  }

  /** Adds a watcher; the function that it returns removes it, and may be called again. */
  add(id: string, onChange: () => void): () => void {
    // A function of its own, so that one listener may watch twice.
    const watcher = () => onChange()
    const watchers = this.#byId.get(id) ?? new Set()
    this.#byId.set(id, watchers.add(watcher))
    return () => {
      watchers.delete(watcher)
      if (watchers.size === 0 && this.#byId.get(id) === watchers) this.#byId.delete(id)
    }
  }

  notify(id: string): void {
    const watchers = this.#byId.get(id)
    if (watchers === undefined) return
    for (const watcher of [...watchers]) {
      // One that is notified may stop another.
      if (!watchers.has(watcher)) continue
      try {
        watcher()
      } catch (error) {
        // Whoever notifies has just stored a change, which is no less stored because one listener has a defect.
        this.#log.error({ err: error, syncId: id }, 'a watcher of a sync failed; the others are notified')
      }
    }
  }

  notifyAll(): void {
    for (const id of [...this.#byId.keys()]) this.notify(id)
  }

  clear(): void {
    for (const watchers of this.#byId.values()) watchers.clear()
    this.#byId.clear()
  }
}
