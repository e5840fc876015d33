import { TimeoutError, withTimeout } from '../concurrency/timeout.ts'
import { AppError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'

/**
 * Milliseconds within which whoever asks for a change has an answer, whatever has become of the storage: 2 s are promised,
 * and each call of a storage takes nearly as long by itself when its server hangs.
 */
export const ANSWER_MS = 1700

/** Parts in which that time passes; one counts once, however long this process was held in it, and leaves the next. */
const SLICES = 2

/**
 * Settles as the work does, or rejects with `STORAGE_UNAVAILABLE` when its time is over. The work goes on then, but the
 * signal is aborted with that error: what has not begun by then is not to begin.
 *
 * What this process itself is busy with, as when the first download loads what it needs, is no time of the storage's.
 */
export async function inAnswerTime<T>(clock: Clock, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController()
  try {
    return await withTimeout(work(over.signal), ANSWER_MS, 'the storage', sliced(clock))
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error
    const late = new AppError('STORAGE_UNAVAILABLE', 'The storage did not answer in time.', { cause: error })
    over.abort(late)
    throw late
  }
}

function sliced(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    async sleep(ms, signal) {
      for (let slice = 0; slice < SLICES; slice++) if (!(await clock.sleep(ms / SLICES, signal))) return false
      return true
    },
  }
}
