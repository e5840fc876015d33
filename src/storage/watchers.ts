/** Who waits for news of which sync, in this process. */
export class Watchers {
  readonly #byId = new Map<string, Set<() => void>>()

  /** The ids that somebody watches. */
  get ids(): Iterable<string> {
    return this.#byId.keys()
  }

  has(id: string): boolean {
    return this.#byId.has(id)
  }

  /** Adds a watcher; the function that comes back takes it away, and may be called again. */
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

  tell(id: string): void {
    for (const watcher of [...(this.#byId.get(id) ?? [])]) watcher()
  }

  tellAll(): void {
    for (const id of [...this.#byId.keys()]) this.tell(id)
  }

  clear(): void {
    this.#byId.clear()
  }
}
