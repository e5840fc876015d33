import type { Clock } from '../../ports/clock.ts'
import type { FileSystem } from '../../ports/file-system.ts'
import { type Layout, parseTempName, type TempName, tempNameOf } from './folder-layout.ts'
import { newNonce, type Processes } from './processes.ts'
import { errnoOf } from './storage-errors.ts'

/** A target that leads nowhere: whoever opens a record that is this symlink finds none. */
const NOWHERE = '.removed/nowhere'

/** A finished temporary file, ready to be published. */
export interface TempFile {
  readonly name: string
  readonly path: string
  /** What `versionOf` will say of it, once it is published. */
  readonly version: string
  /** On the monotonic clock. */
  readonly writtenAt: number
}

export interface TempFilesOptions {
  readonly layout: Layout
  readonly fs: FileSystem
  readonly clock: Clock
  readonly processes: Processes
}

/** Writes files that nobody sees until they are published under their real name. */
export class TempFiles {
  readonly #options: TempFilesOptions
  readonly #nonce = newNonce()
  #count = 0
  /** Names that a write of this instance is still busy with. */
  readonly #busy = new Set<string>()

  constructor(options: TempFilesOptions) {
    this.#options = options
  }

  /**
   * Writes all the bytes, or rejects and leaves nothing. The time of modification is set to the present second (or that
   * of `modified`) and, in microseconds, the revision: kernel clocks tick in milliseconds and inodes are used again at once, so without it two
   * versions of a record could look alike from outside (size, time and inode), and a reader would keep the older one.
   */
  async write(
    purpose: Pick<TempName, 'kind' | 'base'>,
    bytes: Uint8Array,
    options: { readonly sync: boolean; readonly revision: number; readonly modified?: Date },
  ): Promise<TempFile> {
    const { fs, clock } = this.#options
    const second = Math.floor((options.modified ?? clock.now()).getTime() / 1000)
    const micros = options.revision % 1_000_000
    const temp = this.#begin(purpose, `${second * 1_000_000 + micros}-${bytes.length}`)
    try {
      const descriptor = await fs.openNew(temp.path)
      try {
        for (let offset = 0; offset < bytes.length; ) {
          const written = await fs.write(descriptor, bytes, offset)
          if (written === 0) throw Object.assign(new Error('write took no bytes'), { code: 'EIO', syscall: 'write' })
          offset += written
        }
        // Half a microsecond more, as a double cannot tell all of them exactly; what is read back is rounded down.
        await fs.setModified(descriptor, second + (micros + 0.5) / 1_000_000)
        if (options.sync) await fs.sync(descriptor)
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

  /** A stand-in for "there is none": published over a record, it removes it in one step. */
  async writeRemoval(base: string): Promise<TempFile> {
    const temp = this.#begin({ kind: 'removal', base }, 'none')
    try {
      await this.#options.fs.symlink(NOWHERE, temp.path)
      return temp
    } catch (error) {
      await this.abandon(temp)
      throw error
    }
  }

  /** Whether a symlink with this target stands for a removed record. */
  isRemoval(target: string): boolean {
    return target === NOWHERE
  }

  /** Removes the file; resolves to false when it was not there any more. */
  async remove(temp: TempFile): Promise<boolean> {
    try {
      await this.#options.fs.unlink(temp.path)
      return true
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false
      throw error
    }
  }

  /** Tells that the write which the file was for has ended; what is left of it is a leftover now. */
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
    try {
      await this.remove(temp)
    } catch (error) {
      // Whatever made the write end is the thing to tell; what stays is not busy any more, so the next sweep takes it.
      if (errnoOf(error) === undefined) throw error
    }
  }

  #begin(purpose: Pick<TempName, 'kind' | 'base'>, version: string): TempFile {
    const serial = `${this.#nonce}-${this.#count++}`
    const name = tempNameOf({ ...purpose, writer: this.#options.processes.self, serial })
    this.#busy.add(name)
    return { name, path: this.#options.layout.temp(name), version, writtenAt: this.#options.clock.monotonic() }
  }
}
