import { LRUCache } from 'lru-cache'
import { errnoOf } from '../../../disk/disk-errors.ts'
import { isSearch } from '../../../model/sync-filter.ts'
import { corruptRecord, isCorruptRecord, isNewerRecord, parseSyncRecord } from '../../../model/sync-record.ts'
import type { SyncQuery } from '../../../ports/sync-storage.ts'
import { deepFreeze } from '../../shared/deep-freeze.ts'
import type { Candidate, Mismatch } from '../../shared/sync-page.ts'
import { yieldAfter } from '../event-loop-yield.ts'
import { isMismatch } from '../find-candidate.ts'
import { placeOf } from '../sorted-ids.ts'
import { unpackMember } from './gzip-member.ts'
import { dayOf } from './history-day.ts'
import type { HistoryFolder } from './history-folder.ts'
import { type EntryMatcher, type IndexEntry, matcherOf } from './index-entry.ts'
import { DamagedIndexError } from './index-header.ts'
import { IndexReplacedError } from './packed-file.ts'

const RECORDS_KEPT_BYTES = 8 * 1024 * 1024
const MEMBERS_KEPT_BYTES = 4 * 1024 * 1024

/** So often an index may be replaced, or found damaged again, under one read. */
const TRIES = 5

/** Where a line lies, and in which file. */
export interface Located {
  readonly entry: IndexEntry
  readonly path: string
  readonly isPacked: boolean
}

/** The ids that a scan is about: below the one, and not below the other. */
export interface IdRange {
  readonly below: string | undefined
  readonly from: string | undefined
}

