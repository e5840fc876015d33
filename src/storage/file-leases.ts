import { nodeFileSystem } from '../disk/node-file-system.ts'
import { isSyncId } from '../model/sync-id.ts'
import type { Clock } from '../ports/clock.ts'
import type { FileSystem } from '../ports/file-system.ts'
import type { Lease, LeaseStore } from '../ports/lease-store.ts'
import { Layout, parseLeaseName } from './files/folder-layout.ts'
import { type Processes, systemProcesses } from './files/processes.ts'
import { errnoOf, toStorageError } from './files/storage-errors.ts'
import { TempFiles } from './files/temp-files.ts'
import { requireSyncId } from './shared/argument-checks.ts'

export interface FileLeasesOptions {
  /** Folder of the records that the leases belong to; theirs lies within it. */
  readonly directory: string
  readonly clock: Clock
  readonly fs?: FileSystem
  readonly processes?: Processes
}

/** Of the process, not of one instance: the sign names the process, and no two of its signs may be alike. */
let beats = 0

/** One small file for each sync and epoch: who beats, and how often it did. */
export class FileLeases implements LeaseStore {
  readonly #fs: FileSystem
  readonly #layout: Layout
  readonly #processes: Processes
  readonly #temps: TempFiles

  constructor(options: FileLeasesOptions) {
    this.#fs = options.fs ?? nodeFileSystem
    this.#processes = options.processes ?? systemProcesses()
    this.#layout = new Layout(options.directory)
    this.#temps = new TempFiles({
      layout: this.#layout,
      fs: this.#fs,
      clock: options.clock,
      processes: this.#processes,
    })
  }

  start(): Promise<void> {
    return this.#run('could not be opened', async () => {
      for (const folder of this.#layout.folders) await this.#fs.makeFolder(folder)
    })
  }

  renew(syncId: string, epoch: number): Promise<void> {
    return this.#run('could not be kept alive', async () => {
      requireSyncId(syncId)
      const sign = Buffer.from(`${this.#processes.self} ${++beats}\n`)
      const temp = await this.#temps.write({ kind: 'other', base: 'none' }, sign, { sync: false, revision: 0 })
      try {
        await this.#fs.rename(temp.path, this.#layout.lease(syncId, epoch))
        this.#temps.done(temp)
      } catch (error) {
        await this.#temps.abandon(temp)
        throw error
      }
    })
  }

  read(syncId: string, epoch: number): Promise<Lease | undefined> {
    return this.#run('could not be read', async () => {
      if (!isSyncId(syncId)) return undefined
      try {
        const { bytes } = await this.#fs.read(this.#layout.lease(syncId, epoch))
        const heartbeat = bytes.toString('latin1')
        return { heartbeat, ownerIsGone: this.#processes.isGone(heartbeat.split(' ')[0] ?? '') }
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return undefined
        throw error
      }
    })
  }

  release(syncId: string, epoch: number): Promise<void> {
    return this.#run('could not be let go', async () => {
      for await (const names of this.#fs.list(this.#layout.leases)) {
        for (const name of names) {
          const lease = parseLeaseName(name)
          if (lease?.id === syncId && lease.epoch <= epoch) await this.#remove(this.#layout.lease(syncId, lease.epoch))
        }
      }
    })
  }

  async close(): Promise<void> {}

  async #remove(path: string): Promise<void> {
    try {
      await this.#fs.unlink(path)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
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
