/** A key that several rows have. */
export interface RepeatedKey {
  /** Whether there are rows of it now. */
  readonly isNow: boolean
  /** Of the first of them now, or before where there is none now. */
  readonly place: number
  /** Rows before, and now. */
  readonly since: number
  readonly until: number
}

/** Counts keys, and keeps those whose first rows come first: of rows now before those of rows that are gone. */
export class FirstKeys {
  readonly #most: number
  readonly #kept: RepeatedKey[] = []
  count = 0

  constructor(most: number) {
    this.#most = most
  }

  add(key: RepeatedKey): void {
    this.count += 1
    const last = this.#kept.at(-1)
    if (last !== undefined && this.#kept.length === this.#most && inOrder(last, key) < 0) return
    this.#kept.push(key)
    this.#kept.sort(inOrder)
    if (this.#kept.length > this.#most) this.#kept.pop()
  }

  list(): readonly RepeatedKey[] {
    return this.#kept
  }
}

function inOrder(one: RepeatedKey, other: RepeatedKey): number {
  return Number(other.isNow) - Number(one.isNow) || one.place - other.place
}
