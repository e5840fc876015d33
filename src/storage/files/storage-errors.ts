import { toDiskError } from '../../disk/disk-errors.ts'
import { AppError } from '../../errors.ts'

export { errnoOf } from '../../disk/disk-errors.ts'

/** Names a failure of the medium; anything that is not one comes back as it is. `doing` reads "could not be written". */
export function toStorageError(error: unknown, doing: string): unknown {
  return toDiskError(error, `The status ${doing}`)
}

/** A record that is there and says nothing. */
export function corrupt(id: string, cause?: unknown): AppError {
  return new AppError('STATUS_CORRUPT', `The record of ${id} is damaged.`, { cause })
}

export function isCorrupt(error: unknown): boolean {
  return error instanceof AppError && error.code === 'STATUS_CORRUPT'
}
