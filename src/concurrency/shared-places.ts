export interface SharedPlacesOptions {
  /** Places in all. */
  readonly total: number
  /** Places that one owner may hold at the most; default: no limit but what the others leave. */
  readonly perOwner?: number
}

/**
 * Places that owners share. An owner may hold as many as are still free, so that one alone gets half of them, two get a
 * third each, and whoever comes next always finds some (dynamic thresholds with a factor of one: Choudhury and Hahne,
 * "Dynamic queue length thresholds for shared-memory packet switches", 1998).
 */
export class SharedPlaces {
  readonly #perOwner: number
  readonly #held = new Map<string, number>()
  #free: number

  constructor({ total, perOwner = total }: SharedPlacesOptions) {
    this.#free = total
    this.#perOwner = perOwner
  }

  /** Takes a place; `undefined` when this owner may have no more now. What comes back gives it back, and may be called again. */
  take(owner: string): (() => void) | undefined {
    const held = this.#held.get(owner) ?? 0
    if (held >= Math.min(this.#free, this.#perOwner)) return undefined
    this.#free -= 1
    this.#held.set(owner, held + 1)
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#free += 1
      const left = (this.#held.get(owner) ?? 0) - 1
      if (left > 0) this.#held.set(owner, left)
      else this.#held.delete(owner)
    }
  }
}
