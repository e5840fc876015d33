import { isSyncId } from '../../model/sync-id.ts'
import type { FileIdentity, FileSystem } from '../../ports/file-system.ts'
import { errnoOf } from './storage-errors.ts'

/** Bytes after which the journal is begun anew; some 25,000 ids. */
const LONGEST_JOURNAL = 1024 * 1024

interface OpenJournal {
  readonly descriptor: number
  readonly identity: FileIdentity
  /** Appends under way. */
  users: number
  /** Given up: closed when its last user has left, for the number of a closed descriptor is soon another file's. */
  retired: boolean
}

/**
 * Tells every process on the directory which syncs were created, so that a list need not read the whole directory each
 * time: its own time of modification tells nothing, as every progress write changes it. An id is appended once its record
 * is published and before its create resolves. The journal is a hint only: it is never fsynced, and a reader that has
 * lost its place reads the directory, as each sweep does too; that finds what was published by a process that died
 * before it could tell.
 */
export class CreationJournal {
  readonly #fs: FileSystem
  readonly #path: string
  #open: Promise<OpenJournal> | undefined
  #place: { readonly identity: FileIdentity; readonly position: number } | undefined

  constructor(fs: FileSystem, path: string) {
    this.#fs = fs
    this.#path = path
  }

  /** Tells of a sync; once resolved, it is in the journal that readers find. */
  async announce(id: string): Promise<void> {
    for (;;) {
      this.#open ??= this.#openJournal()
      const opening = this.#open
      let journal: OpenJournal
      try {
        journal = await opening
      } catch (error) {
        if (this.#open === opening) this.#open = undefined
        throw error
      }
      let current = false
      journal.users++
      try {
        await this.#append(journal, id)
        // Begun anew by another process in between: readers do not find this one any more.
        current = isSameFile(this.#fs.identify(this.#path), journal.identity)
      } finally {
        journal.users--
        if (!current) this.#retire(journal, opening)
        await this.#closeIfUnused(journal)
      }
      if (current) return
    }
  }

  /** Takes the present end as the place from which {@link readOn} goes on; to be called before reading the directory. */
  async begin(): Promise<void> {
    // Opened so that it is there: without a journal there is no place in it.
    const descriptor = await this.#fs.openToAppend(this.#path)
    try {
      const identity = this.#fs.identifyOpen(descriptor)
      this.#place = { identity, position: identity.size }
    } finally {
      await this.#fs.close(descriptor)
    }
  }

  /** Lets the next {@link readOn} tell that only the directory knows. */
  losePlace(): void {
    this.#place = undefined
  }

  /** The ids told since, or `undefined` when the place is lost and only the directory can tell. */
  async readOn(): Promise<readonly string[] | undefined> {
    const place = this.#place
    const now = this.#fs.identify(this.#path)
    if (place === undefined || now === undefined || !isSameFile(now, place.identity)) return undefined
    if (now.size === place.position) return []
    const { bytes, identity } = await this.#fs.read(this.#path, place.position)
    if (!isSameFile(identity, place.identity) || identity.size < place.position) return undefined
    // Another reader of this process may have been faster; ids told twice do no harm.
    const whole = bytes.lastIndexOf('\n') + 1
    this.#place = { identity, position: place.position + whole }
    return bytes.toString('latin1', 0, whole).split('\n').filter(isSyncId)
  }

  /** Begins a new journal when this one has become long. */
  async shorten(): Promise<void> {
    const identity = this.#fs.identify(this.#path)
    if (identity === undefined || identity.size < LONGEST_JOURNAL) return
    try {
      await this.#fs.unlink(this.#path)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error
    }
  }

  /** To be called when nobody announces any more. */
  async close(): Promise<void> {
    const opening = this.#open
    if (opening === undefined) return
    const journal = await opening
    this.#retire(journal, opening)
    await this.#closeIfUnused(journal)
  }

  /** An append is atomic; if one is cut short all the same, the newline in front of the next keeps its stump apart. */
  async #append(journal: OpenJournal, id: string): Promise<void> {
    const line = Buffer.from(`\n${id}\n`)
    for (let tries = 0; (await this.#fs.write(journal.descriptor, line, 0)) < line.length; tries++) {
      if (tries === 3) throw Object.assign(new Error('an append was cut short'), { code: 'ENOSPC', syscall: 'write' })
    }
  }

  async #openJournal(): Promise<OpenJournal> {
    const descriptor = await this.#fs.openToAppend(this.#path)
    return { descriptor, identity: this.#fs.identifyOpen(descriptor), users: 0, retired: false }
  }

  #retire(journal: OpenJournal, opening: Promise<OpenJournal>): void {
    journal.retired = true
    if (this.#open === opening) this.#open = undefined
  }

  async #closeIfUnused(journal: OpenJournal): Promise<void> {
    if (!journal.retired || journal.users > 0) return
    journal.retired = false
    await this.#fs.close(journal.descriptor)
  }
}

function isSameFile(one: FileIdentity | undefined, other: FileIdentity): boolean {
  return one !== undefined && one.inode === other.inode && one.bornMicros === other.bornMicros
}
