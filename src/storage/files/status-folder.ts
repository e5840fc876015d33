import { join } from 'node:path'
import { errnoOf } from '../../disk/disk-errors.ts'
import { nodeFileSystem } from '../../disk/node-file-system.ts'
import type { Clock } from '../../ports/clock.ts'
import type { FileSystem } from '../../ports/file-system.ts'
import { type Log, silentLog } from '../../ports/log.ts'
import { ProcessSockets } from './process-sockets.ts'
import { type Processes, systemProcesses } from './processes.ts'

export interface StatusFolderOptions {
  /** Folder of the records; made if it is not there. */
  readonly directory: string
  readonly clock: Clock
  /** Default: none. */
  readonly log?: Log
  readonly fs?: FileSystem
  readonly processes?: Processes
  /** Folder of the sockets of the processes; default: one within the directory. */
  readonly sockets?: string
}

/**
 * Where everything lies, and what it is read and written with. The records themselves lie in the directory, one readable
 * file each; what belongs to the machinery lies in folders within it, for a rename must stay on one file system.
 */
export class StatusFolder {
  readonly clock: Clock
  readonly log: Log
  readonly fs: FileSystem
  readonly processes: Processes
  /** On the real disk only; one that is simulated has no sockets. */
  readonly processSockets: ProcessSockets | undefined
  readonly directory: string
  readonly temps: string
  /** Claims on records. */
  readonly claims: string
  /** Entries of the `leases` namespace, see `FileKeyValueStore`. */
  readonly leases: string
  /** Sockets of the processes that share the folder, see {@link ProcessSockets}. */
  readonly sockets: string
  readonly quarantine: string
  /** The journal of created syncs. */
  readonly journal: string

  constructor({ directory, clock, log, fs, processes, sockets }: StatusFolderOptions) {
    this.clock = clock
    this.log = log ?? silentLog
    this.fs = fs ?? nodeFileSystem
    this.processes = processes ?? systemProcesses()
    this.directory = directory
    this.temps = join(directory, '.tmp')
    this.claims = join(directory, '.claims')
    this.leases = join(directory, '.leases')
    this.sockets = sockets ?? join(directory, '.processes')
    this.processSockets = fs === undefined ? new ProcessSockets(this.sockets, this.processes) : undefined
    this.quarantine = join(directory, 'quarantine')
    this.journal = join(directory, '.created')
  }

  /** Path of the record of a sync. */
  record(id: string): string {
    return join(this.directory, `${id}.json`)
  }

  quarantined(id: string): string {
    return join(this.quarantine, `${id}.json`)
  }

  temp(name: string): string {
    return join(this.temps, name)
  }

  /** Removes a file; resolves to whether it was there. */
  async remove(path: string): Promise<boolean> {
    try {
      await this.fs.unlink(path)
      return true
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false
      throw error
    }
  }

  /** Removes a file that nobody needs. One that cannot be removed now is left for the sweeper. */
  async discard(path: string): Promise<void> {
    try {
      await this.remove(path)
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      this.log.warn({ err: error }, 'a file that is of no use any more could not be removed')
    }
  }
}
