import { AppError } from '../errors.ts'
import { isTerminal, type Sync } from '../model/sync.ts'
import { isSyncId } from '../model/sync-id.ts'
import { corruptRecord, isCorruptRecord } from '../model/sync-record.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { CleanupReport, SyncPage, SyncQuery, SyncStorage } from '../ports/sync-storage.ts'
import type { RedisConnection, Script } from '../redis/connection.ts'
import { isWrongType } from '../redis/redis-errors.ts'
import { Subscriber } from '../redis/subscriber.ts'
import { formatRecord, indexesOf, parseRecord, recordOf } from './redis/record-text.ts'
import { CREATE, changesChannel, keysOf, LIST, READ, REMOVE, REPLACE } from './redis/scripts.ts'
import { checkServer } from './redis/server-check.ts'
import { sweep } from './redis/sweep.ts'
import { UnconfirmedWrites } from './redis/unconfirmed-writes.ts'
import { requireSuccessor, requireSyncId } from './shared/argument-checks.ts'
import { deepFreeze } from './shared/deep-freeze.ts'
import { matchesQuery } from './shared/matches-query.ts'
import { readPageToken, toPageToken } from './shared/page-token.ts'
import { SyncCache } from './shared/sync-cache.ts'
import { Watchers } from './shared/watchers.ts'

/** Ids that one script of a list scans, at most: more would keep the server from everybody else. */
const SCAN_BATCH = 1000

export interface RedisStorageOptions {
  /** Shared with the other drivers of this process, and closed by whoever made it. */
  readonly connection: RedisConnection
  readonly clock: Clock
  readonly log: Log
}

/**
 * One JSON string for each sync on a Redis server, with sorted sets beside them as indexes. Each
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
  readonly #connection: RedisConnection
  readonly #subscriber: Subscriber
  readonly #watchers: Watchers
  readonly #cache = new SyncCache()
  readonly #writes = new UnconfirmedWrites()
  /** Ids whose record was found unreadable or missing; the next cleanup reads them again. */
  readonly #suspects = new Set<string>()

  constructor({ connection, clock, log }: RedisStorageOptions) {
    this.#connection = connection
    this.#watchers = new Watchers(log)
    this.#subscriber = new Subscriber({
      connection,
      channel: changesChannel(connection.prefix),
      clock,
      log,
      onMessage: (id) => this.#watchers.notify(id),
      onSubscribed: () => this.#watchers.notifyAll(),
    })
  }

  async start(): Promise<void> {
    await this.#connection.start()
    await this.#subscriber.start()
  }

  async create(sync: Sync): Promise<void> {
    requireSyncId(sync.id)
    const answer = await this.#store(CREATE, sync, [])
    if (answer === 0) throw new AppError('SYNC_EXISTS', `There is a sync ${sync.id} already.`)
  }

  async get(id: string): Promise<Sync | undefined> {
    if (!isSyncId(id)) return undefined
    const cached = this.#cache.get(id)
    const answer = await this.#run('could not be read', READ, id, [cached?.version ?? '', cached?.size ?? 0])
    if (answer === 1 && cached !== undefined) return cached.sync
    if (answer === null) {
      this.#cache.delete(id)
      return undefined
    }
    if (typeof answer !== 'string') throw corruptRecord(id)
    const sync = this.#parse(id, answer)
    if (sync instanceof AppError) throw sync
    return sync
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
    if (answer === 1) this.#cache.delete(id)
    return answer === 1
  }

  async list(query: SyncQuery): Promise<SyncPage> {
    let after = readPageToken(query) ?? ''
    const groups = this.#groupsOf(query)
    const syncs: Sync[] = []
    if (groups.some((group) => group.length === 0)) return { syncs }
    do {
      const wanted = query.pageSize + 1 - syncs.length
      const sizes = groups.map((group) => group.length)
      const [last = '', ...found] = await this.#connection.runScript<string[]>(
        'could not be listed',
        LIST,
        groups.flat(),
        [`${this.#connection.prefix}sync:`, after, wanted, SCAN_BATCH, ...sizes],
      )
      for (let at = 0; at < found.length; at += 2) {
        const sync = this.#parse(found[at] ?? '', found[at + 1] ?? '')
        if (!(sync instanceof AppError) && matchesQuery(sync, query)) syncs.push(sync)
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
    const suspects = [...this.#suspects]
    const report = await sweep(this.#connection, suspects, now)
    for (const id of suspects) this.#suspects.delete(id)
    for (const id of report.removed) this.#cache.delete(id)
    return report
  }

  /** Rejects also when the server may evict records: `maxmemory-policy` must be `noeviction`. */
  checkWritable(): Promise<void> {
    return checkServer(this.#connection)
  }

  watch(id: string, onChange: () => void): () => void {
    return this.#watchers.add(id, onChange)
  }

  async close(): Promise<void> {
    this.#watchers.clear()
    await this.#connection.settled()
    await this.#subscriber.close()
    this.#cache.clear()
  }

  async #store(script: Script, sync: Sync, more: number[]): Promise<unknown> {
    const expires = isTerminal(sync) ? Date.parse(sync.expiresAt) : ''
    const answer = await this.#writes.run(sync.id, JSON.stringify(sync), async (writeId) => {
      const { text, head, bytes } = formatRecord(sync, writeId)
      const args = [writeId, text, JSON.stringify(indexesOf(sync)), expires, ...more]
      const answer = await this.#run('could not be written', script, sync.id, args)
      if (answer === 1) this.#cache.put({ sync: deepFreeze(sync), version: head, size: bytes })
      return answer
    })
    if (answer === -1) throw this.#suspect(sync.id)
    return answer
  }

  async #run(doing: string, script: Script, id: string, args: (string | number)[]): Promise<unknown> {
    try {
      const { prefix } = this.#connection
      return await this.#connection.runScript(doing, script, keysOf(prefix, id), [prefix, id, ...args])
    } catch (error) {
      if (isWrongType(error instanceof AppError ? error.cause : error)) throw this.#suspect(id)
      throw error
    }
  }

  #parse(id: string, text: string): Sync | AppError {
    const record = recordOf(text)
    const cached = this.#cache.get(id)
    if (cached?.version === record.head && cached.size === record.bytes) return cached.sync
    const sync = parseRecord(id, record)
    if (isCorruptRecord(sync)) this.#suspects.add(id)
    if (!(sync instanceof AppError)) this.#cache.put({ sync, version: record.head, size: record.bytes })
    return sync
  }

  #suspect(id: string): AppError {
    this.#suspects.add(id)
    return corruptRecord(id)
  }

  /** The indexes that a wanted sync stands in: in one of each group. */
  #groupsOf({ states, spreadsheetId, createdBy, webhook }: SyncQuery): string[][] {
    const groups = [
      ...(states === undefined ? [] : [[...new Set(states)].map((state) => `state:${state}`)]),
      ...(spreadsheetId === undefined ? [] : [[`spreadsheet:${spreadsheetId}`]]),
      ...(createdBy === undefined ? [] : [[`created-by:${createdBy}`]]),
      ...(webhook === undefined ? [] : [[`webhook:${webhook}`]]),
    ]
    return (groups.length === 0 ? [['syncs']] : groups).map((group) =>
      group.map((name) => this.#connection.prefix + name),
    )
  }
}
