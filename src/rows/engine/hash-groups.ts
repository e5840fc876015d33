/** Hashes of the rows of two tables, those of the first one before those of the second, in halves of 32 bits. */
export interface HashedRows {
  /** Rows of the first table. */
  readonly before: number
  /** Rows of the second one. */
  readonly now: number
  /** Of what rows are told apart by. */
  readonly key: Uint32Array
  /** Of all other columns; `undefined` where there are none. */
  readonly rest: Uint32Array | undefined
}

/** Groups there is room for at first. */
const CAPACITY = 1 << 10

/** Groups of rows with the same hash: an open-addressed table of numbers, as a Map would take 100 bytes of a row. */
export class HashGroups {
  readonly #key: Uint32Array
  readonly #rest: Uint32Array | undefined
  /** The number of a group and one, or 0. Twice as many as groups. */
  #slots: Uint32Array
  /** The first row of a group. */
  first: Uint32Array
  /** Rows of a group in the first table, and in the second; the caller's to count. */
  counts: readonly [Uint32Array, Uint32Array]
  size = 0

  /** `isWhole`: rows of a group have the same hash of all columns, and not only of the key. */
  constructor({ key, rest }: HashedRows, { isWhole, capacity = CAPACITY }: { isWhole: boolean; capacity?: number }) {
    this.#key = key
    this.#rest = isWhole ? rest : undefined
    this.#slots = new Uint32Array(2 * capacity)
    this.first = new Uint32Array(capacity)
    this.counts = [new Uint32Array(capacity), new Uint32Array(capacity)]
  }

  clear(): void {
    this.#slots.fill(0)
    for (const counts of this.counts) counts.fill(0)
    this.size = 0
  }

  /** The group of a row, which is a new one if need be. */
  add(row: number): number {
    let slot = this.#slotOf(row)
    const held = this.#slots[slot] as number
    if (held > 0) return held - 1
    if (this.size === this.first.length) {
      this.#grow()
      slot = this.#slotOf(row)
    }
    this.first[this.size] = row
    this.size += 1
    this.#slots[slot] = this.size
    return this.size - 1
  }

  /** The group of a row that was added. */
  find(row: number): number {
    return (this.#slots[this.#slotOf(row)] as number) - 1
  }

  /** The slot that holds the group of a row, or that is free for it. */
  #slotOf(row: number): number {
    const [key, rest] = [this.#key, this.#rest]
    const mask = this.#slots.length - 1
    const [low, high] = [key[2 * row], key[2 * row + 1] as number]
    const [restLow, restHigh] = rest === undefined ? [0, 0] : [rest[2 * row], rest[2 * row + 1] as number]
    // The lower halves say which part of all rows is grouped now, and are much the same in it.
    let slot = (high ^ Math.imul(restHigh as number, 0x9e3779b1)) & mask
    for (; ; slot = (slot + 1) & mask) {
      const group = this.#slots[slot] as number
      if (group === 0) return slot
      const at = 2 * (this.first[group - 1] as number)
      if (key[at] !== low || key[at + 1] !== high) continue
      if (rest === undefined || (rest[at] === restLow && rest[at + 1] === restHigh)) return slot
    }
  }

  #grow(): void {
    this.first = longer(this.first)
    this.counts = [longer(this.counts[0]), longer(this.counts[1])]
    this.#slots = new Uint32Array(2 * this.first.length)
    for (let group = 0; group < this.size; group += 1)
      this.#slots[this.#slotOf(this.first[group] as number)] = group + 1
  }
}

/** A copy with room for as many again. */
export function longer(numbers: Uint32Array): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(2 * numbers.length)
  copy.set(numbers)
  return copy
}
