import { toDiskError } from '../../disk/disk-errors.ts'
import { AppError } from '../../errors.ts'

/** Runs the task, and names a failure of the medium that ends it. `what` reads "The status could not be written". */
export async function withDiskErrors<T>(what: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    throw toDiskError(error, what)
  }
}

/** A record that is there and says nothing. */
export function corrupt(id: string, cause?: unknown): AppError {
  return new AppError('STATUS_CORRUPT', `The record of ${id} is damaged.`, { cause })
}

export function isCorrupt(error: unknown): boolean {
  return error instanceof AppError && error.code === 'STATUS_CORRUPT'
}
