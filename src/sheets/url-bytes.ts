import type { Rectangle } from '../model/rectangle.ts'
import { formatRange } from './a1.ts'

/** Bytes of a call's URL beside its ranges, with some to spare: address, id, mask, options, perhaps a key. */
export const URL_BASE = 700

/** Bytes that a range adds to the query of a URL. */
export function urlBytes(title: string, rectangle: Rectangle): number {
  let bytes = '&ranges='.length
  for (const byte of new TextEncoder().encode(formatRange(title, rectangle))) bytes += isUnreserved(byte) ? 1 : 3
  return bytes
}

/** What the client leaves as it is in a query (RFC 3986, section 2.3); the rest becomes three characters. */
function isUnreserved(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2d ||
    byte === 0x2e ||
    byte === 0x5f ||
    byte === 0x7e
  )
}
