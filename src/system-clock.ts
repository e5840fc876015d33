import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from './ports/clock.ts'

export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, { signal })
      return true
    } catch (error) {
      if (signal?.aborted) return false
      throw error
    }
  },
}
