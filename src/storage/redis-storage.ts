import { AppError } from '../errors.ts'
import { isTerminal, type Sync } from '../model/sync.ts'
import { isSyncId } from '../model/sync-id.ts'
import { isNewerRecord } from '../model/sync-record.ts'
import type { CleanupReport, SyncPage, SyncQuery, SyncStorage } from '../ports/sync-storage.ts'
import { DEFAULT_PREFIX, RedisConnection, type RedisOptions, type Script } from '../redis/connection.ts'
import { isUnanswered, isWrongType } from '../redis/redis-errors.ts'
import { Changes } from './redis/changes.ts'
import { KnownRecords } from './redis/record-cache.ts'
import { corrupt, formatRecord, indexesOf, isCorrupt, parseRecord, readHead } from './redis/record-text.ts'
import { CREATE, keysOf, LIST, READ, REMOVE, REPLACE } from './redis/scripts.ts'
import { checkServer } from './redis/server-check.ts'
import { sweep } from './redis/sweep.ts'
import { UnansweredWrites } from './redis/unanswered-writes.ts'
import { requireSuccessor, requireSyncId } from './shared/argument-checks.ts'
import { deepFreeze } from './shared/deep-freeze.ts'
import { matchesQuery } from './shared/matches-query.ts'
import { readPageToken, toPageToken } from './shared/page-token.ts'
import { Watchers } from './shared/watchers.ts'

/** Ids that one stretch of a list looks at, at most: more would keep the server from everybody else. */
const STRETCH = 1000

/**
 * One JSON string for each sync on a Redis server, with sorted sets beside them that tell which syncs there are. Each
 * write is one script, so a record and its places in the sets change as one.
 *
 * What `durable` means is the server's to decide: Redis answers before its append-only file is on the disk. With
 * `appendonly yes` and `appendfsync everysec` (the default) a crash of the process loses nothing and a power cut about
 * the last second; with `appendfsync always` nothing; without an append-only file all since the last snapshot. A replica
 * that takes over may lack what its predecessor had not sent yet.
 *
 * A write that rejects with STORAGE_UNAVAILABLE may have been carried out, or may be yet, when a hung server goes on. If
 * the same instance repeats a create or a replace with the same sync, it is answered as the first would have been; a
 * remove that was carried out answers false to the repeat.
 */
export class RedisStorage implements SyncStorage {
  readonly #prefix: string
  readonly #connection: RedisConnection
  readonly #changes: Changes
  readonly #watchers: Watchers
  readonly #known = new KnownRecords()
  readonly #writes = new UnansweredWrites()
  /** Ids whose record was found unreadable or missing; the next cleanup looks at them. */
  readonly #suspects = new Set<string>()

  constructor(options: RedisOptions) {
    this.#prefix = options.prefix ?? DEFAULT_PREFIX
    this.#watchers = new Watchers(options.log)
    this.#connection = new RedisConnection(options)
    this.#changes = new Changes(options, this.#watchers)
  }

  async start(): Promise<void> {
    await this.#connection.start()
    await this.#changes.start()
  }

  async create(sync: Sync): Promise<void> {
    requireSyncId(sync.id)
    const answer = await this.#store(CREATE, sync, [])
    if (answer === 0) throw new AppError('SYNC_EXISTS', `There is a sync ${sync.id} already.`)
  }

  async get(id: string): Promise<Sync | undefined> {
    if (!isSyncId(id)) return undefined
    const known = this.#known.get(id)
    const answer = await this.#run('could not be read', READ, id, [known?.head ?? '', known?.bytes ?? 0])
    if (answer === 1 && known !== undefined) return known.sync
    if (answer === null) {
      this.#known.forget(id)
      return undefined
    }
    if (typeof answer !== 'string') throw corrupt(id)
    return this.#read(id, answer)
  }

  peek(id: string): Promise<Sync | undefined> {
    return this.get(id)
  }

