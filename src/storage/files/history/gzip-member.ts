import { promisify } from 'node:util'
import { crc32, deflateRaw, gunzip } from 'node:zlib'

const compress = promisify<Buffer, { level: number }, Buffer>(deflateRaw)
const decompress = promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip)

/**
 * RFC 1952, section 2.3: ID1, ID2, CM (deflate), FLG (FEXTRA), MTIME, XFL, OS (unknown); then XLEN and one subfield "SH" of
 * four bytes, the length of this member, so that whoever walks the file need not unpack it.
 */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 8, 0, 0x53, 0x48, 4, 0])
const LENGTH_AT = HEADER.length

/** Bytes of a member that say how long it is. */
export const MEMBER_HEAD_BYTES = LENGTH_AT + 4

/** The most that one member unpacks to: the longest record, and as much again. */
const UNPACKED_BYTES_MAX = 64 * 1024 * 1024

/** Makes one gzip member; several in a row are one gzip file. */
export async function packMember(bytes: Buffer): Promise<Buffer> {
  const body = await compress(bytes, { level: 6 })
  const head = Buffer.concat([HEADER, Buffer.alloc(4)])
  head.writeUInt32LE(head.length + body.length + 8, LENGTH_AT)
  const tail = Buffer.alloc(8)
  tail.writeUInt32LE(crc32(bytes), 0)
  tail.writeUInt32LE(bytes.length, 4)
  return Buffer.concat([head, body, tail])
}

/** Rejects with a SyntaxError when the member is damaged. */
export async function unpackMember(bytes: Buffer): Promise<Buffer> {
  try {
    return await decompress(bytes, { maxOutputLength: UNPACKED_BYTES_MAX })
  } catch (error) {
    throw new SyntaxError('a gzip member cannot be unpacked', { cause: error })
  }
}

/** The length of the member that begins here; `undefined` when none of ours does. */
export function lengthOfMember(head: Buffer): number | undefined {
  if (head.length < MEMBER_HEAD_BYTES || head.compare(HEADER, 0, HEADER.length, 0, HEADER.length) !== 0)
    return undefined
  const length = head.readUInt32LE(LENGTH_AT)
  return length > MEMBER_HEAD_BYTES ? length : undefined
}

/** Where the next member after a damaged one may begin, in some bytes of the file; -1 when nowhere. */
export function indexOfMember(bytes: Buffer, from: number): number {
  return bytes.indexOf(HEADER, from)
}
