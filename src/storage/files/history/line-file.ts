import { KeyedMutex } from '../../../concurrency/keyed-mutex.ts'
import { ignoreErrno } from '../../../disk/disk-errors.ts'
import { withOpen, writeAll } from '../../../disk/file-operations.ts'
import { isSameFile } from '../../../disk/same-file.ts'
import type { FileIdentity, FileSystem } from '../../../ports/file-system.ts'
import type { Log } from '../../../ports/log.ts'
import type { DayFiles } from './history-day.ts'
import { decodeEntry, ENTRY_BYTES, encodeEntry, type IndexEntry } from './index-entry.ts'
import { DamagedIndexError, decodeHeader, encodeHeader } from './index-header.ts'
import { type HistoryLine, linesIn, linesOf, readEntry } from './line-format.ts'
import { replaceIndex } from './replace-index.ts'

const HEADER = encodeHeader({ generation: 0, covered: 0, lastFinishedAt: 0 })

export interface LineFileOptions {
  readonly fs: FileSystem
  readonly log: Log
  readonly files: DayFiles
}

/**
 * The lines of one day that are not packed yet, in the order in which they came, and their index, which has one entry for
 * each of them in the same order. A line counts once its entry is durable: of what the index does not cover, whole lines are
 * taken in, and a torn one is cut, before the next append. The index is read as it grows, and kept in memory as a whole.
 */
export class LineFile {
  readonly #options: LineFileOptions
  readonly #mutex = new KeyedMutex()
  readonly #entries = new Map<string, IndexEntry>()
  #sortedIds: readonly string[] | undefined
  #covered = 0
  #lines = 0
  #lastFinishedAt = 0
  #identity: FileIdentity | undefined
  /** Bytes of the index that were read and are whole. */
  #loaded = 0
  /** Bytes of the index that count, where an append has failed and could not be taken back. */
  #counting: number | undefined

  constructor(options: LineFileOptions) {
    this.#options = options
  }

  /** The latest entry of each id, as of the latest refresh. */
  get entries(): ReadonlyMap<string, IndexEntry> {
    return this.#entries
  }

  /** Ids in ascending order, as of the latest refresh. */
  get sortedIds(): readonly string[] {
    this.#sortedIds ??= [...this.#entries.keys()].sort()
    return this.#sortedIds
  }

  /** Bytes of the lines. */
  get bytes(): number {
    return this.#covered
  }

  /** How many lines there are, those that later ones have replaced included. */
  get lines(): number {
    return this.#lines
  }

  get lastFinishedAt(): number {
    return this.#lastFinishedAt
  }

  /** Whether there is an index, as far as can be told without waiting. */
  get isThere(): boolean {
    return this.#options.fs.identify(this.#options.files.linesIndex) !== undefined
  }

