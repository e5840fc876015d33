import { AppError } from '../errors.ts'

/** The errno name of a failed system call, such as `ENOENT`; `undefined` for any other error. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  return /^E(?!RR_)[A-Z0-9]+$/.test(error.code) ? error.code : undefined
}

/** Turns a failed system call into `STORAGE_FULL` or `STORAGE_UNAVAILABLE`; any other error comes back as it is. */
export function asDiskError(error: unknown): unknown {
  const errno = errnoOf(error)
  if (errno === undefined) return error
  return errno === 'ENOSPC' || errno === 'EDQUOT'
    ? new AppError('STORAGE_FULL', 'The disk that holds the snapshots is full.', { cause: error })
    : new AppError('STORAGE_UNAVAILABLE', `The snapshots cannot be reached on disk now (${errno}).`, { cause: error })
}

/** Runs work on the disk; a failing medium rejects as the port promises. */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asDiskError(error)
  }
}
