/** Milliseconds until a read that was let through is free again. */
const WINDOW_MS = 60_000

/**
 * Google's count of reads, as its answers show it: of any 60 seconds, not of the clock's minute, so reads come back one by
 * one as they turn a minute old. A read that is refused is not counted (Service Control, `QuotaMode` NORMAL: "allocation
 * error will be returned and no quota will be allocated").
 */
export class ReadWindow {
  #granted: number[] = []

  /** Whether one read more is one too many at this time. */
  isFull(limit: number, now: number): boolean {
    this.#granted = this.#granted.filter((at) => at > now - WINDOW_MS)
    return this.#granted.length >= limit
  }

  /** Counts a read at this time, unless it is one too many: whether it may be answered. */
  take(limit: number, now: number): boolean {
    if (this.isFull(limit, now)) return false
    this.#granted.push(now)
    return true
  }
}
