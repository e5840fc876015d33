import { AppError } from '../../errors.ts'
import { parseSync, type Sync } from '../../model/sync.ts'
import { deepFreeze } from '../shared/deep-freeze.ts'

/** A record as it is stored: JSON that begins with what the scripts compare, so that they need not parse it. */
export interface RecordText {
  readonly text: string
  /** The beginning of the text. No two writes share one, so it tells whether a record is still the same. */
  readonly head: string
  readonly bytes: number
}

const HEAD = /^\{"revision":\d+,"writeId":"[0-9a-z-]+",/

/** `writeId` names this one write: it differs even between two that store the same revision. */
export function formatRecord(sync: Sync, writeId: string): RecordText {
  const { revision, ...rest } = sync
  return recordOf(JSON.stringify({ revision, writeId, ...rest }))
}

/** A stored text; its head is empty for any that we did not write. */
export function recordOf(text: string): RecordText {
  return { text, head: HEAD.exec(text)?.[0] ?? '', bytes: Buffer.byteLength(text) }
}

/** The sync of a stored text, or `STATUS_CORRUPT` for anything that is not the whole record of this sync. */
export function parseRecord(id: string, { text, head }: RecordText): Sync | AppError {
  if (head === '') return corrupt(id, new TypeError('it is not one of our records'))
  try {
    const sync = parseSync(JSON.parse(text))
    return sync.id === id ? deepFreeze(sync) : corrupt(id, new TypeError(`it is the record of ${sync.id}`))
  } catch (error) {
    return corrupt(id, error)
  }
}

export function corrupt(id: string, cause?: unknown): AppError {
  return new AppError('STATUS_CORRUPT', `The record of ${id} is not readable.`, cause === undefined ? {} : { cause })
}

/** Names of the indexes that a sync stands in. */
export function indexesOf(sync: Sync): string[] {
  return [
    'syncs',
    `state:${sync.state}`,
    `spreadsheet:${sync.spreadsheet.id}`,
    ...(sync.createdBy === null ? [] : [`created-by:${sync.createdBy}`]),
    ...(sync.webhook?.state === 'pending' ? ['webhook:pending'] : []),
  ]
}
