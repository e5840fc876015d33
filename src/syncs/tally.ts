import type { Clock } from '../ports/clock.ts'

/** Milliseconds after which other processes may have added so much that it is counted anew. */
const COUNT_TTL_MS = 1000

/** Counting may take this share of the time at most, however much there is and however often it is asked for. */
const COUNT_SHARE = 0.1

/** A sync that was admitted. */
export interface Admission {
  readonly createdBy: string | null
  isCreated: boolean
}

/**
 * What a limit bounds: counted in the storage, at most once a second while there is room, and added to locally until the
 * next count. So one process never goes beyond a limit, and several together by no more than they add between two counts.
 */
export abstract class Tally {
  readonly #clock: Clock
  #countedAt = Number.NEGATIVE_INFINITY
  #tookMs = 0
  #counting: Promise<void> | undefined
  /** What a count may have missed: all that was added since the last one began, or was not yet created then. */
  readonly #uncounted = new Set<Admission>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts in the storage, and forgets what was added locally. */
  protected abstract count(): Promise<void>

  protected abstract add(admission: Admission, one: 1 | -1): void

  /** Counts anew if that is due: what has gone since the last count is only seen by another, so a stale one refuses nobody. */
  async refresh(isFull: boolean): Promise<void> {
    const age = this.#clock.monotonic() - this.#countedAt
    const isDue = age > COUNT_TTL_MS || isFull
    if (!(isDue && age >= this.#tookMs / COUNT_SHARE) && this.#counting === undefined) return
    this.#counting ??= this.#count().finally(() => {
      this.#counting = undefined
    })
    await this.#counting
  }

  /** Adds a sync that is about to be created. */
  admit(admission: Admission): void {
    this.#uncounted.add(admission)
    this.add(admission, 1)
  }

  /** Takes back a sync that was not created. */
  dismiss(admission: Admission): void {
    this.#uncounted.delete(admission)
    this.add(admission, -1)
  }

  async #count(): Promise<void> {
    const began = this.#clock.monotonic()
    for (const admission of this.#uncounted) if (admission.isCreated) this.#uncounted.delete(admission)
    await this.count()
    for (const admission of this.#uncounted) this.add(admission, 1)
    this.#countedAt = this.#clock.monotonic()
    this.#tookMs = this.#countedAt - began
  }
}
