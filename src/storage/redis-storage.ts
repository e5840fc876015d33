import { AppError } from '../errors.ts'
import { isTerminal, SYNC_STATES, type Sync } from '../model/sync.ts'
import { isSearch } from '../model/sync-filter.ts'
import { isSyncId } from '../model/sync-id.ts'
import { corruptRecord } from '../model/sync-record.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import {
  type CleanupOptions,
  type CleanupReport,
  PAGE_BYTES,
  type StateCounts,
  type StorageUsage,
  type SyncPage,
  type SyncQuery,
  type SyncStorage,
} from '../ports/sync-storage.ts'
import type { RedisConnection, Script } from '../redis/connection.ts'
import { Subscriber } from '../redis/subscriber.ts'
import { formatRecord, headOf, indexesOf, indexGroupsOf, stateIndex } from './redis/record-text.ts'
import { COUNT_STATES, changesChannel, keysOf, LIST, READ, REMOVE, USAGE, WRITE } from './redis/scripts.ts'
import { type RedisHistory, sweep } from './redis/sweep.ts'
import { UnconfirmedWrites } from './redis/unconfirmed-writes.ts'
import { requireSuccessor, requireSyncId } from './shared/argument-checks.ts'
import { PROBE } from './shared/probe.ts'
import { stateCounts } from './shared/state-counts.ts'
import { type CachedSync, SyncCache } from './shared/sync-cache.ts'
import { collectPage, readPageToken } from './shared/sync-page.ts'
import { Watchers } from './shared/watchers.ts'

/** Milliseconds after which the key that a check of the server writes is gone. */
const PROBE_MS = 1000

/** Ids that one script of a list scans, at most: more would keep the server from everybody else. */
const SCAN_BATCH = 1000

export interface RedisStorageOptions {
  /** Shared with the other drivers of this process, and closed by whoever made it. */
  readonly connection: RedisConnection
  readonly clock: Clock
  readonly log: Log
  /** Keeps finished syncs once their status has expired; default: they are gone then. */
  readonly history?: RedisHistory
}

