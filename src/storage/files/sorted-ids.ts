const LONGEST_RUN = 1024

/**
 * Ids in ascending order, which for sync ids is the order in which they were made. Kept as short sorted runs, so that
 * adding one in the middle of many moves few, and filling it can give way at any point.
 */
export class SortedIds {
  readonly #runs: string[][] = [[]]
  /** Grows with every change. */
  #changes = 0

  /** One that is there already changes nothing. */
  add(id: string): void {
    const at = this.#runOf(id)
    const run = this.#runs[at] ?? []
    const index = lowerBound(run, id)
    if (run[index] === id) return
    run.splice(index, 0, id)
    this.#changes++
    if (run.length > LONGEST_RUN) this.#runs.splice(at + 1, 0, run.splice(LONGEST_RUN / 2))
  }

  delete(id: string): void {
    const at = this.#runOf(id)
    const run = this.#runs[at] ?? []
    const index = lowerBound(run, id)
    if (run[index] !== id) return
    run.splice(index, 1)
    this.#changes++
    if (run.length === 0 && this.#runs.length > 1) this.#runs.splice(at, 1)
  }

  /** The ids below this one (without one, all), greatest first; goes on rightly when ids are added or deleted meanwhile. */
  *below(id?: string): Iterable<string> {
    let last = id
    let changes = -1
    let at = 0
    let index = 0
    for (;;) {
      if (changes !== this.#changes) {
        changes = this.#changes
        at = last === undefined ? this.#runs.length - 1 : this.#runOf(last)
        const run = this.#runs[at] ?? []
        index = last === undefined ? run.length : lowerBound(run, last)
      }
      index--
      while (index < 0 && at > 0) {
        at--
        index = (this.#runs[at]?.length ?? 0) - 1
      }
      last = this.#runs[at]?.[index]
      if (last === undefined) return
      yield last
    }
  }

  /** The last run that begins at or before the id, or else the first. */
  #runOf(id: string): number {
    let low = 0
    let high = this.#runs.length
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if ((this.#runs[middle]?.[0] ?? '') <= id) low = middle
      else high = middle
    }
    return low
  }
}

/** The first place whose id is not below this one. */
function lowerBound(run: readonly string[], id: string): number {
  let low = 0
  let high = run.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((run[middle] ?? '') < id) low = middle + 1
    else high = middle
  }
  return low
}
