const LONGEST_RUN = 1024
const AFTER_ALL = '\uffff'

/**
 * Ids in ascending order, which for sync ids is the order in which they were made. Kept as short sorted runs, so that
 * adding one in the middle of many moves few, and filling it can give way at any point.
 */
export class SortedIds {
  readonly #runs: string[][] = [[]]

  /** One that is there already changes nothing. */
  add(id: string): void {
    const at = this.#runOf(id)
    const run = this.#runs[at] ?? []
    const index = placeOf(run, id)
    if (run[index] === id) return
    run.splice(index, 0, id)
    if (run.length > LONGEST_RUN) this.#runs.splice(at + 1, 0, run.splice(LONGEST_RUN / 2))
  }

  delete(id: string): void {
    const at = this.#runOf(id)
    const run = this.#runs[at] ?? []
    const index = placeOf(run, id)
    if (run[index] !== id) return
    run.splice(index, 1)
    if (run.length === 0 && this.#runs.length > 1) this.#runs.splice(at, 1)
  }

  /** The ids below this one (without one, all), greatest first. Those added or deleted meanwhile may come or not. */
  *below(id = AFTER_ALL): Iterable<string> {
    for (let last: string | undefined = id; last !== undefined; ) {
      const at = this.#runOf(last)
      const run = this.#runs[at] ?? []
      const end = placeOf(run, last)
      const ids = end > 0 ? run.slice(0, end) : [...(this.#runs[at - 1] ?? [])]
      last = ids[0]
      for (const next of ids.reverse()) yield next
    }
  }

  /** The last run that begins at or before the id, or else the first. */
  #runOf(id: string): number {
    const after = bisect(this.#runs.length, (at) => (this.#runs[at]?.[0] ?? '') <= id)
    return Math.max(0, after - 1)
  }
}

/** The first place among ascending ids whose id is not below this one. */
export function placeOf(ids: readonly string[], id: string): number {
  return bisect(ids.length, (at) => (ids[at] ?? '') < id)
}

/** The first of so many places that is not before the one sought. */
function bisect(length: number, isBefore: (at: number) => boolean): number {
  let [low, high] = [0, length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(middle)) low = middle + 1
    else high = middle
  }
  return low
}
