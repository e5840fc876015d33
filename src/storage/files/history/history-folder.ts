import { LRUCache } from 'lru-cache'
import { namesIn } from '../../../disk/file-operations.ts'
import type { StatusFolder } from '../status-folder.ts'
import { type DayFileName, DayFiles, parseDayFileName } from './history-day.ts'
import { decodeEntry } from './index-entry.ts'
import { DamagedIndexError } from './index-header.ts'
import { LineFile } from './line-file.ts'
import { type ChunkCache, chunkCache, PackedIndex } from './packed-file.ts'
import { rebuildPackedIndex } from './rebuild-packed.ts'

/** Bytes of indexes of packed lines that are kept in memory. */
const CHUNKS_KEPT_BYTES = 16 * 1024 * 1024

/** Days whose indexes are kept open. */
const DAYS_KEPT = 400

/** Days whose lines that are not packed are known; hardly ever more than two have any. */
const LINE_FILES_KEPT = 32

/** The days of the history, and what is known of each in this process. */
export class HistoryFolder {
  readonly folder: StatusFolder
  readonly #chunks: ChunkCache = chunkCache(CHUNKS_KEPT_BYTES)
  readonly #lines = new LRUCache<string, LineFile>({ max: LINE_FILES_KEPT })
  readonly #packed = new LRUCache<string, PackedIndex>({ max: DAYS_KEPT })

  constructor(folder: StatusFolder) {
    this.folder = folder
  }

  filesOf(day: string): DayFiles {
    return new DayFiles(this.folder.directory, day)
  }

  /** Whether anything was ever moved here. */
  get isThere(): boolean {
    return this.folder.fs.identify(this.folder.directory) !== undefined
  }

  /** The lines of a day that are not packed, as this process knows them. */
  linesOf(day: string): LineFile {
    const known = this.#lines.get(day)
    if (known !== undefined) return known
    const { fs, log } = this.folder
    const lines = new LineFile({ fs, log, files: this.filesOf(day) })
    this.#lines.set(day, lines)
    return lines
  }

  /** The same, brought up to date; `undefined` where there are none. Rejects with a DamagedIndexError. */
  async currentLines(day: string): Promise<LineFile | undefined> {
    const files = this.filesOf(day)
    const { fs } = this.folder
    if (this.#lines.has(day) || fs.identify(files.linesIndex) !== undefined) {
      const lines = this.linesOf(day)
      if (await lines.refresh()) return lines
    }
    if (fs.identify(files.lines) !== undefined) throw new DamagedIndexError(files.linesIndex)
    return undefined
  }

  /** The index of the packed lines of a day; `undefined` where there are none. Rejects with a DamagedIndexError. */
  async currentPacked(day: string): Promise<PackedIndex | undefined> {
    const known = this.#packed.get(day)
    if (known?.isCurrent) return known
    this.#packed.delete(day)
    const files = this.filesOf(day)
    const { fs } = this.folder
    if (fs.identify(files.packedIndex) === undefined) {
      if (fs.identify(files.packed(1)) !== undefined) throw new DamagedIndexError(files.packedIndex)
      return undefined
    }
    const packed = await PackedIndex.open(fs, files, this.#chunks)
    if (packed !== undefined) this.#packed.set(day, packed)
    return packed
  }

  /** Brings lines and indexes of a day to what counts; with the lock only. `make`: also where there are no lines yet. */
  async recover(day: string, { make }: { readonly make: boolean }): Promise<void> {
    const state = await this.#stateOfPacked(day)
    const hasLines = await this.linesOf(day).recover({ make: false })
    if (state === 'damaged' || (state === 'none' && !hasLines)) await this.#rebuildPacked(day)
    if (make && !hasLines) await this.linesOf(day).recover({ make })
  }

  /** Checks every entry of an index that somebody has found damaged, and has it made anew if it is. With the lock only. */
  async repair(day: string): Promise<void> {
    try {
      const packed = await this.currentPacked(day)
      for await (const bytes of packed?.encoded() ?? []) {
        if (decodeEntry(bytes) === undefined) throw new DamagedIndexError(this.filesOf(day).packedIndex)
      }
    } catch (error) {
      if (!(error instanceof DamagedIndexError)) throw error
      await this.#rebuildPacked(day)
    }
    await this.recover(day, { make: false })
  }

  async #rebuildPacked(day: string): Promise<void> {
    const { fs, log } = this.folder
    const names = (await this.names()).filter((name) => name.day === day && name.kind === 'data' && name.generation > 0)
    // The earliest of several is whole: it goes only when the index of the next one is in place.
    const generation = Math.min(...names.map((name) => name.generation))
    this.#packed.delete(day)
    if (Number.isFinite(generation)) await rebuildPackedIndex(fs, log, this.filesOf(day), generation)
    else await this.folder.remove(this.filesOf(day).packedIndex)
  }

  async #stateOfPacked(day: string): Promise<'whole' | 'damaged' | 'none'> {
    try {
      const packed = await this.currentPacked(day)
      if (packed === undefined) return 'none'
      const path = this.filesOf(day).packed(packed.header.generation)
      return (this.folder.fs.identify(path)?.size ?? 0) < packed.header.covered ? 'damaged' : 'whole'
    } catch (error) {
      if (error instanceof DamagedIndexError) return 'damaged'
      throw error
    }
  }

  /** All files of the history. */
  async names(): Promise<(DayFileName & { readonly name: string })[]> {
    const names = await namesIn(this.folder.fs, this.folder.directory)
    return names.flatMap((name) => {
      const parsed = parseDayFileName(name)
      return parsed === undefined ? [] : [{ ...parsed, name }]
    })
  }

  /** The days of which there is something, the latest first. */
  async days(): Promise<string[]> {
    return [...new Set((await this.names()).map(({ day }) => day))].sort().reverse()
  }
}
