import { isSyncId } from '../../../model/sync-id.ts'
import type { FileSystem } from '../../../ports/file-system.ts'
import { type EntryOf, entryOf, indexedRecord, tombstoneOf } from './index-entry.ts'

/** Bytes read at a time where a whole file is read. */
const WINDOW_BYTES = 1024 * 1024

const NEWLINE = 0x0a

/** A line of the history, without its newline, and what the index says of it. */
export interface HistoryLine {
  readonly entry: EntryOf
  readonly bytes: Buffer
}

export function tombstoneLine(id: string, deletedAt: Date): HistoryLine {
  return { entry: tombstoneOf(id), bytes: Buffer.from(JSON.stringify({ id, deletedAt: deletedAt.toISOString() })) }
}

/** What the index has to say of a line; `undefined` when it is none of the history. */
export function readEntry(bytes: Buffer): EntryOf | undefined {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || !('id' in value)) return undefined
  if (typeof value.id !== 'string' || !isSyncId(value.id)) return undefined
  if ('deletedAt' in value && !('state' in value)) return tombstoneOf(value.id)
  const { data: record } = indexedRecord.safeParse(value)
  return record && entryOf(record)
}

/** The whole lines of some bytes, and where each begins; what follows the last newline is left out. */
export function* linesIn(bytes: Buffer): Generator<{ readonly start: number; readonly line: Buffer }> {
  for (let start = 0; ; ) {
    const end = bytes.indexOf(NEWLINE, start)
    if (end < 0) return
    yield { start, line: bytes.subarray(start, end) }
    start = end + 1
  }
}

/** The same of a file, which is read a part at a time. */
export async function* linesOf(
  fs: FileSystem,
  path: string,
): AsyncGenerator<{ readonly start: number; readonly line: Buffer }> {
  let carried: Buffer = Buffer.alloc(0)
  for (let position = 0; ; ) {
    const { bytes } = await fs.read(path, position, WINDOW_BYTES)
    if (bytes.length === 0) return
    const window = Buffer.concat([carried, bytes])
    const base = position - carried.length
    for (const { start, line } of linesIn(window)) yield { start: base + start, line }
    carried = window.subarray(window.lastIndexOf(NEWLINE) + 1)
    position += bytes.length
  }
}
