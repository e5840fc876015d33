import type { Sync } from '../../model/sync.ts'

/** Characters of records that are remembered, by default: what takes about 128 MB as objects at the most. */
const KEPT_CHARACTERS = 32 * 1024 * 1024

/** A sync as it was read from or written to its row. */
export interface KnownSync {
  readonly sync: Sync
  /** Differs for every write to the row, whoever made it. */
  readonly version: string
}

interface Entry extends KnownSync {
  readonly size: number
  readonly since: number
}

/**
 * The syncs that this process has last seen, so that a record is sent and parsed only when it has changed, and the same
 * object comes back until then. It is never the truth: each read asks the row whether it still has this version.
 */
export class KnownSyncs {
  readonly #entries = new Map<string, Entry>()
  readonly #limit: number
  #size = 0
  #turn = 0

  constructor(limit = KEPT_CHARACTERS) {
    this.#limit = limit
  }

  get(id: string): KnownSync | undefined {
    return this.#entries.get(id)
  }

  /** A moment to compare with: what is read after it is newer than what was known before it. */
  turn(): number {
    return ++this.#turn
  }

  /** Keeps what a question asked at `turn` has found. Answers what to hand out: the object known already, if it is this one. */
  put(id: string, known: KnownSync, { size, turn }: { readonly size: number; readonly turn: number }): Sync {
    const before = this.#entries.get(id)
    if (before?.version === known.version) {
      this.#touch(id, before)
      return before.sync
    }
    // An answer that was overtaken on its way must not displace what came after it.
    if (before !== undefined && before.since > turn && before.sync.revision >= known.sync.revision) return known.sync
    this.forget(id)
    this.#entries.set(id, { ...known, size, since: this.turn() })
    this.#size += size
    this.#trim()
    return known.sync
  }

  forget(id: string): void {
    this.#size -= this.#entries.get(id)?.size ?? 0
    this.#entries.delete(id)
  }

  clear(): void {
    this.#entries.clear()
    this.#size = 0
  }

  #touch(id: string, entry: Entry): void {
    this.#entries.delete(id)
    this.#entries.set(id, entry)
  }

  #trim(): void {
    for (const id of this.#entries.keys()) {
      if (this.#size <= this.#limit || this.#entries.size === 1) return
      this.forget(id)
    }
  }
}
