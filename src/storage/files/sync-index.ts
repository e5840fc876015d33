import pMap from 'p-map'
import { KeyedMutex } from '../../concurrency/keyed-mutex.ts'
import { ACTIVE_STATES, type SyncState } from '../../model/sync.ts'
import { isCorruptRecord, isNewerRecord } from '../../model/sync-record.ts'
import type { FileIdentity } from '../../ports/file-system.ts'
import type { StateCounts, StorageUsage, SyncQuery } from '../../ports/sync-storage.ts'
import { stateCounts } from '../shared/state-counts.ts'
import type { CreationJournal } from './creation-journal.ts'
import { yieldAfter, yieldEvery } from './event-loop-yield.ts'
import { idOfRecord } from './file-names.ts'
import type { RecordCache, StoredRecord } from './record-cache.ts'
import { type RecordSummary, summarize, summarizeEnds } from './record-format.ts'
import { SortedIds } from './sorted-ids.ts'
import type { StatusFolder } from './status-folder.ts'

const ACTIVE: ReadonlySet<SyncState> = new Set(ACTIVE_STATES)

/** Files read side by side while the directory is scanned. */
const READS_AT_A_TIME = 8

/** Ids of one range, at most. */
const RANGE_IDS = 256

interface Entry {
  readonly spreadsheetId: string
  /** Name of the API key that asked for it, where one did. */
  readonly createdBy: string | null
  readonly scheduleId: string | null
  readonly state: SyncState
  /** Infinite while it is active. The state of a finished sync is final; its webhook and with it its expiry may change. */
  readonly expiresAt: number
  /** Something is still to come: it is active, or has a webhook that is yet to be delivered. */
  readonly isUnsettled: boolean
  /** Of its file, when it was last read or written here. */
  readonly bytes: number
  /** Of a finished one, when the file that it was read from was modified, if it was read; that and its size are its version. */
  readonly modifiedMicros: number | undefined
  /** The latest scan that has seen it. */
  scan: number
}

/**
 * What syncs there are, of which spreadsheet, and how they ended, so that a search need not read every file. A terminal
 * state is final, so only what is not known to be terminal has to be read again.
 */
export class SyncIndex {
  readonly #folder: StatusFolder
  readonly #records: RecordCache
  readonly #journal: CreationJournal
  readonly #all = new SortedIds()
  readonly #unsettled = new SortedIds()
  readonly #entries = new Map<string, Entry>()
  readonly #unreadable = new Set<string>()
  readonly #mutex = new KeyedMutex()
  /** How many scans of the directory have begun. */
  #scan = 0

  constructor(folder: StatusFolder, records: RecordCache, journal: CreationJournal) {
    this.#folder = folder
    this.#records = records
    this.#journal = journal
  }

