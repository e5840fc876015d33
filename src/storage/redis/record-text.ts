import type { Sync } from '../../model/sync.ts'
import { corruptRecord, parseSyncRecord, toSyncRecord } from '../../model/sync-record.ts'
import { deepFreeze } from '../shared/deep-freeze.ts'

export { corruptRecord as corrupt, isCorruptRecord as isCorrupt } from '../../model/sync-record.ts'

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
  const text = JSON.stringify({ revision, writeId, ...rest })
  return { text, head: HEAD.exec(text)?.[0] ?? '', bytes: Buffer.byteLength(text) }
}

/** Reads the beginning of a stored text; throws as `parseSyncRecord` does for any that we did not write. */
export function readHead(id: string, text: string): RecordText {
  const head = HEAD.exec(text)?.[0]
  if (head !== undefined) return { text, head, bytes: Buffer.byteLength(text) }
  // A newer release may begin its records otherwise.
  parseSyncRecord(id, text)
  throw corruptRecord(id, new TypeError('it does not begin as our records do'))
}

/** Throws as `parseSyncRecord` does. */
export function parseRecord(id: string, { text }: RecordText): Sync {
  return deepFreeze(parseSyncRecord(id, text))
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