  /** Takes in what was appended before this call, in any process; resolves to whether there is an index at all. */
  async refresh(): Promise<boolean> {
    if (this.#isFresh()) return this.#identity !== undefined
    return this.#mutex.run('', () => this.#load())
  }

  /**
   * Brings lines and index to what counts, so that lines may be appended. To be called, like `append`, with the lock only.
   * `false`: there is nothing, and nothing was made.
   */
  async recover({ make }: { readonly make: boolean }): Promise<boolean> {
    const { fs, files } = this.#options
    const size = fs.identify(files.lines)?.size
    const isThere = await this.refresh().catch((error: unknown) => {
      if (!(error instanceof DamagedIndexError)) throw error
      return false
    })
    const takesBack = this.#counting !== undefined
    if (this.#counting !== undefined && isThere) await this.#cutIndex(this.#counting)
    if (!isThere && size === undefined) {
      if (make) await this.#write([HEADER])
      return make
    }
    if (size === undefined) {
      this.#counting = undefined
      // The lines went with their day, and whoever removed them could not go on.
      if (this.#covered > 0) await (make ? this.#write([HEADER]) : this.remove())
      return make || this.#identity !== undefined
    }
    if (!isThere || size < this.#covered || (await this.#isDamaged())) await this.#rebuild()
    else if ((this.#identity?.size ?? 0) > this.#loaded) await this.#cutIndex(this.#loaded)
    if (size > this.#covered && !takesBack) await this.#takeInLines()
    if (size > this.#covered) await fs.truncate(files.lines, this.#covered)
    this.#counting = undefined
    return true
  }

  /** Appends lines, after `recover`; durable when it resolves. When it rejects none of them counts. */
  async append(lines: readonly HistoryLine[]): Promise<void> {
    const { fs, files } = this.#options
    const before = this.#loaded
    let offset = this.#covered
    const entries = lines.map(({ entry, bytes }) => {
      const place = { offset, length: bytes.length, start: 0, size: bytes.length }
      offset += bytes.length + 1
      return encodeEntry({ ...entry, ...place })
    })
    const isNew = fs.identify(files.lines) === undefined
    try {
      await appendDurably(fs, files.lines, Buffer.concat(lines.flatMap(({ bytes }) => [bytes, Buffer.from('\n')])))
      if (isNew) await fs.syncFolder(files.folder)
      await appendDurably(fs, files.linesIndex, Buffer.concat(entries))
    } catch (error) {
      // What a failed fsync leaves looks as if it were on the disk; it must not be taken for that later.
      this.#counting = before
      await this.recover({ make: false }).catch((err: unknown) => {
        this.#options.log.warn({ err }, 'an append to the history that failed could not be taken back yet')
      })
      throw error
    }
    await this.refresh()
  }

  /** Removes index and lines, in this order: without an index lines are nobody's. With the lock only. */
  async remove(): Promise<void> {
    const { fs, files } = this.#options
    await ignoreErrno(fs.unlink(files.linesIndex), 'ENOENT')
    await ignoreErrno(fs.unlink(files.lines), 'ENOENT')
    await this.refresh()
  }

  #isFresh(): boolean {
    const { fs, files } = this.#options
    const identity = fs.identify(files.linesIndex)
    const known = this.#identity
    if (identity === undefined || known === undefined) return identity === known
    return isSameFile(identity, known) && identity.size === known.size
  }

  async #load(): Promise<boolean> {
    if (this.#isFresh()) return this.#identity !== undefined
    const { fs, files } = this.#options
    const identity = fs.identify(files.linesIndex)
    const grows =
      identity !== undefined &&
      this.#identity !== undefined &&
      isSameFile(identity, this.#identity) &&
      identity.size >= this.#identity.size
    if (!grows) this.#forget()
    const file = identity && (await ignoreErrno(fs.read(files.linesIndex, this.#loaded), 'ENOENT'))
    if (file === undefined) {
      this.#forget()
      return false
    }
    if (grows && this.#identity !== undefined && !isSameFile(file.identity, this.#identity)) {
      this.#forget()
      return this.#load()
    }
    this.#takeIn(file.bytes)
    this.#identity = { ...file.identity, size: Math.max(file.identity.size, this.#loaded) }
    return true
  }

  #takeIn(bytes: Buffer): void {
    let at = 0
    if (this.#loaded === 0) {
      decodeHeader(bytes, this.#options.files.linesIndex)
      at = ENTRY_BYTES
    }
    for (; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
      const entry = decodeEntry(bytes, at)
      // Either it is just being written, or its writer has ended.
      if (entry === undefined) break
      this.#entries.set(entry.id, entry)
      this.#covered = entry.offset + entry.length + 1
      this.#lines++
      this.#lastFinishedAt = Math.max(this.#lastFinishedAt, entry.finishedAt)
    }
    this.#loaded += at
    this.#sortedIds = undefined
  }

  #forget(): void {
    this.#entries.clear()
    this.#sortedIds = undefined
    this.#identity = undefined
    this.#covered = 0
    this.#lines = 0
    this.#lastFinishedAt = 0
    this.#loaded = 0
  }

  /** Makes entries of the whole lines that have none: their writer was killed before it could, or the index has lost them. */
  async #takeInLines(): Promise<void> {
    const { fs, files } = this.#options
    const covered = this.#covered
    const entries = [...linesIn((await fs.read(files.lines, covered)).bytes)].flatMap(({ start, line }) => {
      const entry = readEntry(line)
      const place = { offset: covered + start, length: line.length, start: 0, size: line.length }
      return entry === undefined ? [] : [encodeEntry({ ...entry, ...place })]
    })
    if (entries.length === 0) return
    await withOpen(fs, fs.openToAppend(files.lines), (descriptor) => fs.sync(descriptor))
    await appendDurably(fs, files.linesIndex, Buffer.concat(entries))
    await this.refresh()
  }

  /** Whether whole entries follow one that is not: then it is no append that was cut short. */
  async #isDamaged(): Promise<boolean> {
    if ((this.#identity?.size ?? 0) <= this.#loaded) return false
    const { bytes } = await this.#options.fs.read(this.#options.files.linesIndex, this.#loaded)
    for (let at = ENTRY_BYTES; at < bytes.length; at += ENTRY_BYTES) {
      if (decodeEntry(bytes, at) !== undefined) return true
    }
    return false
  }

  async #cutIndex(bytes: number): Promise<void> {
    const { fs, files } = this.#options
    await this.#write([(await fs.read(files.linesIndex, 0, bytes)).bytes])
  }

  /** Makes the index anew of all whole lines. */
  async #rebuild(): Promise<void> {
    const { fs, files, log } = this.#options
    const parts = [HEADER]
    let unreadable = 0
    for await (const { start, line } of linesOf(fs, files.lines)) {
      const entry = readEntry(line)
      if (entry === undefined) unreadable++
      else parts.push(encodeEntry({ ...entry, offset: start, length: line.length, start: 0, size: line.length }))
    }
    await this.#write(parts)
    log.warn({ file: files.lines, lines: parts.length - 1, unreadable }, 'an index of the history was made anew')
  }

  /** Under a new inode, so that no reader goes on from what it had read of the old one. */
  async #write(parts: readonly Buffer[]): Promise<void> {
    const { fs, files } = this.#options
    await replaceIndex(fs, files, files.linesIndex, async (write) => {
      for (const part of parts) await write(part)
    })
    this.#forget()
    await this.refresh()
  }
}

async function appendDurably(fs: FileSystem, path: string, bytes: Buffer): Promise<void> {
  await withOpen(fs, fs.openToAppend(path), async (descriptor) => {
    await writeAll(fs, descriptor, bytes)
    await fs.sync(descriptor)
  })
}
