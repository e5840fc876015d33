import type { Clock } from '../ports/clock.ts'

export interface HeartbeatLimits {
  /** Milliseconds for which the same heartbeat must have been seen. */
  readonly timeoutMs: number
  /** Fewer looks than this prove nothing, however long ago the first was: the observer itself may have been stopped. */
  readonly looksNeeded: number
  /** Milliseconds between two looks after which the earlier ones prove nothing any more. */
  readonly gapMs: number
}

interface Observation {
  readonly heartbeat: string
  readonly since: number
  last: number
  looks: number
}

/**
 * Distinguishes those who are dead from the living by what was observed of their heartbeats on the observer's own monotonic
 * clock, so that no skew between wall clocks can make anybody dead.
 */
export class Heartbeats {
  readonly #clock: Clock
  readonly #limits: HeartbeatLimits
  readonly #observed = new Map<string, Observation>()

  constructor(clock: Clock, limits: HeartbeatLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** Notes a look at the heartbeat of one of them, and returns whether it has stood still for long enough. */
  standsStill(key: string, heartbeat: string): boolean {
    const { timeoutMs, looksNeeded, gapMs } = this.#limits
    const now = this.#clock.monotonic()
    const before = this.#observed.get(key)
    if (before === undefined || before.heartbeat !== heartbeat || now - before.last > gapMs) {
      this.#observed.set(key, { heartbeat, since: now, last: now, looks: 1 })
      return false
    }
    before.last = now
    before.looks += 1
    return before.looks >= looksNeeded && now - before.since >= timeoutMs
  }

  /** Forgets what was observed of those that are not to be kept. */
  forget(isKept: (key: string) => boolean = () => false): void {
    for (const key of this.#observed.keys()) if (!isKept(key)) this.#observed.delete(key)
  }
}
