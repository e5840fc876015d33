import { isSameFile } from '../../disk/same-file.ts'
import { isSyncId } from '../../model/sync-id.ts'
import type { FileIdentity } from '../../ports/file-system.ts'
import type { StatusFolder } from './status-folder.ts'

/** Bytes after which the journal is begun anew; some 25,000 ids. */
const ROTATE_ABOVE_BYTES = 1024 * 1024

/** Ids that one sweep adds, at the most. */
const MOST_SWEPT = 1000

/**
 * Shows every process on the directory which syncs were created, removed or changed after their end, so that a list need not read the whole directory each
 * time: the directory's own time of modification is of no use, as every progress write changes it. An id is appended once
 * its record is published and before its create resolves. The journal saves work and nothing hangs on it: it is never
 * fsynced, and a reader that has lost its position reads the directory, as each sweep does too; that finds what was
 * published by a process that died before it could append.
 */
export class CreationJournal {
  readonly #folder: StatusFolder
  /** Where this process has read to. */
  #position: { readonly identity: FileIdentity; readonly offset: number } | undefined

  constructor(folder: StatusFolder) {
    this.#folder = folder
  }

  /** Adds the ids of syncs; once resolved, they are in the journal that readers find. */
  async append(ids: readonly string[], triesLeft = 3): Promise<void> {
    const { fs, journal } = this.#folder
    const line = Buffer.from(`\n${ids.join('\n')}\n`)
    const isDone = await this.#withOpen(async (descriptor) => {
      // An append is atomic; if one is cut short all the same, the newline in front of the next keeps its stump apart.
      const isWhole = (await fs.write(descriptor, line, 0)) === line.length
      // Rotated by another process in between: readers do not find this one any more.
      return isWhole && isSameFile(fs.identify(journal), fs.identifyOpen(descriptor))
    })
    if (isDone) return
    if (triesLeft === 0) throw Object.assign(new Error('an append was cut short'), { code: 'ENOSPC', syscall: 'write' })
    await this.append(ids, triesLeft - 1)
  }

  /** Takes the present end as the position from which {@link readNew} goes on; to be called before reading the directory. */
  async seekEnd(): Promise<void> {
    // Opened so that it is there: without a journal there is no position in it.
    const identity = await this.#withOpen(async (descriptor) => this.#folder.fs.identifyOpen(descriptor))
    this.#position = { identity, offset: identity.size }
  }

  /** Makes the next {@link readNew} resolve to `undefined`. */
  losePosition(): void {
    this.#position = undefined
  }

  /** The ids appended since, or `undefined` when the position is lost and the directory has to be read. */
  async readNew(): Promise<readonly string[] | undefined> {
    const { fs, journal } = this.#folder
    const position = this.#position
    const now = fs.identify(journal)
    if (position === undefined || now === undefined || !isSameFile(now, position.identity)) return undefined
    if (now.size === position.offset) return []
    const { bytes, identity } = await fs.read(journal, position.offset)
    if (!isSameFile(identity, position.identity) || identity.size < position.offset) return undefined
    // Another reader of this process may have been faster; ids read twice do no harm.
    const whole = bytes.lastIndexOf('\n') + 1
    this.#position = { identity, offset: position.offset + whole }
    return bytes.toString('latin1', 0, whole).split('\n').filter(isSyncId)
  }

  /** Adds what a sweep has removed. Where that is much, all readers lose their position instead, and read the directory. */
  async appendSwept(ids: readonly string[]): Promise<void> {
    if (ids.length > MOST_SWEPT) await this.#folder.remove(this.#folder.journal)
    else if (ids.length > 0) await this.append(ids)
  }

  /** Lets the next append begin a new journal when this one has become long. */
  async rotate(): Promise<void> {
    const { fs, journal } = this.#folder
    const identity = fs.identify(journal)
    if (identity !== undefined && identity.size >= ROTATE_ABOVE_BYTES) await this.#folder.remove(journal)
  }

  async #withOpen<T>(task: (descriptor: number) => Promise<T>): Promise<T> {
    const { fs, journal } = this.#folder
    const descriptor = await fs.openToAppend(journal)
    try {
      return await task(descriptor)
    } finally {
      await fs.close(descriptor)
    }
  }
}