/**
 * One JSON string for each sync on a Redis server, with sorted sets beside them as indexes. Each
 * write is one script, so a record and its places in the sets change as one.
 *
 * With a history, the record of a sync whose status has expired stays, and one script moves it to other sorted sets, so that
 * it is in the one or the other, and `usage` counts the status alone.
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
  readonly #history: RedisHistory

  constructor({ connection, clock, log, history }: RedisStorageOptions) {
    this.#connection = connection
    this.#history = history ?? { ttlMs: 0, maxBytes: 0 }
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
    if (!(await this.#write(sync, ''))) throw new AppError('SYNC_EXISTS', `There is a sync ${sync.id} already.`)
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
    const found = this.#parse(id, String(answer))
    if (found instanceof AppError) throw found
    return found.sync
  }

  peek(id: string): Promise<Sync | undefined> {
    return this.get(id)
  }

  async replace(next: Sync, expectedRevision: number): Promise<boolean> {
    requireSuccessor(next, expectedRevision)
    return this.#write(next, expectedRevision)
  }

  async remove(id: string, expectedRevision: number): Promise<boolean> {
    requireSyncId(id)
    const answer = await this.#run('could not be removed', REMOVE, id, [expectedRevision])
    if (answer === 1) this.#cache.delete(id)
    return answer === 1
  }

  list(query: SyncQuery): Promise<SyncPage> {
    return collectPage(this.#scan(query), query)
  }

  async usage(createdBy: string | null): Promise<StorageUsage> {
    const { prefix } = this.#connection
    const index = `${prefix}${createdBy === null ? 'syncs' : `created-by:${createdBy}`}`
    const answer = this.#connection.runScript<[number, number]>('could not be counted', USAGE, [index], [prefix])
    const [records, bytes] = await answer
    return { records, bytes }
  }

  async countByState(): Promise<StateCounts> {
    const indexes = SYNC_STATES.map((state) => `${this.#connection.prefix}${stateIndex(state)}`)
    const counts = await this.#connection.runScript<number[]>('could not be counted', COUNT_STATES, indexes)
    return stateCounts(SYNC_STATES.map((state, n) => [state, counts[n] ?? 0]))
  }

  async cleanup(now: Date, options?: CleanupOptions): Promise<CleanupReport> {
    const suspects = [...this.#cache.unreadable.keys()]
    const report = await sweep(
      this.#connection,
      (id, text) => this.#parse(id, text),
      suspects,
      this.#history,
      now,
      options,
    )
    for (const id of suspects) this.#cache.unreadable.delete(id)
    for (const id of report.removed) this.#cache.delete(id)
    return report
  }

  /** Rejects also when the server may evict records: `maxmemory-policy` must be `noeviction`. */
  async checkWritable(): Promise<void> {
    const [, memory] = await this.#connection.run('could not be written', (client) =>
      Promise.all([client.set(`${this.#connection.prefix}probe`, PROBE, 'PX', PROBE_MS), client.info('memory')]),
    )
    const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? 'noeviction'
    if (policy === 'noeviction') return
    throw new AppError('STORAGE_UNAVAILABLE', `Redis may evict records: its maxmemory-policy is ${policy}.`, {
      hint: 'Set maxmemory-policy to noeviction on the Redis server.',
    })
  }

  watch(id: string, onChange: () => void): () => void {
    return this.#watchers.add(id, onChange)
  }

  async watchAll(onChange: (id: string | undefined) => void): Promise<() => void> {
    return this.#watchers.addOfAll(onChange)
  }

  async close(): Promise<void> {
    this.#watchers.clear()
    await this.#connection.pending.settled()
    await this.#subscriber.close()
    this.#cache.clear()
  }

  /** All that the query asks for, newest first. */
  async *#scan(query: SyncQuery): AsyncGenerator<CachedSync> {
    let after = readPageToken(query) ?? ''
    const { prefix } = this.#connection
    const groups = JSON.stringify(indexGroupsOf(query, { history: this.#history.ttlMs > 0 }))
    let { maxBytes = PAGE_BYTES } = query
    // Of a search few records may match.
    const wanted = isSearch(query) ? SCAN_BATCH : query.pageSize + 1
    do {
      const args = [prefix, groups, after, wanted, SCAN_BATCH, maxBytes]
      const answer = this.#connection.runScript<string[]>('could not be listed', LIST, [`${prefix}syncs`], args)
      const [last = '', ...records] = await answer
      for (let at = 0; at < records.length; at += 2) {
        const [id = '', text = ''] = records.slice(at, at + 2)
        maxBytes = Math.max(0, maxBytes - Buffer.byteLength(text))
        const found = this.#parse(id, text)
        if (!(found instanceof AppError)) yield found
      }
      after = last
    } while (after !== '')
  }

  /** Resolves to whether it was stored. */
  async #write(sync: Sync, expectedRevision: number | ''): Promise<boolean> {
    const expires = isTerminal(sync) ? Date.parse(sync.expiresAt) : ''
    const answer = await this.#writes.run(sync.id, JSON.stringify(sync), async (writeId) => {
      const text = formatRecord(sync, writeId)
      const args = [expectedRevision, writeId, text, JSON.stringify(indexesOf(sync)), expires]
      const answer = await this.#run('could not be written', WRITE, sync.id, args)
      if (answer === 1) this.#cache.put(sync, headOf(text), text)
      return answer
    })
    return answer === 1
  }

  /** Runs a script on one record; rejects when that is unreadable. */
  async #run(doing: string, script: Script, id: string, args: (string | number)[]): Promise<unknown> {
    const { prefix } = this.#connection
    const answer = await this.#connection.runScript(doing, script, keysOf(prefix, id), [prefix, id, ...args])
    if (answer !== -1) return answer
    this.#cache.unreadable.set(id, '')
    throw corruptRecord(id)
  }

  /** A text that does not begin as our records do is no record. */
  #parse(id: string, text: string): CachedSync | AppError {
    const head = headOf(text)
    return this.#cache.parse(id, head, head === '' ? '' : text)
  }
}
