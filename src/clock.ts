import { setTimeout as delay } from 'node:timers/promises'

/** Time as the rest of the code sees it, so that a test can hold it, skew it or let it leap. */
export interface Clock {
  /** Wall-clock time: for stamps that people read and for expiry, never for measuring. */
  now(): Date
  /** Milliseconds that only ever grow, unrelated to the wall clock: for leases, deadlines and pauses. */
  monotonic(): number
  /** Resolves after `ms`; rejects at once with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal === undefined ? {} : { signal })
    } catch (error) {
      throw signal?.aborted ? signal.reason : error
    }
  },
}
