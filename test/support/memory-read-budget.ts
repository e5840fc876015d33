import type { Clock } from '../../src/ports/clock.ts'
import { ABANDONED_MS, WINDOW_MS } from '../../src/sheets/read-budget-rule.ts'
import { SharedReadBudget, type SharedReads } from '../../src/sheets/shared-read-budget.ts'

interface Taken {
  readonly read: string
  readonly key: string
  /** When it is free again though nobody called it done. */
  readonly abandonedAt: number
  until: number
}

/** A budget in memory, on a clock that a test moves; a test may make it unreachable. */
export class MemoryReadBudget extends SharedReadBudget<number> {
  readonly #limit: number
  readonly #clock: Clock
  readonly #taken = new Map<string, Taken>()
  #version = 0
  #lastGrant = Number.NEGATIVE_INFINITY
  #pausedUntil = Number.NEGATIVE_INFINITY
  /** What every call rejects with, while it is set. */
  fault: Error | undefined

  constructor({ readsPerMinute, clock }: { readonly readsPerMinute: number; readonly clock: Clock }) {
    super()
    this.#limit = readsPerMinute
    this.#clock = clock
  }

  override async done(read: string): Promise<void> {
    const now = this.#now()
    const taken = this.#taken.get(read)
    if (taken?.until === Number.POSITIVE_INFINITY) taken.until = now + WINDOW_MS
  }

  override async pause(ms: number): Promise<void> {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#now() + ms)
    this.#version++
  }

  protected override async load(): Promise<SharedReads<number>> {
    const now = this.#now()
    for (const { read, until, abandonedAt } of this.#taken.values()) {
      if (Math.min(until, abandonedAt) <= now) this.#taken.delete(read)
    }
    const [limit, version, lastGrant, pausedUntil] = [this.#limit, this.#version, this.#lastGrant, this.#pausedUntil]
    return { limit, taken: [...this.#taken.values()], lastGrant, pausedUntil, now, version }
  }

  protected override async record(read: string, key: string, version: number): Promise<boolean> {
    const now = this.#now()
    if (this.#version !== version) return false
    this.#taken.set(read, { read, key, until: Number.POSITIVE_INFINITY, abandonedAt: now + ABANDONED_MS })
    this.#lastGrant = now
    this.#version++
    return true
  }

  #now(): number {
    if (this.fault !== undefined) throw this.fault
    return this.#clock.monotonic()
  }
}
