import { setImmediate as nextEvents } from 'node:timers/promises'
import type { Clock } from '../ports/clock.ts'

/** What took longer than it may. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'

  constructor(what: string, ms: number) {
    super(`${what} took longer than ${ms} ms`)
  }
}

/**
 * Settles as the work does, or rejects with a {@link TimeoutError} after `ms`. The work itself goes on: a client that
 * waits for a server which hangs cannot be called back, only left alone, and what becomes of it then is nobody's concern.
 * An answer that has come in time but was not read yet counts.
 */
export async function withTimeout<T>(work: Promise<T>, ms: number, what: string, clock: Clock): Promise<T> {
  const settled = new AbortController()
  const limit = clock.sleep(ms, settled.signal).then(async (isOver) => {
    if (!isOver) return work
    // After a stop of this very process the timer fires before the answers that have long been there are read.
    await nextEvents()
    throw new TimeoutError(what, ms)
  })
  // Both may reject after the race is over.
  limit.catch(() => undefined)
  work.catch(() => undefined)
  try {
    return await Promise.race([work, limit])
  } finally {
    settled.abort()
  }
}
