/**
 * Who goes next, when many wait for few places: lanes take turns, and none may have more than its share under way, so
 * that a slow lane holds up nobody but itself.
 */
export class Lanes {
  readonly #most: number
  readonly #mostPerLane: number
  /** Lane to who waits in it; the lane that had its turn longest ago comes first. */
  readonly #waiting = new Map<string, Set<string>>()
  /** Lane to how many of it are under way. */
  readonly #busy = new Map<string, number>()
  #underWay = 0

  constructor(options: { readonly most: number; readonly mostPerLane: number }) {
    this.#most = options.most
    this.#mostPerLane = options.mostPerLane
  }

  /** One that waits in the lane already is not added again. */
  add(lane: string, item: string): void {
    const items = this.#waiting.get(lane)
    if (items === undefined) this.#waiting.set(lane, new Set([item]))
    else items.add(item)
  }

  /** Takes the next one that may begin; `leave` is to be called when it has ended. */
  take(): { readonly lane: string; readonly item: string } | undefined {
    if (this.#underWay >= this.#most) return undefined
    for (const [lane, items] of this.#waiting) {
      const busy = this.#busy.get(lane) ?? 0
      if (busy >= this.#mostPerLane) continue
      const [item] = items
      this.#waiting.delete(lane)
      if (item === undefined) continue
      items.delete(item)
      if (items.size > 0) this.#waiting.set(lane, items)
      this.#busy.set(lane, busy + 1)
      this.#underWay++
      return { lane, item }
    }
    return undefined
  }

  leave(lane: string): void {
    const busy = (this.#busy.get(lane) ?? 1) - 1
    if (busy === 0) this.#busy.delete(lane)
    else this.#busy.set(lane, busy)
    this.#underWay--
  }

  /** Lets go of all who wait. */
  clear(): void {
    this.#waiting.clear()
  }
}
