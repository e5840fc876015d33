import { AppError, type ErrorCode } from '../errors.ts'
import { isOutOfDescriptors } from './descriptors.ts'
import { isWindows } from './platform.ts'

/** The errno name of a failed system call, such as `ENOENT`; `undefined` for anything else that was thrown. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  return /^E(?!RR_)[A-Z0-9]+$/.test(error.code) ? error.code : undefined
}

/** Resolves to what the call resolves to, or to `undefined` when it fails with one of these errnos. */
export async function ignoreErrno<T>(call: Promise<T>, ...errnos: string[]): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (errnos.includes(errnoOf(error) ?? '')) return undefined
    throw error
  }
}

/** Whether somebody may have the file open, or this user may not touch it: Windows says the same of both. */
export function isHeld(error: unknown): boolean {
  return ['EPERM', 'EACCES', 'EBUSY'].includes(errnoOf(error) ?? '')
}

const REFUSED = isWindows
  ? 'another program has it open, or this user may not write there'
  : 'this user may not write there'

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is mounted read-only',
  EACCES: REFUSED,
  EPERM: REFUSED,
  EBUSY: 'another program has it open',
  EIO: 'the disk reported an error',
  EMFILE: 'this process has too many open files',
  ENFILE: 'the system has too many open files',
  ENOENT: 'the folder is gone',
}

/** What is not `STORAGE_UNAVAILABLE`. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'STORAGE_FULL',
  EDQUOT: 'STORAGE_FULL',
  EMFILE: 'STORAGE_BUSY',
  ENFILE: 'STORAGE_BUSY',
}

/**
 * Turns a failed system call into `STORAGE_FULL`, `STORAGE_BUSY` or `STORAGE_UNAVAILABLE`; anything else comes back as it
 * is. `what` reads "The status could not be written".
 */
export function toDiskError(error: unknown, what: string): unknown {
  if (error instanceof AppError) return error
  const errno = errnoOf(error) ?? (isOutOfDescriptors(error) ? 'EMFILE' : undefined)
  if (errno === undefined) return error
  const reason = REASONS[errno] ?? 'the file system refused'
  return new AppError(CODES[errno] ?? 'STORAGE_UNAVAILABLE', `${what}: ${reason} (${errno}).`, { cause: error })
}

/** Runs work on the disk, whose failures reject as {@link toDiskError} says. */
export async function withDiskErrors<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toDiskError(error, what)
  }
}
