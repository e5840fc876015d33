import type { FileSystem } from '../../../ports/file-system.ts'
import type { Log } from '../../../ports/log.ts'
import { packMember, unpackMember } from './gzip-member.ts'
import type { IndexEntry } from './index-entry.ts'
import { linesIn } from './line-format.ts'
import type { MemberWriter } from './member-writer.ts'

/** Bytes that are copied at once. */
const COPIED_BYTES = 1024 * 1024

/** A member that was written anew. */
interface Rewritten {
  readonly offset: number
  /** By how many bytes what follows it lies earlier. */
  readonly shrunkBy: number
  readonly length: number
  /** Old starts of the lines that are left, to new ones. */
  readonly starts: ReadonlyMap<number, number>
}

/**
 * Copies packed lines to another file without those of the given entries. Members that hold none of them are copied as they
 * are; one that cannot be unpacked and should lose a line goes as a whole, as it might hold what was deleted. Resolves to
 * what tells where the line of an entry lies now; `undefined` when it has gone.
 */
export async function copyWithout(
  dead: readonly IndexEntry[],
  source: { readonly fs: FileSystem; readonly path: string; readonly bytes: number; readonly log: Log },
  target: MemberWriter,
): Promise<(entry: IndexEntry) => IndexEntry | undefined> {
  const { fs, path, bytes, log } = source
  const rewritten: Rewritten[] = []
  let position = 0
  const copyTo = async (end: number) => {
    while (position < end) {
      const { bytes: part } = await fs.read(path, position, Math.min(COPIED_BYTES, end - position))
      if (part.length === 0) throw new RangeError(`${path} ends at ${position}`)
      await target.addMember(part)
      position += part.length
    }
  }
  const byMember = Map.groupBy(dead, ({ offset }) => offset)
  for (const [offset, entries] of [...byMember].sort(([one], [other]) => one - other)) {
    const { length = 0 } = entries[0] ?? {}
    await copyTo(offset)
    const member = (await fs.read(path, offset, length)).bytes
    const left = await withoutLines(member, new Set(entries.map(({ start }) => start))).catch((error: unknown) => {
      if (!(error instanceof SyntaxError)) throw error
      log.error(
        { err: error, file: path, offset },
        'a part of the history could not be read, and went with what was deleted',
      )
      return { bytes: Buffer.alloc(0), starts: new Map<number, number>() }
    })
    if (left.bytes.length > 0) await target.addMember(left.bytes)
    rewritten.push({ offset, shrunkBy: length - left.bytes.length, length: left.bytes.length, starts: left.starts })
    position = offset + length
  }
  await copyTo(bytes)
  return (entry) => relocate(entry, rewritten)
}

async function withoutLines(member: Buffer, dead: ReadonlySet<number>) {
  const starts = new Map<number, number>()
  const pieces: Buffer[] = []
  let length = 0
  for (const { start, line } of linesIn(await unpackMember(member))) {
    if (dead.has(start)) continue
    starts.set(start, length)
    pieces.push(line, Buffer.from('\n'))
    length += line.length + 1
  }
  return { bytes: length === 0 ? Buffer.alloc(0) : await packMember(Buffer.concat(pieces)), starts }
}

function relocate(entry: IndexEntry, rewritten: readonly Rewritten[]): IndexEntry | undefined {
  let { offset } = entry
  for (const member of rewritten) {
    if (member.offset > entry.offset) break
    if (member.offset === entry.offset) {
      const start = member.starts.get(entry.start)
      return start === undefined ? undefined : { ...entry, offset, length: member.length, start }
    }
    offset -= member.shrunkBy
  }
  return { ...entry, offset }
}
