import { toDiskError } from '../disk/disk-errors.ts'

export { errnoOf } from '../disk/disk-errors.ts'

/** Turns a failed system call into `STORAGE_FULL` or `STORAGE_UNAVAILABLE`; any other error comes back as it is. */
export function asDiskError(error: unknown): unknown {
  return toDiskError(error, 'The snapshots cannot be reached')
}

/** Runs work on the disk; a failing medium rejects as the port promises. */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asDiskError(error)
  }
}
