import { KeyedMutex } from '../concurrency/keyed-mutex.ts'
import { PendingWork } from '../concurrency/pending-work.ts'
import { withDiskErrors } from '../disk/disk-errors.ts'
import { AppError } from '../errors.ts'
import type { Sync } from '../model/sync.ts'
import { isSyncId } from '../model/sync-id.ts'
import type { Log } from '../ports/log.ts'
import type {
  CleanupOptions,
  CleanupReport,
  StateCounts,
  StorageUsage,
  SyncPage,
  SyncQuery,
  SyncStorage,
} from '../ports/sync-storage.ts'
import { CreationJournal } from './files/creation-journal.ts'
import { FileHistory, type FileHistoryOptions } from './files/file-history.ts'
import { FileWatch } from './files/file-watch.ts'
import { candidateFinder } from './files/find-candidate.ts'
import { FolderFlush, makeDurableFolder } from './files/folder-flush.ts'
import { FolderWatch } from './files/folder-watch.ts'
import { mergeWithHistory } from './files/merge-with-history.ts'
import { RecordCache } from './files/record-cache.ts'
import { PACK_ABOVE_BYTES } from './files/record-format.ts'
import { RecordWriter } from './files/record-writer.ts'
import { StatusFolder, type StatusFolderOptions } from './files/status-folder.ts'
import { StatusSweep } from './files/sweep.ts'
import { SyncIndex } from './files/sync-index.ts'
import { TempFiles } from './files/temp-files.ts'
import { requireSuccessor, requireSyncId } from './shared/argument-checks.ts'
import { PROBE } from './shared/probe.ts'
import { type Candidate, collectPage, type Mismatch, readPageToken } from './shared/sync-page.ts'

/** File systems of other machines (statfs(2)): they keep neither the promise of O_EXCL nor that of a file's identity. */
const REMOTE_KINDS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
])

export interface FileStorageOptions extends StatusFolderOptions {
  readonly log: Log
  /** Bytes above which a record is stored as gzip. Default: where packing pays. */
  readonly packAboveBytes?: number
  /** Keeps finished syncs, in the folder that is named, once their status has expired; default: they are gone then. */
  readonly history?: FileHistoryOptions & { readonly directory: string }
}

/**
 * One readable JSON file for each sync, on a disk of this machine. Any number of processes of the machine may share the
 * directory: see `Claims` for how a record is replaced, `RecordCache` for how it is read.
 *
 * With a history, a sync whose status has expired goes on being found, and can be changed and removed, until that has
 * passed too: see `FileHistory`. It is asked only when there is no record. What is changed there has a record again.
 */
export class FileStorage implements SyncStorage {
  readonly #folder: StatusFolder
  readonly #temps: TempFiles
  readonly #records: RecordCache
  readonly #writer: RecordWriter
  readonly #journal: CreationJournal
  readonly #index: SyncIndex
  readonly #sweep: StatusSweep
  readonly #flush: FolderFlush
  readonly #watch: FileWatch
  readonly #folderWatch: FolderWatch
  readonly #history: FileHistory | undefined
  /** Writers of one sync in this process wait for each other here, so that they need not meet on the disk. */
  readonly #writers = new KeyedMutex()
  readonly #pending = new PendingWork()
  #closed = false

