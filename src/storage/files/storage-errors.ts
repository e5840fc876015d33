import { toDiskError } from '../../disk/disk-errors.ts'

export { errnoOf } from '../../disk/disk-errors.ts'
export { corruptRecord as corrupt, isCorruptRecord as isCorrupt } from '../../model/sync-record.ts'

/** Names a failure of the medium; anything that is not one comes back as it is. `doing` reads "could not be written". */
export function toStorageError(error: unknown, doing: string): unknown {
  return toDiskError(error, `The status ${doing}`)
}
