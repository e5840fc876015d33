import { errnoOf } from '../../disk/disk-errors.ts'
import { writeAll } from '../../disk/file-operations.ts'
import { newNonce, parseTempName, tempNameOf } from './file-names.ts'
import { microsOf } from './file-version.ts'
import type { StatusFolder } from './status-folder.ts'

/** A finished temporary file, ready to be published. */
export interface TempFile {
  readonly name: string
  readonly path: string
  /** What `versionOf` will say of it, once it is published, if its times were set. */
  readonly version: string
  /** On the monotonic clock. */
  readonly writtenAt: number
}

interface TempFileOptions {
  /** The version that it succeeds, see `ClaimedFile`; default: it succeeds nothing. */
  readonly base?: string | undefined
  /** Whether the bytes shall outlive a power cut. */
  readonly sync: boolean
  /** Sets the time of modification, see {@link TempFiles.write}. `at`: default now. */
  readonly stamp?: { readonly revision: number; readonly at?: Date }
}

/** Writes files that nobody sees until they are published under their real name. */
export class TempFiles {
  readonly #folder: StatusFolder
  readonly #nonce = newNonce()
  #count = 0
  /** Names that a write of this instance is still busy with. */
  readonly #busy = new Set<string>()

  constructor(folder: StatusFolder) {
    this.#folder = folder
  }

  /**
   * Writes all the bytes, or rejects and leaves nothing. A stamp sets the time of modification to its second and, in
   * microseconds, its revision: kernel clocks tick in milliseconds and inodes are used again at once, so without it two
   * versions of a record could look alike from outside (size, time and inode), and a reader would keep the older one.
   */
  async write(bytes: Uint8Array, { base = 'none', sync, stamp }: TempFileOptions): Promise<TempFile> {
    const { fs, clock } = this.#folder
    const second = Math.floor((stamp?.at ?? clock.now()).getTime() / 1000)
    const micros = microsOf(fs, stamp?.revision ?? 0)
    const temp = this.#begin(base, `${second * 1_000_000 + micros}-${bytes.length}`)
    try {
      const descriptor = await fs.openNew(temp.path)
      try {
        await writeAll(fs, descriptor, bytes)
        // Half a step more, as a double cannot hold all of them exactly; what is read back is rounded down.
        const middle = micros + (fs.modifiedStep ?? 1) / 2
        if (stamp !== undefined) await fs.setModified(descriptor, second + middle / 1_000_000)
        if (sync) await fs.sync(descriptor)
      } finally {
        // Also after a failed fsync: the descriptor is not used again, and the file goes (below).
        await fs.close(descriptor)
      }
      return temp
    } catch (error) {
      await this.abandon(temp)
      throw error
    }
  }

  /** Publishes the file under a name that must be free; resolves to whether it was. */
  async link(temp: TempFile, path: string): Promise<boolean> {
    try {
      await this.#folder.fs.link(temp.path, path)
      return true
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error
      return false
    } finally {
      await this.abandon(temp)
    }
  }

  /** Publishes the file under a name, whatever has it now. */
  async rename(temp: TempFile, path: string): Promise<void> {
    try {
      await this.#folder.fs.rename(temp.path, path)
      this.done(temp)
    } catch (error) {
      await this.abandon(temp)
      throw error
    }
  }

  /**
   * Removes a file whose name may be used again at once; resolves to whether it was there. It is given a name of its own
   * first, so that an unlink which is tried again, or takes effect only when a reader has closed the file (Windows), finds
   * no successor under the old name.
   */
  async bury(path: string): Promise<boolean> {
    const grave = this.#begin('none', '')
    try {
      await this.#folder.fs.rename(path, grave.path)
    } catch (error) {
      this.done(grave)
      if (errnoOf(error) === 'ENOENT') return false
      throw error
    }
    await this.abandon(grave)
    return true
  }

  /** Notes that the write which the file was for has ended; what is left of it is orphaned now. */
  done(temp: TempFile): void {
    this.#busy.delete(temp.name)
  }

  /** Whether a write of this instance is busy with the file, or has ended, or it is another instance's file. */
  ownershipOf(name: string): 'busy' | 'ended' | 'foreign' {
    if (this.#busy.has(name)) return 'busy'
    return parseTempName(name)?.serial.startsWith(`${this.#nonce}-`) ? 'ended' : 'foreign'
  }

  /** Ends the write, and removes the file if it is still there. What cannot be removed now is left for the sweeper. */
  async abandon(temp: TempFile): Promise<void> {
    this.done(temp)
    await this.#folder.discard(temp.path)
  }

  #begin(base: string, version: string): TempFile {
    const serial = `${this.#nonce}-${this.#count++}`
    const name = tempNameOf({ base, writer: this.#folder.processes.self, serial })
    this.#busy.add(name)
    return { name, path: this.#folder.temp(name), version, writtenAt: this.#folder.clock.monotonic() }
  }
}