  constructor(options: FileStorageOptions) {
    const folder = new StatusFolder(options)
    this.#folder = folder
    this.#temps = new TempFiles(folder)
    this.#records = new RecordCache(folder)
    this.#writer = new RecordWriter(folder, this.#records, this.#temps, options.packAboveBytes ?? PACK_ABOVE_BYTES)
    this.#journal = new CreationJournal(folder)
    this.#index = new SyncIndex(folder, this.#records, this.#journal)
    const { history, ...shared } = options
    this.#history =
      history && new FileHistory({ ...shared, directory: history.directory, sockets: folder.sockets }, history)
    this.#sweep = new StatusSweep({
      folder,
      records: this.#records,
      writer: this.#writer,
      index: this.#index,
      temps: this.#temps,
      writers: this.#writers,
      history: this.#history,
    })
    this.#flush = new FolderFlush(folder.fs, folder.directory)
    this.#watch = new FileWatch(folder)
    this.#folderWatch = new FolderWatch(folder, this.#index)
  }

  start(): Promise<void> {
    return withDiskErrors('The status could not be opened', async () => {
      const { fs, directory, temps, claims, leases, sockets, quarantine } = this.#folder
      for (const folder of [directory, temps, claims, leases, sockets, quarantine]) await makeDurableFolder(fs, folder)
      const remote = REMOTE_KINDS.get((await fs.volume(directory)).kind >>> 0)
      if (remote === undefined) return this.#folder.processSockets?.listen()
      throw new AppError('STORAGE_UNAVAILABLE', `The status directory lies on ${remote}, which cannot keep it safe.`, {
        hint: 'Set STORAGE_URL to a folder on a local disk, or to a Redis or PostgreSQL server.',
      })
    })
  }

  create(sync: Sync): Promise<void> {
    return this.#write(sync.id, async () => {
      if (await this.#history?.holds(sync.id)) {
        throw new AppError('SYNC_EXISTS', `There is a sync ${sync.id} already.`)
      }
      const bytes = await this.#writer.create(sync)
      try {
        await Promise.all([this.#flush.flush(), this.#journal.append([sync.id])])
      } catch (error) {
        const { log } = this.#folder
        await this.#writer.remove(sync.id, sync.revision).catch((err: unknown) => {
          log.warn({ err, syncId: sync.id }, 'a sync that was refused could not be taken back; it will be run')
        })
        throw error
      }
      this.#index.put(sync, bytes)
      this.#notify(sync.id)
    })
  }

  async get(id: string): Promise<Sync | undefined> {
    return this.#read(async () => (await this.#records.find(id))?.sync ?? this.#findInHistory(id))
  }

  peek(id: string): Sync | undefined | Promise<Sync | undefined> {
    try {
      const found = this.#records.find(id, { shared: true })
      if (found instanceof Promise) return this.#read(async () => (await found)?.sync ?? this.#findInHistory(id))
      return found?.sync
    } catch (error) {
      return this.#read(() => Promise.reject(error))
    }
  }

  async replace(next: Sync, expectedRevision: number, options: { readonly durable?: boolean } = {}): Promise<boolean> {
    requireSuccessor(next, expectedRevision)
    const durable = options.durable ?? true
    return this.#write(next.id, async () => {
      let bytes = await this.#writer.replace(next, expectedRevision)
      const isOfHistory = bytes === undefined && this.#hasNoRecord(next.id)
      if (isOfHistory) {
        await this.#history?.change(next.id, expectedRevision, async () => {
          if (!this.#hasNoRecord(next.id)) return false
          bytes = await this.#writer.create(next)
          return true
        })
      }
      if (bytes === undefined) return false
      this.#index.put(next, bytes)
      this.#notify(next.id)
      // Other processes may know it as finished, and read it no more.
      if (isOfHistory || next.webhook?.state === 'pending') await this.#journal.append([next.id])
      if (durable) await this.#flush.flush()
      return true
    })
  }

  remove(id: string, expectedRevision: number): Promise<boolean> {
    return this.#write(id, async () => {
      const isRemoved = await this.#writer.remove(id, expectedRevision)
      if (isRemoved) {
        this.#index.delete(id)
        await this.#flush.flush()
        await this.#history?.forget(id)
      } else if (!(await this.#removeFromHistory(id, expectedRevision))) return false
      this.#notify(id)
      await this.#journal.append([id])
      return true
    })
  }

  list(query: SyncQuery): Promise<SyncPage> {
    return withDiskErrors('The status could not be listed', () => collectPage(this.#scan(query), query))
  }

  usage(createdBy: string | null): Promise<StorageUsage> {
    return withDiskErrors('The status could not be counted', async () => {
      await this.#index.refresh()
      return this.#index.usage(createdBy)
    })
  }

  countByState(): Promise<StateCounts> {
    return withDiskErrors('The status could not be counted', async () => {
      await this.#index.refresh()
      return this.#index.countByState()
    })
  }

  cleanup(now: Date, options?: CleanupOptions): Promise<CleanupReport> {
    return this.#track('could not be swept', async () => {
      const report = await this.#sweep.run(now, options)
      for (const id of report.removed) this.#watch.notify(id)
      // What went into the history is still there for a list.
      if (this.#history === undefined) {
        for (const id of report.removed) this.#folderWatch.notify(id)
        await this.#journal.appendSwept(report.removed)
      }
      await this.#journal.rotate()
      if (!options?.signal?.aborted) await this.#history?.tidy(now, options?.signal)
      return report
    })
  }

  checkWritable(): Promise<void> {
    return this.#track('could not be written', async () => {
      await this.#temps.abandon(await this.#temps.write(PROBE, { sync: true }))
    })
  }

  watch(id: string, onChange: () => void): () => void {
    return this.#watch.add(id, onChange)
  }

  watchAll(onChange: (id: string | undefined) => void): Promise<() => void> {
    return withDiskErrors('The status could not be watched', () => this.#folderWatch.add(onChange))
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#watch.close()
    await this.#folderWatch.close()
    await this.#pending.settled()
    await this.#folder.processSockets?.close()
  }

  #notify(id: string): void {
    this.#watch.notify(id)
    this.#folderWatch.notify(id)
  }

  async #findInHistory(id: string): Promise<Sync | undefined> {
    return isSyncId(id) ? (await this.#history?.find(id))?.sync : undefined
  }

  async #removeFromHistory(id: string, revision: number): Promise<boolean> {
    if (this.#history === undefined || !this.#hasNoRecord(id)) return false
    return this.#history.change(id, revision, async (bury) => {
      if (!this.#hasNoRecord(id)) return false
      await bury()
      return true
    })
  }

  /** Of unreadable ones there is one. */
  #hasNoRecord(id: string): boolean {
    const { fs } = this.#folder
    return fs.identify(this.#folder.record(id)) === undefined && fs.identify(this.#folder.quarantined(id)) === undefined
  }

  /** All that may match the query, newest first. */
  async *#scan(query: SyncQuery): AsyncGenerator<Candidate | Mismatch> {
    const after = readPageToken(query)
    await this.#index.refresh(query.signal)
    const find = candidateFinder(this.#index, this.#records, query, this.#folder.clock)
    const history = this.#history
    if (history === undefined) {
      for await (const id of this.#index.candidates(after, query)) {
        const record = await find(id)
        if (record !== undefined) yield record
      }
      return
    }
    yield* mergeWithHistory(this.#index, history, find, query, after)
  }

  #read<T>(task: () => Promise<T>): Promise<T> {
    return withDiskErrors('The status could not be read', task)
  }

  async #write<T>(id: string, task: () => Promise<T>): Promise<T> {
    requireSyncId(id)
    return this.#track('could not be written', () => this.#writers.run(id, task))
  }

  /** Runs what close() waits for, and what is refused afterwards. */
  async #track<T>(doing: string, task: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new AppError('STORAGE_UNAVAILABLE', `The status ${doing}: the storage is closed.`)
    return this.#pending.run(() => withDiskErrors(`The status ${doing}`, task))
  }
}
