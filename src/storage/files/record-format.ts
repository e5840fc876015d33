import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { Sync } from '../../model/sync.ts'
import { corruptRecord, parseSyncRecord, toSyncRecord } from '../../model/sync-record.ts'

/**
 * Bytes above which a record is stored as gzip, under the same name (a second name could not be taken in the same step);
 * `zcat` reads it. Measured: at 210 kB (500 tabs) writing 33 kB instead pays for packing them; below, it costs time and
 * saves a few blocks.
 */
export const PACK_ABOVE_BYTES = 256 * 1024

/** The fastest level: the others save another tenth and take twice the time. */
const LEVEL = 1

const pack = promisify<Buffer, { level: number }, Buffer>(gzip)
const unpack = promisify<Buffer, Buffer>(gunzip)

/** What the file of a record holds. */
export async function formatRecord(sync: Sync, packAbove: number): Promise<Buffer> {
  const text = Buffer.from(`${JSON.stringify(toSyncRecord(sync), null, 2)}\n`)
  return text.length > packAbove ? pack(text, { level: LEVEL }) : text
}

/** Reads the text of a record; rejects with a SyntaxError when it was packed and is torn. */
export async function readText(bytes: Buffer): Promise<string> {
  // RFC 1952, section 2.3.1: ID1 and ID2; no JSON begins so.
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString('utf8')
  try {
    return (await unpack(bytes)).toString('utf8')
  } catch (error) {
    throw new SyntaxError('the record cannot be unpacked', { cause: error })
  }
}

/** Rejects as `parseSyncRecord` throws. */
export async function parseRecord(id: string, bytes: Buffer): Promise<Sync> {
  let text: string
  try {
    text = await readText(bytes)
  } catch (error) {
    throw corruptRecord(id, error)
  }
  return parseSyncRecord(id, text)
}