  /**
   * Takes in what was created, in any process, before this call. Scans the directory only when it must. While records are
   * still to be read, an aborted signal rejects it with its reason.
   */
  refresh(signal?: AbortSignal): Promise<void> {
    return this.#update(async () => {
      const appended = await this.#journal.readNew()
      // Syncs that are known as finished are appended again when a webhook of theirs has become pending.
      const mayBeNews = (id: string) =>
        this.#isFinished(id) ? this.#needsReading(id) : !this.#entries.has(id) && !this.#unreadable.has(id)
      await (appended === undefined ? this.#scanDirectory(signal) : this.#readAll(appended.filter(mayBeNews), signal))
    })
  }

  /** Scans the directory, as `refresh` may: reads the files that have changed, and forgets those that are gone. */
  rescan(signal?: AbortSignal): Promise<void> {
    return this.#update(() => this.#scanDirectory(signal))
  }

  /**
   * Reads a record as a whole, and takes in what it says. `undefined` when it is not there, or unreadable; `unreadable`
   * tells them apart afterwards. `shared`: as `RecordCache` says.
   */
  async find(id: string, options?: { readonly shared: boolean }): Promise<StoredRecord | undefined> {
    try {
      const record = await this.#records.find(id, options)
      if (record === undefined) this.delete(id)
      else this.put(record.sync, record.identity.size, record.identity)
      return record
    } catch (error) {
      // What a newer release has written is neither listed nor swept by this one.
      if (isNewerRecord(error)) this.delete(id)
      else this.#markIfUnreadable(id, error)
      return undefined
    }
  }

  /** Takes in a record. `bytes`: of its file; `identity`: of the file it was read from, where that is known. */
  put(sync: RecordSummary, bytes: number, identity?: FileIdentity): void {
    const { id, spreadsheet, createdBy, scheduleId, state, expiresAt, webhook } = sync
    this.#unreadable.delete(id)
    if (!this.#entries.has(id)) this.#all.add(id)
    const isFinished = expiresAt !== null
    // A finished sync stays finished, whatever an older write of ours reports late; only its file can say otherwise.
    if (!isFinished && identity === undefined && this.#isFinished(id)) return
    const isUnsettled = !isFinished || webhook?.state === 'pending'
    this.#entries.set(id, {
      spreadsheetId: spreadsheet.id,
      createdBy,
      scheduleId,
      state,
      expiresAt: isFinished ? Date.parse(expiresAt) : Number.POSITIVE_INFINITY,
      isUnsettled,
      bytes,
      modifiedMicros: isFinished ? identity?.modifiedMicros : undefined,
      scan: this.#scan,
    })
    if (isUnsettled) this.#unsettled.add(id)
    else this.#unsettled.delete(id)
  }

  delete(id: string): void {
    this.#all.delete(id)
    this.#unsettled.delete(id)
    this.#entries.delete(id)
    this.#unreadable.delete(id)
  }

  /** Ids of what is active, or has a webhook that is yet to be delivered. */
  get unsettled(): Iterable<string> {
    return this.#unsettled.below()
  }

  isUnsettled(id: string): boolean {
    return this.#entries.get(id)?.isUnsettled ?? false
  }

  /** Ids whose record could not be understood when it was last read. */
  get unreadable(): ReadonlySet<string> {
    return this.#unreadable
  }

  /** Ids of the finished syncs that have expired at this time. */
  async expired(now: Date): Promise<readonly string[]> {
    const yielding = yieldEvery()
    const ids: string[] = []
    for (const [id, { expiresAt }] of this.#entries) {
      if (expiresAt <= now.getTime()) ids.push(id)
      await yielding()
    }
    return ids
  }

  /** Of the syncs that were asked for with this key, or of all; what others have removed counts until the next scan. */
  async usage(createdBy: string | null): Promise<StorageUsage> {
    const yielding = yieldEvery(1000)
    let [records, bytes] = [0, 0]
    for (const entry of this.#entries.values()) {
      await yielding()
      if (createdBy !== null && entry.createdBy !== createdBy) continue
      records += 1
      bytes += entry.bytes
    }
    return { records, bytes }
  }

  /** What has ended counts as it is known, see `usage`; the other records are looked at. */
  async countByState(): Promise<StateCounts> {
    for (const id of [...this.unsettled]) await this.find(id, { shared: true })
    const yielding = yieldEvery(1000)
    const counts = new Map<SyncState, number>()
    for (const { state } of this.#entries.values()) {
      counts.set(state, (counts.get(state) ?? 0) + 1)
      await yielding()
    }
    return stateCounts(counts)
  }

  /** The syncs older than this one (without one, all) that may match, newest first; their records decide whether they do. */
  async *candidates(id: string | undefined, query: SyncQuery): AsyncIterable<string> {
    const yielding = yieldEvery()
    const onlyActive = query.states?.every((state) => ACTIVE.has(state)) ?? false
    const settledToo = !onlyActive && query.webhook === undefined
    for (const next of (settledToo ? this.#all : this.#unsettled).below(id)) {
      await yielding()
      if (this.#mayMatch(next, query)) yield next
    }
  }

  /**
   * The same in ranges of ids that follow each other without gaps, down to the first of all: `ids` are those of a range, none
   * of which is below `from`; the last has no `from`. What is moved or removed meanwhile may come or not.
   */
  async *ranges(id: string | undefined, query: SyncQuery): AsyncIterable<{ ids: string[]; from: string | undefined }> {
    let ids: string[] = []
    let taken = 0
    for await (const next of this.candidates(id, query)) {
      ids.push(next)
      if (++taken < RANGE_IDS) continue
      yield { ids, from: next }
      ids = []
      taken = 0
    }
    yield { ids, from: undefined }
  }

  #mayMatch(id: string, { states, spreadsheetId, createdBy, scheduleId, webhook }: SyncQuery): boolean {
    const entry = this.#entries.get(id)
    if (scheduleId !== undefined && entry?.scheduleId !== scheduleId) return false
    if (createdBy !== undefined && entry?.createdBy !== createdBy) return false
    if (spreadsheetId !== undefined && entry?.spreadsheetId !== spreadsheetId) return false
    if (webhook !== undefined && entry?.isUnsettled === false) return false
    const isActive = entry === undefined || !Number.isFinite(entry.expiresAt)
    return isActive || states === undefined || states.includes(entry.state)
  }

  /** One at a time: what one of them has taken from the journal the next would believe to be known. */
  #update(task: () => Promise<void>): Promise<void> {
    return this.#mutex.run('index', async () => {
      try {
        await task()
      } catch (error) {
        // What was not read now nobody would read later.
        this.#journal.losePosition()
        throw error
      }
    })
  }

  async #scanDirectory(signal?: AbortSignal): Promise<void> {
    await this.#journal.seekEnd()
    this.#scan += 1
    for await (const names of this.#folder.fs.list(this.#folder.directory)) {
      await this.#readAll(await this.#changedOf(names, signal), signal)
    }
    const yielding = yieldEvery()
    for (const id of this.#all.below()) {
      // What was created while the directory was read may be missing in what was read.
      if (this.#entries.get(id)?.scan !== this.#scan && this.#identify(id) === undefined) this.delete(id)
      await yielding()
      signal?.throwIfAborted()
    }
  }

  /** Which of the files must be read. */
  async #changedOf(names: readonly string[], signal?: AbortSignal): Promise<readonly string[]> {
    const yielding = yieldEvery()
    const changed: string[] = []
    for (const id of names.map(idOfRecord)) {
      if (id === undefined) continue
      const entry = this.#entries.get(id)
      if (entry !== undefined) entry.scan = this.#scan
      if (this.#needsReading(id)) changed.push(id)
      await yielding()
      signal?.throwIfAborted()
    }
    return changed
  }

  /** Takes in that the record is there and cannot be read, or throws the error. */
  #markIfUnreadable(id: string, error: unknown): void {
    if (!isCorruptRecord(error)) throw error
    this.#all.add(id)
    this.#unreadable.add(id)
  }

  #isFinished(id: string): boolean {
    return Number.isFinite(this.#entries.get(id)?.expiresAt)
  }

  #needsReading(id: string): boolean {
    const entry = this.#entries.get(id)
    if (entry?.modifiedMicros === undefined) return true
    const file = this.#identify(id)
    return file === undefined || file.modifiedMicros !== entry.modifiedMicros || file.size !== entry.bytes
  }

  #identify(id: string): FileIdentity | undefined {
    return this.#folder.fs.identify(this.#folder.record(id))
  }

  async #readAll(ids: readonly string[], signal?: AbortSignal): Promise<void> {
    const read = async (id: string) => {
      const file = await this.#records.readFile(id)
      const summary = file && (await summarize(id, file.bytes))
      if (file === undefined || summary === undefined || summary === 'newer format') this.delete(id)
      // What was found unreadable as a whole stays so until it is read as a whole.
      else if (!this.#unreadable.has(id)) this.put(summary, file.identity.size, file.identity)
    }
    const readOrMark = (id: string) => read(id).catch((error: unknown) => this.#markIfUnreadable(id, error))
    const unusual: string[] = []
    const yielding = yieldAfter(this.#folder.clock)
    for (const id of ids) {
      signal?.throwIfAborted()
      if (!this.#readEnds(id)) unusual.push(id)
      await yielding()
    }
    // With nothing to read an aborted signal is no matter either.
    if (unusual.length > 0) await pMap(unusual, readOrMark, { concurrency: READS_AT_A_TIME, signal })
  }

  /** Takes in what both ends of a record say; resolves to whether they say it. */
  #readEnds(id: string): boolean {
    const file = this.#unreadable.has(id) ? undefined : this.#records.readFileNow(id)
    const summary = file && summarizeEnds(id, file.bytes)
    if (file === undefined || summary === undefined) return false
    this.put(summary, file.identity.size, file.identity)
    return true
  }
}
