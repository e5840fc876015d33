import { AppError } from '../../errors.ts'

/** The errno name of a failed call (`ENOENT`, `EIO` …), or `undefined` for anything else that was thrown. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error || 'errno' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is mounted read-only',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EIO: 'the disk reported an error',
  EMFILE: 'this process has too many open files',
  ENFILE: 'the system has too many open files',
  ENOENT: 'the folder is gone',
}

/** Names a failure of the medium; anything that is not one comes back as it is. `doing` reads "could not be written". */
export function toStorageError(error: unknown, doing: string): unknown {
  const code = errnoOf(error)
  if (code === undefined) return error
  const full = code === 'ENOSPC' || code === 'EDQUOT'
  return new AppError(
    full ? 'STORAGE_FULL' : 'STORAGE_UNAVAILABLE',
    `The status ${doing}: ${REASONS[code] ?? 'the file system refused'} (${code}).`,
    { cause: error },
  )
}

/** A record that is there and says nothing. */
export function corrupt(id: string, cause?: unknown): AppError {
  return new AppError('STATUS_CORRUPT', `The record of ${id} is damaged.`, { cause })
}

export function isCorrupt(error: unknown): boolean {
  return error instanceof AppError && error.code === 'STATUS_CORRUPT'
}
