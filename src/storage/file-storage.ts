import { KeyedMutex } from '../concurrency/keyed-mutex.ts'
import { nodeFileSystem } from '../disk/node-file-system.ts'
import { AppError } from '../errors.ts'
import type { Sync } from '../model/sync.ts'
import { isNewerRecord } from '../model/sync-record.ts'
import type { Clock } from '../ports/clock.ts'
import type { FileSystem } from '../ports/file-system.ts'
import type { Log } from '../ports/log.ts'
import type { CleanupReport, SyncPage, SyncQuery, SyncStorage } from '../ports/sync-storage.ts'
import { Succession } from './files/claims.ts'
import { CreationJournal } from './files/creation-journal.ts'
import { FileWatch } from './files/file-watch.ts'
import { FolderFlush, makeDurableFolder } from './files/folder-flush.ts'
import { Layout } from './files/folder-layout.ts'
import { Leftovers } from './files/orphaned-files.ts'
import { type Processes, systemProcesses } from './files/processes.ts'
import { formatRecord, PACK_ABOVE_BYTES } from './files/record-format.ts'
import { Records, type StoredRecord } from './files/records.ts'
import { errnoOf, isCorrupt, toStorageError } from './files/storage-errors.ts'
import { type SweepOptions, sweep } from './files/sweep.ts'
import { SyncIndex } from './files/sync-index.ts'
import { TempFiles } from './files/temp-files.ts'
import { requireSuccessor, requireSyncId } from './shared/argument-checks.ts'
import { matchesQuery } from './shared/matches-query.ts'
import { readPageToken, toPageToken } from './shared/page-token.ts'

/** File systems of other machines (statfs(2)): they keep neither the promise of O_EXCL nor that of a look at a file. */
const REMOTE_KINDS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
])

export interface FileStorageOptions {
  /** Folder of the records; made if it is not there. */
  readonly directory: string
  readonly clock: Clock
  readonly log: Log
  /** Bytes above which a record is stored as gzip. Default: where packing pays. */
  readonly packAboveBytes?: number
  readonly fs?: FileSystem
  readonly processes?: Processes
}

/**
 * One readable JSON file for each sync, on a disk of this machine. Any number of processes of the machine may share the
 * directory: see `Succession` for how a record is replaced, `Records` for how it is read.
 */
export class FileStorage implements SyncStorage {
  readonly #fs: FileSystem
  readonly #layout: Layout
  readonly #log: Log
  readonly #packAbove: number
  readonly #records: Records
  readonly #temps: TempFiles
  readonly #succession: Succession
  readonly #journal: CreationJournal
  readonly #index: SyncIndex
  readonly #sweeping: SweepOptions
  readonly #flush: FolderFlush
  /** Writers of one sync in this process wait for each other here, so that they need not meet on the disk. */
  readonly #writers = new KeyedMutex()
  readonly #busy = new Set<Promise<unknown>>()
  readonly #watch: FileWatch
  #closed = false

  constructor(options: FileStorageOptions) {
    const { clock, log } = options
    const fs = options.fs ?? nodeFileSystem
    const processes = options.processes ?? systemProcesses()
    const layout = new Layout(options.directory)
    const packAbove = options.packAboveBytes ?? PACK_ABOVE_BYTES
    this.#packAbove = packAbove
    this.#fs = fs
    this.#layout = layout
    this.#log = log
    this.#records = new Records(fs, layout)
    this.#watch = new FileWatch({ layout, fs, clock, log })
    this.#temps = new TempFiles({ layout, fs, clock, processes })
    const shared = { layout, fs, clock, log, processes, records: this.#records, temps: this.#temps, packAbove }
    this.#succession = new Succession(shared)
    this.#journal = new CreationJournal(fs, layout.journal)
    this.#index = new SyncIndex({ layout, fs, journal: this.#journal })
    this.#flush = new FolderFlush(fs, layout.directory)
    const leftovers = new Leftovers({ ...shared, succession: this.#succession })
    this.#sweeping = { ...shared, index: this.#index, succession: this.#succession, leftovers, writers: this.#writers }
  }

  start(): Promise<void> {
    return this.#run('could not be opened', async () => {
      for (const folder of this.#layout.folders) await makeDurableFolder(this.#fs, folder)
      const kind = (await this.#fs.kind(this.#layout.directory)) >>> 0
      const remote = REMOTE_KINDS.get(kind)
      if (remote !== undefined) {
        throw new AppError(
          'STORAGE_UNAVAILABLE',
          `The status directory lies on ${remote}, which cannot keep it safe.`,
          {
            hint: 'Set STORAGE_URL to a folder on a local disk, or to a Redis or PostgreSQL server.',
          },
        )
      }
    })
  }

  create(sync: Sync): Promise<void> {
    return this.#write(sync.id, async () => {
      const bytes = await formatRecord(sync, this.#packAbove)
      const temp = await this.#temps.write({ kind: 'record', base: 'none' }, bytes, {
        sync: true,
        revision: sync.revision,
      })
      try {
        await this.#publishNew(sync.id, temp.path)
        try {
          await Promise.all([this.#flush.flush(), this.#temps.abandon(temp), this.#journal.announce(sync.id)])
        } catch (error) {
          await this.#takeBack(sync)
          throw error
        }
      } catch (error) {
        await this.#temps.abandon(temp)
        throw error
      }
      this.#records.keepPublished(sync, temp.version)
      this.#index.note(sync)
      this.#watch.tell(sync.id)
    })
  }

  async get(id: string): Promise<Sync | undefined> {
    return this.#run('could not be read', async () => (await this.#records.find(id))?.sync)
  }

  peek(id: string): Sync | undefined | Promise<Sync | undefined> {
    try {
      const found = this.#records.find(id, { shared: true })
      return found instanceof Promise ? this.#run('could not be read', async () => (await found)?.sync) : found?.sync
    } catch (error) {
      return Promise.reject(toStorageError(error, 'could not be read'))
    }
  }

  async replace(next: Sync, expectedRevision: number, options: { readonly durable?: boolean } = {}): Promise<boolean> {
    requireSuccessor(next, expectedRevision)
    const durable = options.durable ?? true
    return this.#write(next.id, async () => {
      const replaced = await this.#succession.succeed(next.id, expectedRevision, next)
      if (!replaced) return false
      this.#index.note(next)
      this.#watch.tell(next.id)
      // Others may know it as finished, and look at it no more.
      if (next.webhook?.state === 'pending') await this.#journal.announce(next.id)
      if (durable) await this.#flush.flush()
      return true
    })
  }