/** Finds and lists what the history holds, while any process changes it. `repair` makes the indexes of a day anew. */
export class HistoryReader {
  readonly #folder: HistoryFolder
  readonly #repair: (day: string) => Promise<void>
  readonly #records = new LRUCache<string, Candidate>({
    maxSize: RECORDS_KEPT_BYTES,
    sizeCalculation: ({ size }) => size,
  })
  readonly #members = new LRUCache<string, Buffer>({
    maxSize: MEMBERS_KEPT_BYTES,
    sizeCalculation: (bytes) => bytes.length + 1,
  })
  /** What could not be read and was said so. */
  readonly #told = new LRUCache<string, true>({ max: 1000 })
  /** Milliseconds since 1970: what ended then or before is found no more. */
  #horizon = Number.NEGATIVE_INFINITY

  constructor(folder: HistoryFolder, repair: (day: string) => Promise<void>) {
    this.#folder = folder
    this.#repair = repair
  }

  get horizon(): number {
    return this.#horizon
  }

  set horizon(milliseconds: number) {
    this.#horizon = milliseconds
  }

  /** The record of a sync, with its size; rejects as `parseSyncRecord` throws. */
  async find(id: string): Promise<Candidate | undefined> {
    for (let tries = TRIES; ; tries--) {
      const located = await this.locate(id)
      if (located === undefined || located.entry.finishedAt <= this.#horizon) return undefined
      const record = await this.#load(located, tries > 1)
      if (record !== 'moved') return record
      // Its day was dropped meanwhile, or its index has stayed behind.
      if (tries === 1) return undefined
    }
  }

  /** Where the line of a sync lies, whenever it ended; `undefined` where there is none, and once it was deleted. */
  locate(id: string): Promise<Located | undefined> {
    const day = dayOf(id)
    const files = this.#folder.filesOf(day)
    return this.#withRepair(day, async () => {
      const line = (await this.#folder.currentLines(day))?.entries.get(id)
      if (line !== undefined) return line.isTombstone ? undefined : { entry: line, path: files.lines, isPacked: false }
      const packed = await this.#folder.currentPacked(day)
      const entry = await packed?.find(id)
      return entry && { entry, path: files.packed(packed?.header.generation ?? 1), isPacked: true }
    })
  }

  /** All that may match the query in this range, newest first. What cannot be read is left out, and logged. */
  async *scan(query: SyncQuery, range: IdRange): AsyncGenerator<Candidate | Mismatch> {
    if (!this.#folder.isThere) return
    const matcher = matcherOf(query, this.#horizon)
    const passesOver = isSearch(query) ? (line: Buffer) => isMismatch(line, query) : undefined
    const { below, from } = range
    const yielding = yieldAfter(this.#folder.folder.clock)
    for (const day of await this.#folder.days()) {
      query.signal?.throwIfAborted()
      if ((below !== undefined && day > dayOf(below)) || (from !== undefined && day < dayOf(from))) continue
      yield* this.#scanDay(day, range, matcher, passesOver, async () => {
        query.signal?.throwIfAborted()
        await yielding()
      })
    }
  }

  async *#scanDay(
    day: string,
    { below, from }: IdRange,
    matcher: EntryMatcher,
    passesOver: ((line: Buffer) => boolean) | undefined,
    yielding: () => Promise<void>,
  ): AsyncGenerator<Candidate | Mismatch> {
    let last = below
    for (let tries = TRIES; ; tries--) {
      try {
        for await (const located of this.#entriesDown(day, { below: last, from }, matcher, yielding)) {
          await yielding()
          const record = await this.#load(located, true, passesOver).catch((error: unknown) => {
            if (isCorruptRecord(error) || isNewerRecord(error)) return undefined
            throw error
          })
          if (record === 'moved') throw new IndexReplacedError(located.path)
          last = located.entry.id
          if (record !== undefined) yield record
        }
        return
      } catch (error) {
        if (isNewerRecord(error)) {
          this.#tell(day, error, 'a day of the history was written by a newer release; it is left out')
          return
        }
        if (error instanceof DamagedIndexError && tries > 1) await this.#repair(day)
        else if (!(error instanceof IndexReplacedError)) throw error
        // Dropped, and what is left of its index will be too.
        if (tries === 1) return
      }
    }
  }

  async *#entriesDown(
    day: string,
    { below, from }: IdRange,
    matcher: EntryMatcher,
    yielding: () => Promise<void>,
  ): AsyncGenerator<Located> {
    const files = this.#folder.filesOf(day)
    const lines = await this.#folder.currentLines(day)
    const ids = lines?.sortedIds ?? []
    let at = (below === undefined ? ids.length : placeOf(ids, below)) - 1
    const first = from === undefined ? 0 : placeOf(ids, from)
    const packed = await this.#folder.currentPacked(day)
    const path = files.packed(packed?.header.generation ?? 1)
    // Also the latest of the lines that are about to be packed, so that none is missed between the two.
    function* linesAbove(id: string | undefined): Generator<Located> {
      for (; at >= first && (id === undefined || (ids[at] ?? '') > id); at--) {
        const entry = lines?.entries.get(ids[at] ?? '')
        if (entry === undefined) throw new IndexReplacedError(files.linesIndex)
        if (!entry.isTombstone && matcher.decoded(entry)) yield { entry, path: files.lines, isPacked: false }
      }
    }
    for await (const entry of packed?.down(below, from, matcher.encoded, yielding) ?? []) {
      yield* linesAbove(entry.id)
      if (ids[at] !== entry.id && lines?.entries.has(entry.id) !== true) yield { entry, path, isPacked: true }
    }
    yield* linesAbove(undefined)
  }

  /** `moved`: the line is not where the index says. `again`: whoever asks will look once more. */
  async #load(located: Located, again: boolean): Promise<Candidate | 'moved'>
  /** With `passesOver` also a line of which that is true, which is neither checked nor kept. */
  async #load(
    located: Located,
    again: boolean,
    passesOver: ((line: Buffer) => boolean) | undefined,
  ): Promise<Candidate | Mismatch | 'moved'>
  async #load(
    { entry, path, isPacked }: Located,
    again: boolean,
    passesOver?: (line: Buffer) => boolean,
  ): Promise<Candidate | Mismatch | 'moved'> {
    const { id, revision, start, size } = entry
    const kept = this.#records.get(id)
    if (kept?.sync.revision === revision) return kept
    let line: Buffer
    try {
      const bytes = isPacked ? await this.#member(path, entry) : undefined
      line = bytes?.subarray(start, start + size) ?? (await this.#folder.folder.fs.read(path, entry.offset, size)).bytes
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return 'moved'
      if (!(error instanceof SyntaxError)) throw error
      this.#tell(`${path} ${entry.offset}`, error, 'a part of the history cannot be read', {
        file: path,
        at: entry.offset,
      })
      throw corruptRecord(id, error)
    }
    const isOurs = line.length === size && line.includes(id)
    if (!isOurs && again) {
      this.#members.clear()
      return 'moved'
    }
    if (passesOver?.(line)) return { mismatch: id, size }
    try {
      const record: Candidate = { sync: deepFreeze(parseSyncRecord(id, line.toString('utf8'))), size }
      this.#records.set(id, record)
      return record
    } catch (error) {
      if (isCorruptRecord(error)) {
        this.#tell(id, error, 'a line of the history cannot be read', { file: path, at: entry.offset })
      }
      throw error
    }
  }

  async #member(path: string, { offset, length }: IndexEntry): Promise<Buffer> {
    const key = `${path} ${offset} ${length}`
    const kept = this.#members.get(key)
    if (kept !== undefined) return kept
    const unpacked = await unpackMember((await this.#folder.folder.fs.read(path, offset, length)).bytes)
    this.#members.set(key, unpacked)
    return unpacked
  }

  async #withRepair<T>(day: string, task: () => Promise<T>): Promise<T> {
    for (let tries = TRIES; ; tries--) {
      try {
        return await task()
      } catch (error) {
        if (tries === 1) throw error
        if (error instanceof DamagedIndexError) await this.#repair(day)
        else if (!(error instanceof IndexReplacedError)) throw error
      }
    }
  }

  #tell(key: string, err: unknown, message: string, fields: object = {}): void {
    if (this.#told.has(key)) return
    this.#told.set(key, true)
    this.#folder.folder.log.error({ err, ...fields }, message)
  }
}
