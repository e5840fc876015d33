import { AppError } from '../../errors.ts'

/** How often Parquet is tried to be made: a process that is killed takes nothing with it, and the next one is another. */
const TRIES = 3

/** Repeats work that fails because an engine process has ended; nothing of it may have been written by then. */
export async function withEngineRetries(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      const isTransient = error instanceof AppError && error.code === 'QUERY_ENGINE_FAILED'
      if (!isTransient || tries === TRIES || signal.aborted) throw error
    }
  }
}