  remove(id: string, expectedRevision: number): Promise<boolean> {
    return this.#write(id, async () => {
      const removed = await this.#succession.succeed(id, expectedRevision, 'removed')
      if (!removed) return false
      this.#index.forget(id)
      this.#watch.tell(id)
      await this.#flush.flush()
      return true
    })
  }

  async list(query: SyncQuery): Promise<SyncPage> {
    const after = readPageToken(query)
    return this.#run('could not be listed', async () => {
      await this.#index.refresh()
      const syncs: Sync[] = []
      for await (const id of this.#index.older(after, query)) {
        const sync = await this.#look(id)
        if (sync === undefined || !matchesQuery(sync, query)) continue
        const last = syncs.at(-1)
        if (syncs.length >= query.pageSize && last !== undefined) {
          return { syncs, nextPageToken: toPageToken(last.id, query) }
        }
        syncs.push(sync)
      }
      return { syncs }
    })
  }

  cleanup(now: Date): Promise<CleanupReport> {
    return this.#track('could not be swept', async () => {
      const report = await sweep(this.#sweeping, now)
      for (const id of report.removed) this.#watch.tell(id)
      await this.#journal.shorten()
      return report
    })
  }

  checkWritable(): Promise<void> {
    return this.#track('could not be written', async () => {
      const temp = await this.#temps.write({ kind: 'other', base: 'none' }, Buffer.from('probe\n'), {
        sync: true,
        revision: 0,
      })
      await this.#temps.abandon(temp)
    })
  }

  watch(id: string, onChange: () => void): () => void {
    return this.#watch.add(id, onChange)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#watch.close()
    while (this.#busy.size > 0) await Promise.allSettled(this.#busy)
    await this.#journal.close()
    this.#records.clear()
  }

  /** Gives the finished temporary file the name of the record, unless that is taken. */
  async #publishNew(id: string, temp: string): Promise<void> {
    try {
      await this.#fs.link(temp, this.#layout.record(id))
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error
      throw new AppError('SYNC_EXISTS', `There is a sync ${id} already.`, { cause: error })
    }
  }

  /** Removes a sync whose create cannot be told to have succeeded. */
  async #takeBack(sync: Sync): Promise<void> {
    try {
      await this.#succession.succeed(sync.id, sync.revision, 'removed')
    } catch (error) {
      this.#log.warn({ err: error, syncId: sync.id }, 'a sync that was refused could not be taken back; it will be run')
    }
  }

  /** The record, as far as a list shows it: unreadable ones it leaves out. */
  async #look(id: string): Promise<Sync | undefined> {
    let record: StoredRecord | undefined
    try {
      record = await this.#records.find(id)
    } catch (error) {
      if (isNewerRecord(error)) return undefined
      if (!isCorrupt(error)) throw error
      this.#index.noteUnreadable(id)
      return undefined
    }
    if (record === undefined) this.#index.forget(id)
    else this.#index.note(record.sync, record.identity)
    return record?.sync
  }

  async #write<T>(id: string, task: () => Promise<T>): Promise<T> {
    requireSyncId(id)
    return this.#track('could not be written', () => this.#writers.run(id, task))
  }

  /** Runs what close() waits for, and what is refused afterwards. */
  async #track<T>(doing: string, task: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new AppError('STORAGE_UNAVAILABLE', `The status ${doing}: the storage is closed.`)
    const running = this.#run(doing, task)
    this.#busy.add(running)
    try {
      return await running
    } finally {
      this.#busy.delete(running)
    }
  }

  async #run<T>(doing: string, task: () => Promise<T>): Promise<T> {
    try {
      return await task()
    } catch (error) {
      throw toStorageError(error, doing)
    }
  }
}
