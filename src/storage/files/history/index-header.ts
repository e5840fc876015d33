import { crc32 } from 'node:zlib'
import { AppError } from '../../../errors.ts'
import { ENTRY_BYTES } from './index-entry.ts'

const MAGIC = Buffer.from('SHEETIDX')

/** The format of indexes that this release writes and reads. */
const INDEX_FORMAT = 1

/** The beginning of an index, as long as an entry. */
export interface IndexHeader {
  /** Which of the day's packed files it is of; 0: of the lines that are not packed. */
  readonly generation: number
  /** Bytes of the packed file that belong to it; whatever follows was never finished. Of lines, the entries tell. */
  readonly covered: number
  /** The latest end of a sync in the packed file, in milliseconds since 1970. */
  readonly lastFinishedAt: number
}

/** The index is not what this release has written; it can be made anew from the lines. */
export class DamagedIndexError extends Error {
  override name = 'DamagedIndexError'
}

export function encodeHeader({ generation, covered, lastFinishedAt }: IndexHeader): Buffer {
  const bytes = Buffer.alloc(ENTRY_BYTES)
  MAGIC.copy(bytes)
  bytes.writeUInt16LE(INDEX_FORMAT, 8)
  bytes.writeUInt32LE(generation, 12)
  bytes.writeUIntLE(covered, 16, 6)
  bytes.writeUIntLE(lastFinishedAt, 22, 6)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, ENTRY_BYTES - 4)), ENTRY_BYTES - 4)
  return bytes
}

/** Throws a DamagedIndexError, or STATUS_FORMAT_NEWER where a newer release has written it. */
export function decodeHeader(bytes: Buffer, path: string): IndexHeader {
  if (bytes.length < ENTRY_BYTES || bytes.compare(MAGIC, 0, 8, 0, 8) !== 0) throw new DamagedIndexError(path)
  if (bytes.readUInt16LE(8) > INDEX_FORMAT) {
    throw new AppError('STATUS_FORMAT_NEWER', `A day of the history was written by a newer release: ${path}.`)
  }
  const isWhole = crc32(bytes.subarray(0, ENTRY_BYTES - 4)) === bytes.readUInt32LE(ENTRY_BYTES - 4)
  if (!isWhole) throw new DamagedIndexError(path)
  return {
    generation: bytes.readUInt32LE(12),
    covered: bytes.readUIntLE(16, 6),
    lastFinishedAt: bytes.readUIntLE(22, 6),
  }
}
