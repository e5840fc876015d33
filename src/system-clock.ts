import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from './ports/clock.ts'

/** Node fires a timer of more milliseconds after 1 ms (nodejs.org/api/timers.html, "setTimeout"). */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Sets one timer; rejects when the signal is aborted. */
type Timer = (ms: number, value: undefined, options: { readonly signal?: AbortSignal | undefined }) => Promise<unknown>

/** The time of this machine, over these timers. */
export function makeClock(timer: Timer): Clock {
  return {
    now: () => new Date(),
    monotonic: () => performance.now(),
    async sleep(ms, signal) {
      try {
        let left = ms
        for (; left > LONGEST_TIMER_MS; left -= LONGEST_TIMER_MS) await timer(LONGEST_TIMER_MS, undefined, { signal })
        await timer(left, undefined, { signal })
        return true
      } catch (error) {
        if (signal?.aborted) return false
        throw error
      }
    },
  }
}

export const systemClock = makeClock(delay)
