import { isSyncId } from '../../syncs/sync-id.ts'
import type { FileIdentity, FileSystem } from './file-system.ts'
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
 * time: its own time of modification tells nothing, as every progress write changes it. The id is appended before the
 * record is published and looked for again afterwards, so a create that has resolved is in the journal that a reader
 * finds. The journal is a hint only: it is never fsynced, and a reader that has lost its place reads the directory.
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

  /** Announces a sync; resolves to the journal it was told to. */
  async announce(id: string): Promise<FileIdentity> {
    this.#open ??= this.#openJournal()
    const opening = this.#open
    let journal: OpenJournal
    try {
      journal = await opening
    } catch (error) {
      if (this.#open === opening) this.#open = undefined
      throw error
    }
    journal.users++
    try {
      // An append is atomic; if one is cut short all the same, the newline in front keeps its stump apart.
      const line = Buffer.from(`\n${id}\n`)
      for (let tries = 0; (await this.#fs.write(journal.descriptor, line, 0)) < line.length; tries++) {
        if (tries === 3) throw Object.assign(new Error('an append was cut short'), { code: 'ENOSPC', syscall: 'write' })
      }
      return journal.identity
    } catch (error) {
      this.#retire(journal, opening)
      throw error
    } finally {
      journal.users--
      await this.#closeIfUnused(journal)
    }
  }

  /** To be called once the record is published: tells the sync again if the journal was begun anew in between. */
  async confirm(id: string, told: FileIdentity): Promise<void> {
    for (let last = told; !isSameFile(this.#fs.identify(this.#path), last); ) {
      const opening = this.#open
      const journal = await opening
      if (journal !== undefined && isSameFile(journal.identity, last)) {
        this.#retire(journal, opening)
        await this.#closeIfUnused(journal)
      }
      last = await this.announce(id)
    }
  }

  /** Takes the present end as the place from which {@link readOn} goes on; to be called before reading the directory. */
  begin(): void {
    const identity = this.#fs.identify(this.#path)
    this.#place = identity === undefined ? undefined : { identity, position: identity.size }
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

  async #openJournal(): Promise<OpenJournal> {
    const descriptor = await this.#fs.openToAppend(this.#path)
    return { descriptor, identity: this.#fs.identifyOpen(descriptor), users: 0, retired: false }
  }

  #retire(journal: OpenJournal, opening: Promise<OpenJournal> | undefined): void {
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