  async replace(next: Sync, expectedRevision: number): Promise<boolean> {
    requireSuccessor(next, expectedRevision)
    return (await this.#store(REPLACE, next, [expectedRevision])) === 1
  }

  async remove(id: string, expectedRevision: number): Promise<boolean> {
    requireSyncId(id)
    const answer = await this.#run('could not be removed', REMOVE, id, [expectedRevision])
    if (answer === -1) throw this.#suspect(id)
    if (answer === 1) this.#known.forget(id)
    return answer === 1
  }

  async list(query: SyncQuery): Promise<SyncPage> {
    let after = readPageToken(query) ?? ''
    const groups = this.#groupsOf(query)
    const syncs: Sync[] = []
    if (groups.some((group) => group.length === 0)) return { syncs }
    do {
      const wanted = query.pageSize + 1 - syncs.length
      const args = [`${this.#prefix}sync:`, after, wanted, STRETCH, ...groups.map((group) => group.length)]
      const answer = await this.#connection.runScript('could not be listed', LIST, groups.flat(), args)
      const [last = '', ...found] = answer as string[]
      for (let at = 0; at < found.length; at += 2) {
        const sync = this.#look(found[at] ?? '', found[at + 1] ?? '')
        if (sync !== undefined && matchesQuery(sync, query)) syncs.push(sync)
      }
      after = last
    } while (after !== '' && syncs.length <= query.pageSize)
    const page = syncs.slice(0, query.pageSize)
    const last = page.at(-1)
    return last === undefined || page.length === syncs.length
      ? { syncs: page }
      : { syncs: page, nextPageToken: toPageToken(last.id, query) }
  }

  async cleanup(now: Date): Promise<CleanupReport> {
    const report = await sweep(
      { connection: this.#connection, prefix: this.#prefix, suspects: [...this.#suspects] },
      now,
    )
    for (const id of report.settled) this.#suspects.delete(id)
    for (const id of report.removed) this.#known.forget(id)
    const { removed, quarantined, leftovers } = report
    return { removed, quarantined, leftovers }
  }

  /** Rejects also when the server may evict records: `maxmemory-policy` must be `noeviction`. */
  checkWritable(): Promise<void> {
    return checkServer(this.#connection, this.#prefix)
  }

  watch(id: string, onChange: () => void): () => void {
    return this.#watchers.add(id, onChange)
  }

  async close(): Promise<void> {
    this.#watchers.clear()
    await this.#changes.close()
    await this.#connection.close()
    this.#watchers.clear()
    this.#known.clear()
  }

  async #store(script: Script, sync: Sync, more: number[]): Promise<unknown> {
    const what = JSON.stringify(sync)
    const writeId = this.#writes.nameOf(sync.id, what)
    const record = formatRecord(sync, writeId)
    const expires = isTerminal(sync) ? Date.parse(sync.expiresAt) : ''
    const args = [writeId, record.text, JSON.stringify(indexesOf(sync)), expires, ...more]
    let answer: unknown
    try {
      answer = await this.#run('could not be written', script, sync.id, args)
    } catch (error) {
      if (isUnanswered(error)) this.#writes.unanswered(sync.id, what, writeId)
      throw error
    }
    this.#writes.answered(sync.id)
    if (answer === -1) throw this.#suspect(sync.id)
    if (answer === 1) this.#known.keep(sync.id, record, () => deepFreeze(sync))
    return answer
  }

  async #run(doing: string, script: Script, id: string, args: (string | number)[]): Promise<unknown> {
    try {
      return await this.#connection.runScript(doing, script, keysOf(this.#prefix, id), [this.#prefix, id, ...args])
    } catch (error) {
      if (isWrongType(error instanceof AppError ? error.cause : error)) throw this.#suspect(id)
      throw error
    }
  }

  #read(id: string, text: string): Sync {
    try {
      const record = readHead(id, text)
      return this.#known.keep(id, record, () => parseRecord(id, record))
    } catch (error) {
      if (isCorrupt(error)) this.#suspects.add(id)
      throw error
    }
  }

  /** The record, as far as a list shows it: unreadable and missing ones it leaves out. */
  #look(id: string, text: string): Sync | undefined {
    try {
      return this.#read(id, text)
    } catch (error) {
      if (isCorrupt(error) || isNewerRecord(error)) return undefined
      throw error
    }
  }

  #suspect(id: string): AppError {
    this.#suspects.add(id)
    return corrupt(id)
  }

  /** The indexes that an asked-for sync stands in: in one of each group. */
  #groupsOf({ states, spreadsheetId, createdBy, webhook }: SyncQuery): string[][] {
    const groups = [
      ...(states === undefined ? [] : [[...new Set(states)].map((state) => `state:${state}`)]),
      ...(spreadsheetId === undefined ? [] : [[`spreadsheet:${spreadsheetId}`]]),
      ...(createdBy === undefined ? [] : [[`created-by:${createdBy}`]]),
      ...(webhook === undefined ? [] : [[`webhook:${webhook}`]]),
    ]
    return (groups.length === 0 ? [['syncs']] : groups).map((group) => group.map((name) => this.#prefix + name))
  }
}
