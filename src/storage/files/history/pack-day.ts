import { ignoreErrno } from '../../../disk/disk-errors.ts'
import { withOpen } from '../../../disk/file-operations.ts'
import type { FileSystem } from '../../../ports/file-system.ts'
import type { Log } from '../../../ports/log.ts'
import type { DayFiles } from './history-day.ts'
import { decodeEntry, encodeEntry, type IndexEntry } from './index-entry.ts'
import { DamagedIndexError, encodeHeader } from './index-header.ts'
import type { LineFile } from './line-file.ts'
import { MemberWriter } from './member-writer.ts'
import type { PackedIndex } from './packed-file.ts'
import { replaceIndex } from './replace-index.ts'
import { copyWithout } from './take-out.ts'

/** Bytes of lines that are read at once. */
const WINDOW_BYTES = 1024 * 1024

export interface PackedDay {
  readonly fs: FileSystem
  readonly log: Log
  readonly files: DayFiles
  /** Of the lines that are packed already, if any are. */
  readonly packed: PackedIndex | undefined
}

/**
 * Packs the lines of a day: as further gzip members, and, where some of them replace or delete lines that are packed, into
 * another file without those. The index is put in place last, which is when all of it counts; only then the lines go. With
 * the lock only, after `recover` of the lines. A kill at any point leaves what was there, or both, which say the same.
 */
export async function packDay(day: PackedDay, lines: LineFile): Promise<void> {
  const { fs, files, packed } = day
  const { fresh, dead } = await compare(lines, packed)
  if (fresh.length > 0 || dead.length > 0) {
    const generation = (packed?.header.generation ?? 1) + (dead.length > 0 ? 1 : 0)
    const path = files.packed(generation)
    const covered = packed?.header.covered ?? 0
    const source = { fs, path: files.packed(packed?.header.generation ?? 1), bytes: covered, log: day.log }
    if ((fs.identify(source.path)?.size ?? 0) < covered) throw new DamagedIndexError(files.packedIndex)
    const isAppend = dead.length === 0 && packed !== undefined
    if (isAppend) await fs.truncate(path, covered)
    // A file that has its name is whole.
    const unfinished = `${path}.new`
    const opening = isAppend ? fs.openToAppend(path) : fs.openToReplace(unfinished)
    const { entries, size, relocate } = await withOpen(fs, opening, async (descriptor) => {
      const writer = new MemberWriter(fs, descriptor, isAppend ? covered : 0)
      const relocate = dead.length === 0 ? (entry: IndexEntry) => entry : await copyWithout(dead, source, writer)
      await addLines(fs, files.lines, fresh, writer)
      await fs.sync(descriptor)
      return { entries: writer.entries, size: writer.offset, relocate }
    })
    if (!isAppend) await fs.rename(unfinished, path)
    await fs.syncFolder(files.folder)
    const lastFinishedAt = Math.max(packed?.header.lastFinishedAt ?? 0, lines.lastFinishedAt)
    await replaceIndex(fs, files, files.packedIndex, async (write) => {
      await write(encodeHeader({ generation, covered: size, lastFinishedAt }))
      await merge(packed, relocate, entries, write)
    })
    if (source.path !== path) await ignoreErrno(fs.unlink(source.path), 'ENOENT')
  }
  await lines.remove()
}

/** What is to be packed, in the order of the file, and which packed lines are to go. */
async function compare(lines: LineFile, packed: PackedIndex | undefined) {
  const fresh: IndexEntry[] = []
  const dead: IndexEntry[] = []
  for (const entry of lines.entries.values()) {
    const before = await packed?.find(entry.id)
    // Packed before a kill.
    if (before !== undefined && before.revision === entry.revision) continue
    if (before !== undefined) dead.push(before)
    if (!entry.isTombstone) fresh.push(entry)
  }
  return { fresh: fresh.sort((one, other) => one.offset - other.offset), dead }
}

async function addLines(
  fs: FileSystem,
  path: string,
  entries: readonly IndexEntry[],
  writer: MemberWriter,
): Promise<void> {
  let window: { readonly bytes: Buffer; readonly offset: number } = { bytes: Buffer.alloc(0), offset: 0 }
  for (const entry of entries) {
    let start = entry.offset - window.offset
    if (start + entry.size > window.bytes.length) {
      const { bytes } = await fs.read(path, entry.offset, Math.max(WINDOW_BYTES, entry.size))
      window = { bytes, offset: entry.offset }
      start = 0
    }
    await writer.add(entry, window.bytes.subarray(start, start + entry.size))
  }
  await writer.flush()
}

async function merge(
  packed: PackedIndex | undefined,
  relocate: (entry: IndexEntry) => IndexEntry | undefined,
  added: readonly IndexEntry[],
  write: (bytes: Buffer) => Promise<void>,
): Promise<void> {
  const rest = [...added].sort((one, other) => (one.id < other.id ? -1 : 1))
  let at = 0
  for await (const bytes of packed?.encoded() ?? []) {
    const old = decodeEntry(bytes)
    const entry = old && relocate(old)
    if (entry === undefined) continue
    for (let next = rest[at]; next !== undefined && next.id < entry.id; next = rest[++at])
      await write(encodeEntry(next))
    await write(encodeEntry(entry))
  }
  for (const entry of rest.slice(at)) await write(encodeEntry(entry))
}
