import { TimeoutError, withTimeout } from '../concurrency/timeout.ts'
import { AppError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'

/**
 * Milliseconds within which whoever asks for a change has an answer, whatever has become of the storage: 2 s are promised,
 * and each call of a storage takes nearly as long by itself when its server hangs.
 */
export const ANSWER_MS = 1700

/**
 * Settles as the work does, or rejects with `STORAGE_UNAVAILABLE` when its time is over. The work goes on then, but the
 * signal is aborted with that error: what has not begun by then is not to begin.
 */
export async function inAnswerTime<T>(clock: Clock, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController()
  try {
    return await withTimeout(work(over.signal), ANSWER_MS, 'the storage', clock)
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error
    const late = new AppError('STORAGE_UNAVAILABLE', 'The storage did not answer in time.', { cause: error })
    over.abort(late)
    throw late
  }
}
