import { SYNC_STATES, type Sync, type SyncState } from '../../model/sync.ts'
import type { SyncWebhook } from '../../model/sync-parts.ts'
import { isNewerFormat } from '../../model/sync-record.ts'
import type { FileIdentity, FileSystem } from '../../ports/file-system.ts'
import type { SyncQuery } from '../../ports/sync-storage.ts'
import type { CreationJournal } from './creation-journal.ts'
import { Turns } from './event-loop-yield.ts'
import { idOfRecord, type Layout, versionOf } from './folder-layout.ts'
import { eachOf } from './for-each-limited.ts'
import { readText } from './record-format.ts'
import { SortedIds } from './sorted-ids.ts'
import { errnoOf } from './storage-errors.ts'

/** Files read at a time while the directory is looked through. */
const READS_AT_A_TIME = 8

/** What is known of a finished sync: its state is final, its webhook and with it its expiry may change. */
interface Finished {
  readonly state: SyncState
  readonly expiresAt: number
  readonly webhookPending: boolean
  /** The version of the file that said so. */
  readonly version: string
}

/** As much of a record as the index needs. */
type Summary = Pick<Sync, 'id' | 'state' | 'spreadsheet' | 'expiresAt' | 'createdBy'> & {
  readonly webhook: Pick<SyncWebhook, 'state'> | null
}

export interface SyncIndexOptions {
  readonly layout: Layout
  readonly fs: FileSystem
  readonly journal: CreationJournal
}

/**
 * What syncs there are, of which spreadsheet, and how they ended, so that a search need not read every file. A terminal
 * state is final, so only what is not known to be terminal has to be looked at again.
 */
export class SyncIndex {
  readonly #options: SyncIndexOptions
  readonly #all = new SortedIds()
  /** Of which something is still to come: active, or with a webhook that is yet to be delivered. */
  readonly #unsettled = new SortedIds()
  readonly #finished = new Map<string, Finished>()
  /** Id to spreadsheet id. */
  readonly #spreadsheets = new Map<string, string>()
  /** Id to the name of the API key that asked for it, where one did. */
  readonly #creators = new Map<string, string>()
  readonly #unreadable = new Set<string>()
  /** Ids that were announced, and not yet read. */
  readonly #told = new Set<string>()
  /** Ids whose name was in the directory, and no file behind it. */
  #vanished: readonly string[] = []
  #lastTurn: Promise<void> = Promise.resolve()

  constructor(options: SyncIndexOptions) {
    this.#options = options
  }

