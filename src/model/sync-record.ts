import { AppError } from '../errors.ts'
import { type Sync, syncSchema } from './sync.ts'

/**
 * The format of the records that this release writes. Raise it with whatever an earlier release would refuse, or lose
 * when it writes the record anew: a member, a state, a phase, an error code of failed syncs. The earlier release then
 * leaves such records as they are. Records without a number are of format 1. Whatever the format, each change raises the
 * revision, and on Redis a record begins with its revision, write id and format.
 */
export const RECORD_FORMAT = 6

/** What is stored of a sync; its JSON is the record. */
export function toSyncRecord(sync: Sync): Sync & { readonly format: number } {
  return { format: RECORD_FORMAT, ...sync }
}

/**
 * Reads the record of a sync. Throws STATUS_CORRUPT for anything that is not its whole, true record, and
 * STATUS_FORMAT_NEWER for one that a newer release has written.
 */
export function parseSyncRecord(id: string, text: string): Sync {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw corruptRecord(id, error)
  }
  if (isNewerFormat(value)) {
    throw new AppError('STATUS_FORMAT_NEWER', `The record of ${id} has a format that this release does not know.`)
  }
  const { data: sync, error } = syncSchema.safeParse(value)
  if (sync === undefined) throw corruptRecord(id, error)
  if (sync.id !== id) throw corruptRecord(id, new TypeError(`it is the record of ${sync.id}`))
  return sync
}

/** Whether this is the parsed JSON of a record that a newer release has written. */
export function isNewerFormat(record: unknown): boolean {
  if (typeof record !== 'object' || record === null || !('format' in record)) return false
  return typeof record.format === 'number' && record.format > RECORD_FORMAT
}

/** A record that is there and cannot be read. */
export function corruptRecord(id: string, cause?: unknown): AppError {
  return new AppError('STATUS_CORRUPT', `The record of ${id} is damaged.`, { cause })
}

export function isCorruptRecord(error: unknown): boolean {
  return error instanceof AppError && error.code === 'STATUS_CORRUPT'
}

/** Whether a record could not be read because a newer release has written it: it is whole, and not ours to change. */
export function isNewerRecord(error: unknown): boolean {
  return error instanceof AppError && error.code === 'STATUS_FORMAT_NEWER'
}
