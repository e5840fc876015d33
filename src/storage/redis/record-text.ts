import { AppError } from '../../errors.ts'
import type { Sync } from '../../model/sync.ts'
import { corruptRecord, parseSyncRecord, toSyncRecord } from '../../model/sync-record.ts'
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
  const { revision, ...rest } = toSyncRecord(sync)
  return recordOf(JSON.stringify({ revision, writeId, ...rest }))
}

/** A stored text; its head is empty for any that we did not write. */
export function recordOf(text: string): RecordText {
  return { text, head: HEAD.exec(text)?.[0] ?? '', bytes: Buffer.byteLength(text) }
}

/** The sync of a stored text, or what `parseSyncRecord` throws. */
export function parseRecord(id: string, { text, head }: RecordText): Sync | AppError {
  try {
    const sync = deepFreeze(parseSyncRecord(id, text))
    return head === '' ? corruptRecord(id, new TypeError('it does not begin as our records do')) : sync
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
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