  /** Takes in what was created, in any process, before this call. Reads the directory only when it must. */
  refresh(): Promise<void> {
    return this.#inOrder(async () => {
      const told = await this.#options.journal.readOn()
      if (told === undefined) {
        await this.#readDirectory()
        return
      }
      // None may be lost if reading them fails: the journal does not tell them again. Known and finished ones are told
      // of when a webhook of theirs has become pending, maybe in another process.
      for (const id of told) {
        if (!this.#isKnown(id) || (this.#finished.has(id) && this.#needsReading(id))) this.#told.add(id)
      }
      await this.#learnAll([...this.#told])
    })
  }

  /** Looks at every file from outside, reads those that have changed, and forgets what is gone. */
  rescan(): Promise<void> {
    return this.#inOrder(() => this.#readDirectory())
  }

  /** Takes in what a record says. `identity`: of the file it was read from, where that is known. */
  note(sync: Summary, identity?: FileIdentity): void {
    const { id } = sync
    this.#unreadable.delete(id)
    this.#all.add(id)
    if (!this.#spreadsheets.has(id)) this.#spreadsheets.set(id, sync.spreadsheet.id)
    if (sync.createdBy !== null) this.#creators.set(id, sync.createdBy)
    if (sync.expiresAt === null) {
      // A finished sync stays finished, whatever an older write of ours tells late; only its file can say otherwise.
      if (identity !== undefined) this.#finished.delete(id)
      if (!this.#finished.has(id)) this.#unsettled.add(id)
      return
    }
    const webhookPending = sync.webhook?.state === 'pending'
    if (webhookPending) this.#unsettled.add(id)
    else this.#unsettled.delete(id)
    const version = identity === undefined ? '' : versionOf(identity)
    this.#finished.set(id, { state: sync.state, expiresAt: Date.parse(sync.expiresAt), webhookPending, version })
  }

  noteUnreadable(id: string): void {
    this.#unreadable.add(id)
  }

  forget(id: string): void {
    this.#all.delete(id)
    this.#unsettled.delete(id)
    this.#finished.delete(id)
    this.#spreadsheets.delete(id)
    this.#creators.delete(id)
    this.#unreadable.delete(id)
  }

  /** Records that could not be understood when they were last looked at. */
  get unreadable(): readonly string[] {
    return [...this.#unreadable]
  }

  /** Ids that the last look through the directory found a name of, and nothing behind it: removed, but not cleared away. */
  get vanished(): readonly string[] {
    return this.#vanished
  }

  /** Ids of the finished syncs that have expired at this time. */
  async expired(now: Date): Promise<readonly string[]> {
    const turns = new Turns()
    const ids: string[] = []
    for (const [id, { expiresAt }] of this.#finished) {
      if (expiresAt <= now.getTime()) ids.push(id)
      if (turns.isDue()) await turns.giveWay()
    }
    return ids
  }

  /** The syncs older than this one (without one, all) that may match, newest first; whether they do their records tell. */
  async *older(id: string | undefined, query: SyncQuery): AsyncIterable<string> {
    const turns = new Turns()
    const onlyActive = query.states?.every((state) => !isTerminalState(state)) ?? false
    const settledToo = !onlyActive && query.webhook === undefined
    for (const next of (settledToo ? this.#all : this.#unsettled).below(id)) {
      if (turns.isDue()) await turns.giveWay()
      if (this.#mayMatch(next, query)) yield next
    }
  }

  #mayMatch(id: string, { states, spreadsheetId, createdBy, webhook }: SyncQuery): boolean {
    if (createdBy !== undefined && this.#creators.get(id) !== createdBy) return false
    if (spreadsheetId !== undefined && this.#spreadsheets.get(id) !== spreadsheetId) return false
    const known = this.#finished.get(id)
    if (webhook !== undefined && known?.webhookPending === false) return false
    return known === undefined || states === undefined || states.includes(known.state)
  }

  /** One after the other, for what one of them has taken from the journal the next would believe to be known. */
  #inOrder(task: () => Promise<void>): Promise<void> {
    const turn = this.#lastTurn.then(task)
    this.#lastTurn = turn.catch(() => undefined)
    return turn
  }

  async #readDirectory(): Promise<void> {
    const { journal } = this.#options
    try {
      await journal.begin()
      const turns = new Turns()
      const present = await this.#listDirectory(turns)
      await this.#forgetAbsent(present, turns)
      const unknown: string[] = []
      for (const id of present) {
        if (this.#needsReading(id)) unknown.push(id)
        if (turns.isDue()) await turns.giveWay()
      }
      this.#told.clear()
      await this.#learnAll(unknown)
      this.#vanished = unknown.filter((id) => !this.#isKnown(id))
    } catch (error) {
      // What was not read now nobody would read later.
      journal.losePlace()
      throw error
    }
  }

  async #listDirectory(turns: Turns): Promise<ReadonlySet<string>> {
    const { fs, layout } = this.#options
    const present = new Set<string>()
    for await (const names of fs.list(layout.directory)) {
      for (const name of names) {
        const id = idOfRecord(name)
        if (id !== undefined) present.add(id)
      }
      if (turns.isDue()) await turns.giveWay()
    }
    return present
  }

  async #forgetAbsent(present: ReadonlySet<string>, turns: Turns): Promise<void> {
    const { fs, layout } = this.#options
    for (const id of this.#all.below()) {
      // What was created while the directory was read may be missing in what was read.
      if (!present.has(id) && fs.identify(layout.record(id)) === undefined) this.forget(id)
      if (turns.isDue()) await turns.giveWay()
    }
  }

  #isKnown(id: string): boolean {
    return this.#spreadsheets.has(id) || this.#unreadable.has(id)
  }

  #needsReading(id: string): boolean {
    if (!this.#spreadsheets.has(id)) return true
    const { fs, layout } = this.#options
    const identity = fs.identify(layout.record(id))
    return identity === undefined || this.#finished.get(id)?.version !== versionOf(identity)
  }

  async #learnAll(ids: readonly string[]): Promise<void> {
    await eachOf(ids, READS_AT_A_TIME, (id) => this.#learn(id))
  }

  async #learn(id: string): Promise<void> {
    const { fs, layout } = this.#options
    try {
      const { bytes, identity } = await fs.read(layout.record(id))
      this.#told.delete(id)
      const summary = await summarize(id, bytes)
      if (summary === 'newer format') {
        // Kept as it is for the release that wrote it: neither listed nor swept here.
        this.forget(id)
      } else if (summary === undefined) {
        this.#findUnreadable(id)
      } else if (!this.#unreadable.has(id)) {
        // What was found unreadable as a whole stays so until it is read as a whole.
        this.note(summary, identity)
      }
    } catch (error) {
      const code = errnoOf(error)
      if (code !== 'ENOENT' && code !== 'EISDIR') throw error
      this.#told.delete(id)
      if (code === 'EISDIR') this.#findUnreadable(id)
      else this.forget(id)
    }
  }

  #findUnreadable(id: string): void {
    this.#all.add(id)
    this.#unreadable.add(id)
  }
}

function isTerminalState(state: SyncState): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled'
}

/** The few fields that the index needs; a record is checked as a whole when somebody asks for it. */
async function summarize(id: string, bytes: Buffer): Promise<Summary | 'newer format' | undefined> {
  let record: Partial<Sync> | null
  try {
    record = JSON.parse(await readText(bytes))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  if (typeof record !== 'object' || record === null) return undefined
  if (isNewerFormat(record)) return 'newer format'
  const { state, spreadsheet, expiresAt, createdBy = null, webhook = null } = record
  if (record.id !== id || state === undefined || !SYNC_STATES.includes(state)) return undefined
  if (typeof spreadsheet !== 'object' || typeof spreadsheet?.id !== 'string') return undefined
  if (expiresAt !== null && !(typeof expiresAt === 'string' && Date.parse(expiresAt) > 0)) return undefined
  if (isTerminalState(state) !== (expiresAt !== null)) return undefined
  if (createdBy !== null && typeof createdBy !== 'string') return undefined
  return { id, state, spreadsheet, expiresAt, createdBy, webhook } as Summary
}
