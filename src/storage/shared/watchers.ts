import type { Log } from '../../ports/log.ts'

/** Who watches which sync, in this process. */
export class Watchers {
  readonly #byId = new Map<string, Set<() => void>>()
  /** Those who watch every sync. */
  readonly #ofAll = new Set<(id: string | undefined) => void>()
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

  /** Adds a watcher of every sync, as `SyncStorage.watchAll` says; the function that it returns removes it. */
  addOfAll(onChange: (id: string | undefined) => void): () => void {
    const watcher = (id: string | undefined) => onChange(id)
    this.#ofAll.add(watcher)
    return () => void this.#ofAll.delete(watcher)
  }

  /** How many watch every sync. */
  get sizeOfAll(): number {
    return this.#ofAll.size
  }

  notify(id: string): void {
    this.#call(this.#byId.get(id), id)
    this.#call(this.#ofAll, id)
  }

  /** Any sync may have changed. */
  notifyAll(): void {
    for (const [id, watchers] of [...this.#byId]) this.#call(watchers, id)
    this.#call(this.#ofAll, undefined)
  }

  clear(): void {
    for (const watchers of this.#byId.values()) watchers.clear()
    this.#byId.clear()
    this.#ofAll.clear()
  }

  #call(watchers: ReadonlySet<(id: string | undefined) => void> | undefined, id: string | undefined): void {
    if (watchers === undefined) return
    for (const watcher of [...watchers]) {
      // One that is notified may stop another.
      if (!watchers.has(watcher)) continue
      try {
        watcher(id)
      } catch (error) {
        // Whoever notifies has just stored a change, which is no less stored because one listener has a defect.
        this.#log.error({ err: error, syncId: id }, 'a watcher of a sync failed; the others are notified')
      }
    }
  }
}
