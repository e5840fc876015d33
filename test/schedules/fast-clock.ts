import type { Clock } from '../../src/ports/clock.ts'
import { systemClock } from '../../src/system-clock.ts'

/** A clock on which time passes so many times as fast, for what waits for real answers over real HTTP between its pauses. */
export function fastClock(factor: number): Clock {
  const wall = Date.now()
  const start = performance.now()
  const monotonic = () => (performance.now() - start) * factor
  return {
    monotonic,
    now: () => new Date(wall + monotonic()),
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
  }
}
