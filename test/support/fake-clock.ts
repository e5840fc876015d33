import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../src/ports/clock.ts'

interface Sleeper {
  readonly due: number
  readonly wake: () => void
}

/** A clock that stands still until a test moves it. The wall clock can be set apart from the monotonic one. */
export class FakeClock implements Clock {
  #wall = Date.parse('2026-01-01T00:00:00.000Z')
  #monotonic = 0
  readonly #sleepers = new Set<Sleeper>()

  /** How many sleep at this moment. */
  get sleepers(): number {
    return this.#sleepers.size
  }

  now(): Date {
    return new Date(this.#wall)
  }

  monotonic(): number {
    return this.#monotonic
  }

  sleep(ms: number, signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal?.aborted) {
        resolve(false)
        return
      }
      const sleeper = {
        due: this.#monotonic + ms,
        wake: () => {
          this.#sleepers.delete(sleeper)
          signal?.removeEventListener('abort', abort)
          resolve(true)
        },
      }
      const abort = () => {
        this.#sleepers.delete(sleeper)
        resolve(false)
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#sleepers.add(sleeper)
    })
  }

  /** Sets the wall clock ahead (or back), as NTP or a person would. */
  setWall(byMs: number): void {
    this.#wall += byMs
  }

  /** Moves both clocks without waking anybody on the way, as for a process that was stopped. */
  leap(byMs: number): void {
    this.#moveTo(this.#monotonic + byMs)
  }

  /** Lets time pass, waking each sleeper when it is due and giving it turns to do what it does. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms
    for (;;) {
      await settle()
      const next = [...this.#sleepers].sort((one, other) => one.due - other.due)[0]
      if (next === undefined || next.due > end) break
      this.#moveTo(Math.max(next.due, this.#monotonic))
      next.wake()
    }
    this.#moveTo(end)
    await settle()
  }

  #moveTo(monotonic: number): void {
    this.#wall += monotonic - this.#monotonic
    this.#monotonic = monotonic
  }
}

/** Enough turns of the event loop for what hangs on promises, and not on time, to be done. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await turn()
}
