import { errnoOf, withDiskErrors } from '../disk/disk-errors.ts'
import { isSyncId } from '../model/sync-id.ts'
import type { Lease, LeaseStore } from '../ports/lease-store.ts'
import { parseLeaseName } from './files/file-names.ts'
import { StatusFolder, type StatusFolderOptions } from './files/status-folder.ts'
import { TempFiles } from './files/temp-files.ts'
import { requireSyncId } from './shared/argument-checks.ts'

/** Of the process, not of one instance: the sign names the process, and no two of its signs may be alike. */
let beats = 0

/** One small file for each sync and epoch: who beats, and how often it did. */
export class FileLeases implements LeaseStore {
  readonly #folder: StatusFolder
  readonly #temps: TempFiles

  /** `directory`: that of the records which the leases belong to; theirs lies within it. */
  constructor(options: StatusFolderOptions) {
    this.#folder = new StatusFolder(options)
    this.#temps = new TempFiles(this.#folder)
  }

  start(): Promise<void> {
    return withDiskErrors('The status could not be opened', async () => {
      const { fs, temps, leases } = this.#folder
      for (const folder of [temps, leases]) await fs.makeFolder(folder)
    })
  }

  renew(syncId: string, epoch: number): Promise<void> {
    return withDiskErrors('The status could not be kept alive', async () => {
      requireSyncId(syncId)
      const sign = Buffer.from(`${this.#folder.processes.self} ${++beats}\n`)
      const temp = await this.#temps.write(sign, { sync: false })
      await this.#temps.rename(temp, this.#folder.lease(syncId, epoch))
    })
  }

  read(syncId: string, epoch: number): Promise<Lease | undefined> {
    return withDiskErrors('The status could not be read', async () => {
      if (!isSyncId(syncId)) return undefined
      try {
        const { bytes } = await this.#folder.fs.read(this.#folder.lease(syncId, epoch))
        const beat = bytes.toString('latin1')
        return { heartbeat: beat, ownerIsGone: this.#folder.processes.isGone(beat.split(' ')[0] ?? '') }
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return undefined
        throw error
      }
    })
  }

  release(syncId: string, epoch: number): Promise<void> {
    return withDiskErrors('The status could not be let go', async () => {
      for await (const names of this.#folder.fs.list(this.#folder.leases)) {
        for (const name of names) {
          const lease = parseLeaseName(name)
          if (lease?.id !== syncId || lease.epoch > epoch) continue
          await this.#folder.remove(this.#folder.lease(syncId, lease.epoch))
        }
      }
    })
  }

  async close(): Promise<void> {}
}
