import { v7 as uuidv7 } from 'uuid'

/** `sync-` and a UUIDv7 (RFC 9562, section 5.7), in lower case: the only ids that ever become part of a path. */
export const SYNC_ID_PATTERN = /^sync-[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** Makes an id that sorts, as text, by the time it was made. */
export function newSyncId(): string {
  return `sync-${uuidv7()}`
}

export function isSyncId(text: string): boolean {
  return SYNC_ID_PATTERN.test(text)
}
