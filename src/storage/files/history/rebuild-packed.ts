import type { FileSystem } from '../../../ports/file-system.ts'
import type { Log } from '../../../ports/log.ts'
import { indexOfMember, lengthOfMember, MEMBER_HEAD_BYTES, unpackMember } from './gzip-member.ts'
import type { DayFiles } from './history-day.ts'
import { encodeEntry, type IndexEntry } from './index-entry.ts'
import { encodeHeader } from './index-header.ts'
import { linesIn, readEntry } from './line-format.ts'
import { replaceIndex } from './replace-index.ts'

const WINDOW_BYTES = 1024 * 1024

/** Makes the index of a packed file anew of its members; those that are damaged are left out, and logged. With the lock only. */
export async function rebuildPackedIndex(fs: FileSystem, log: Log, files: DayFiles, generation: number): Promise<void> {
  const path = files.packed(generation)
  const entries = new Map<string, IndexEntry>()
  let damaged = 0
  let covered = 0
  for (let position = 0; ; ) {
    const head = (await fs.read(path, position, MEMBER_HEAD_BYTES)).bytes
    const length = lengthOfMember(head)
    const member = length && (await fs.read(path, position, length)).bytes
    // A member that was not finished is the last one.
    if (head.length === 0 || (member && member.length < (length ?? 0))) break
    const lines = member ? await unpackMember(member).catch(() => undefined) : undefined
    if (member && lines !== undefined) {
      for (const { start, line } of linesIn(lines)) {
        const entry = readEntry(line)
        const place = { offset: position, length: member.length, start, size: line.length }
        if (entry !== undefined) entries.set(entry.id, { ...entry, ...place })
      }
      position += member.length
      covered = position
      continue
    }
    damaged++
    const next = await findMember(fs, path, position + 1)
    if (next === undefined) break
    position = next
  }
  const sorted = [...entries.values()].sort((one, other) => (one.id < other.id ? -1 : 1))
  const lastFinishedAt = sorted.reduce((last, { finishedAt }) => Math.max(last, finishedAt), 0)
  await replaceIndex(fs, files, files.packedIndex, async (write) => {
    await write(encodeHeader({ generation, covered, lastFinishedAt }))
    for (const entry of sorted) await write(encodeEntry(entry))
  })
  const report = { file: path, lines: sorted.length, damagedParts: damaged }
  if (damaged > 0) log.error(report, 'an index of the history was made anew; parts of the file cannot be read')
  else log.warn(report, 'an index of the history was made anew')
}

async function findMember(fs: FileSystem, path: string, from: number): Promise<number | undefined> {
  for (let position = from; ; position += WINDOW_BYTES - MEMBER_HEAD_BYTES) {
    const { bytes } = await fs.read(path, position, WINDOW_BYTES)
    const found = indexOfMember(bytes, 0)
    if (found >= 0) return position + found
    if (bytes.length < WINDOW_BYTES) return undefined
  }
}
