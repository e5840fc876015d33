import { randomUUID } from 'node:crypto'

/** `sync-` and a UUIDv7 (RFC 9562, section 5.7), in lower case: the only ids that ever become part of a path. */
export const SYNC_ID_PATTERN = /^sync-[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** Milliseconds and, in the lowest 12 bits, a count within each, of the id that was made last. */
let latest = 0n

export function newSyncId(): string {
  return `sync-${newUuid()}`
}

/**
 * Makes a UUIDv7 that sorts, as text, by the time it was made: after all that this process has made, though they be of one
 * millisecond or the clock be set back (RFC 9562, section 6.2, method 1). 62 of its bits are random.
 */
export function newUuid(): string {
  const now = BigInt(Date.now()) << 12n
  latest = now > latest ? now : latest + 1n
  const hex = latest.toString(16).padStart(15, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(12)}-${randomUUID().slice(-17)}`
}

/** When an id was made, in milliseconds since 1970 by the clock of the process that made it. */
export function madeAt(syncId: string): number {
  return Number.parseInt(syncId.slice(5, 18).replace('-', ''), 16)
}

export function isSyncId(text: string): boolean {
  return SYNC_ID_PATTERN.test(text)
}
