import { KeyedMutex } from '../concurrency/keyed-mutex.ts'
import { PendingWork } from '../concurrency/pending-work.ts'
import { withDiskErrors } from '../disk/disk-errors.ts'
import { AppError } from '../errors.ts'
import type { Sync } from '../model/sync.ts'
import type { Log } from '../ports/log.ts'
import type {
  CleanupOptions,
  CleanupReport,
  StorageUsage,
  SyncPage,
  SyncQuery,
  SyncStorage,
} from '../ports/sync-storage.ts'
import { CreationJournal } from './files/creation-journal.ts'
import { FileWatch } from './files/file-watch.ts'
import { FolderFlush, makeDurableFolder } from './files/folder-flush.ts'
import { RecordCache } from './files/record-cache.ts'
import { PACK_ABOVE_BYTES } from './files/record-format.ts'
import { RecordWriter } from './files/record-writer.ts'
import { StatusFolder, type StatusFolderOptions } from './files/status-folder.ts'
import { StatusSweep } from './files/sweep.ts'
import { SyncIndex } from './files/sync-index.ts'
import { TempFiles } from './files/temp-files.ts'
import { requireSuccessor, requireSyncId } from './shared/argument-checks.ts'
import { PROBE } from './shared/probe.ts'
import { type Candidate, collectPage, readPageToken } from './shared/sync-page.ts'

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
}

/**
 * One readable JSON file for each sync, on a disk of this machine. Any number of processes of the machine may share the
 * directory: see `Claims` for how a record is replaced, `RecordCache` for how it is read.
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
    this.#sweep = new StatusSweep({
      folder,
      records: this.#records,
      writer: this.#writer,
      index: this.#index,
      temps: this.#temps,
      writers: this.#writers,
    })
    this.#flush = new FolderFlush(folder.fs, folder.directory)
    this.#watch = new FileWatch(folder)
  }

  start(): Promise<void> {
    return withDiskErrors('The status could not be opened', async () => {
      const { fs, directory, temps, claims, leases, quarantine } = this.#folder
      for (const folder of [directory, temps, claims, leases, quarantine]) await makeDurableFolder(fs, folder)
      const remote = REMOTE_KINDS.get((await fs.volume(directory)).kind >>> 0)
      if (remote === undefined) return
      throw new AppError('STORAGE_UNAVAILABLE', `The status directory lies on ${remote}, which cannot keep it safe.`, {
        hint: 'Set STORAGE_URL to a folder on a local disk, or to a Redis or PostgreSQL server.',
      })
    })
  }

  create(sync: Sync): Promise<void> {
    return this.#write(sync.id, async () => {
      const bytes = await this.#writer.create(sync)
      try {
        await Promise.all([this.#flush.flush(), this.#journal.append(sync.id)])
      } catch (error) {
        const { log } = this.#folder
        await this.#writer.remove(sync.id, sync.revision).catch((err: unknown) => {
          log.warn({ err, syncId: sync.id }, 'a sync that was refused could not be taken back; it will be run')
        })
        throw error
      }
      this.#index.put(sync, bytes)
      this.#watch.notify(sync.id)
    })
  }

  async get(id: string): Promise<Sync | undefined> {
    return this.#read(async () => (await this.#records.find(id))?.sync)
  }

  peek(id: string): Sync | undefined | Promise<Sync | undefined> {
    try {
      const found = this.#records.find(id, { shared: true })
      return found instanceof Promise ? this.#read(async () => (await found)?.sync) : found?.sync
    } catch (error) {
      return this.#read(() => Promise.reject(error))
    }
  }

  async replace(next: Sync, expectedRevision: number, options: { readonly durable?: boolean } = {}): Promise<boolean> {
    requireSuccessor(next, expectedRevision)
    const durable = options.durable ?? true
    return this.#write(next.id, async () => {
      const bytes = await this.#writer.replace(next, expectedRevision)
      if (bytes === undefined) return false
      this.#index.put(next, bytes)
      this.#watch.notify(next.id)
      // Other processes may know it as finished, and read it no more.
      if (next.webhook?.state === 'pending') await this.#journal.append(next.id)
      if (durable) await this.#flush.flush()
      return true
    })
  }

  remove(id: string, expectedRevision: number): Promise<boolean> {
    return this.#write(id, async () => {
      if (!(await this.#writer.remove(id, expectedRevision))) return false
      this.#index.delete(id)
      this.#watch.notify(id)
      await this.#flush.flush()
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

  cleanup(now: Date, options?: CleanupOptions): Promise<CleanupReport> {
    return this.#track('could not be swept', async () => {
      const report = await this.#sweep.run(now, options)
      for (const id of report.removed) this.#watch.notify(id)
      await this.#journal.rotate()
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

  async close(): Promise<void> {
    this.#closed = true
    await this.#watch.close()
    await this.#pending.settled()
  }

  /** All that may match the query, newest first. */
  async *#scan(query: SyncQuery): AsyncGenerator<Candidate> {
    const after = readPageToken(query)
    await this.#index.refresh(query.signal)
    for await (const id of this.#index.candidates(after, query)) {
      const record = await this.#index.find(id, { shared: true })
      if (record !== undefined) yield record
    }
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
