/** Faults in a row from which on they may count as lasting. */
const LEAST_FAULTS = 3

/** Faults that followed each other without a success between them. */
export class FaultStreak {
  #since = 0
  #faults = 0
  #isSilent = true

  get faults(): number {
    return this.#faults
  }

  /** Whether nothing but silence came. */
  get isSilent(): boolean {
    return this.#isSilent
  }

  /** Adds a fault at this time, in milliseconds of a monotonic clock. */
  add(now: number, isSilent: boolean): void {
    if (this.#faults === 0) this.#since = now
    this.#faults += 1
    this.#isSilent &&= isSilent
  }

  /** Whether the first of them was so many milliseconds ago. */
  lasts(ms: number, now: number): boolean {
    return this.#faults > 0 && now - this.#since >= ms
  }

  /** Whether they have lasted so long that repeating is of no use any more. */
  isEnough(ms: number, now: number): boolean {
    return this.#faults >= LEAST_FAULTS && this.lasts(ms, now)
  }

  end(): void {
    this.#faults = 0
    this.#isSilent = true
  }
}
