import { crc32 } from 'node:zlib'
import { z } from 'zod'
import type { SyncQuery } from '../../../ports/sync-storage.ts'

/** Bytes of an entry, and of the header before the first. */
export const ENTRY_BYTES = 64

/** Bytes of what an entry is checked by; its checksum follows them. */
const CHECKED_BYTES = 60

/** Where the hashes of the indexed fields begin. */
const HASHES_AT = 48

/** Codes in entries; they never change their meaning. */
const STATE_CODES: Readonly<Record<string, number>> = { succeeded: 1, failed: 2, cancelled: 3 }

/** As much of a line as the index needs, whatever release has written it; every `Sync` is one. */
export const indexedRecord = z.object({
  id: z.string(),
  revision: z.int(),
  state: z.string(),
  finishedAt: z.string().nullable(),
  spreadsheet: z.object({ id: z.string() }),
  createdBy: z.string().nullable().default(null),
  scheduleId: z.string().nullable().default(null),
})
export type IndexedRecord = z.output<typeof indexedRecord>

/** The fields of a query by which entries are chosen; each has its place in an entry, and there are three places. */
const INDEXED_FIELDS: readonly {
  readonly of: (record: IndexedRecord) => string | null
  readonly wanted: (query: SyncQuery) => string | undefined
}[] = [
  { of: (record) => record.spreadsheet.id, wanted: (query) => query.spreadsheetId },
  { of: (record) => record.createdBy, wanted: (query) => query.createdBy },
  { of: (record) => record.scheduleId, wanted: (query) => query.scheduleId },
]

/** Where a line lies: `size` bytes at `start` of the member of `length` bytes at `offset`; or, not packed, at `offset`. */
export interface Place {
  readonly offset: number
  readonly length: number
  readonly start: number
  readonly size: number
}

/** What the index says of one line of the history. */
export interface IndexEntry extends Place {
  readonly id: string
  readonly revision: number
  /** Milliseconds since 1970; of a tombstone 0. */
  readonly finishedAt: number
  /** The line says that the sync was deleted. */
  readonly isTombstone: boolean
  readonly stateCode: number
  readonly hashes: readonly number[]
}

/** All of an entry but where its line lies. */
export type EntryOf = Omit<IndexEntry, keyof Place>

export function entryOf(record: IndexedRecord): EntryOf {
  const { id, revision, state, finishedAt } = record
  return {
    id,
    revision,
    finishedAt: finishedAt === null ? 0 : Date.parse(finishedAt),
    isTombstone: false,
    stateCode: STATE_CODES[state] ?? 0,
    hashes: INDEXED_FIELDS.map((field) => hashOf(field.of(record))),
  }
}

export function tombstoneOf(id: string): EntryOf {
  return { id, revision: 0, finishedAt: 0, isTombstone: true, stateCode: 0, hashes: [] }
}

export function encodeEntry(entry: IndexEntry): Buffer {
  const bytes = Buffer.alloc(ENTRY_BYTES)
  keyOf(entry.id).copy(bytes)
  bytes.writeUIntLE(entry.offset, 16, 6)
  bytes.writeUInt32LE(entry.length, 22)
  bytes.writeUInt32LE(entry.start, 26)
  bytes.writeUInt32LE(entry.size, 30)
  bytes.writeUIntLE(entry.finishedAt, 34, 6)
  bytes.writeUInt32LE(entry.revision >>> 0, 40)
  bytes.writeUInt8(entry.isTombstone ? 1 : 0, 44)
  bytes.writeUInt8(entry.stateCode, 45)
  for (const [n, hash] of entry.hashes.entries()) bytes.writeUInt32LE(hash, HASHES_AT + 4 * n)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CHECKED_BYTES)), CHECKED_BYTES)
  return bytes
}

/** The entry at this place; `undefined` when it is torn or damaged. */
export function decodeEntry(bytes: Buffer, at = 0): IndexEntry | undefined {
  if (!isWholeEntry(bytes, at)) return undefined
  const own = bytes.subarray(at, at + ENTRY_BYTES)
  return {
    id: idOf(own),
    offset: own.readUIntLE(16, 6),
    length: own.readUInt32LE(22),
    start: own.readUInt32LE(26),
    size: own.readUInt32LE(30),
    finishedAt: own.readUIntLE(34, 6),
    revision: own.readUInt32LE(40),
    isTombstone: own.readUInt8(44) === 1,
    stateCode: own.readUInt8(45),
    hashes: [0, 1, 2].map((n) => own.readUInt32LE(HASHES_AT + 4 * n)),
  }
}

export function isWholeEntry(bytes: Buffer, at: number): boolean {
  if (bytes.length < at + ENTRY_BYTES) return false
  return crc32(bytes.subarray(at, at + CHECKED_BYTES)) === bytes.readUInt32LE(at + CHECKED_BYTES)
}

/** The 16 bytes by which entries are sorted: ids in the order of their text. */
export function keyOf(syncId: string): Buffer {
  return Buffer.from(syncId.slice('sync-'.length).replaceAll('-', ''), 'hex')
}

function idOf(bytes: Buffer): string {
  const hex = bytes.toString('hex', 0, 16)
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
  return `sync-${parts.join('-')}`
}

/** Tells whether the line of an entry may be one that the query asks for and that ended after `horizon`. */
export interface EntryMatcher {
  readonly encoded: (bytes: Buffer, at: number) => boolean
  readonly decoded: (entry: IndexEntry) => boolean
}

export function matcherOf(query: SyncQuery, horizon: number): EntryMatcher {
  const codes = query.states && new Set(query.states.map((state) => STATE_CODES[state] ?? -1))
  const wanted = INDEXED_FIELDS.flatMap((field, n) => {
    const text = field.wanted(query)
    return text === undefined ? [] : [{ n, hash: hashOf(text) }]
  })
  return {
    encoded: (bytes, at) =>
      wanted.every(({ n, hash }) => bytes.readUInt32LE(at + HASHES_AT + 4 * n) === hash) &&
      (codes === undefined || codes.has(bytes.readUInt8(at + 45))) &&
      bytes.readUIntLE(at + 34, 6) > horizon,
    decoded: ({ hashes, stateCode, finishedAt }) =>
      wanted.every(({ n, hash }) => hashes[n] === hash) &&
      (codes === undefined || codes.has(stateCode)) &&
      finishedAt > horizon,
  }
}

function hashOf(text: string | null): number {
  return text === null ? 0 : crc32(text) || 1
}
