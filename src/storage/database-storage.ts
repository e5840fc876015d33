import { randomUUID } from 'node:crypto'
import type { Database, Statement } from '../database/database.ts'
import { NotificationListener } from '../database/notification-listener.ts'
import { AppError } from '../errors.ts'
import { ACTIVE_STATES, type FinishedSync, isTerminal, type Sync, type SyncState } from '../model/sync.ts'
import { isSearch } from '../model/sync-filter.ts'
import { isSyncId } from '../model/sync-id.ts'
import { toSyncRecord } from '../model/sync-record.ts'
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
import { batchLoader } from './database/batch-loader.ts'
import * as sql from './database/statements.ts'
import { requireSuccessor, requireSyncId } from './shared/argument-checks.ts'
import { stateCounts } from './shared/state-counts.ts'
import { type CachedSync, SyncCache } from './shared/sync-cache.ts'
import { collectPage, readPageToken } from './shared/sync-page.ts'
import { Watchers } from './shared/watchers.ts'

/** Rows read by one statement: records of the largest size (200 kB and more) still come well within its time. */
const ROWS_AT_ONCE = 100

export interface DatabaseStorageOptions {
  /** Where the table is; shared with the other drivers of this process, and closed by whoever made it. */
  readonly database: Database
  /** Milliseconds after its end for which a sync stays findable, though its status has expired. Default 0: no longer than that. */
  readonly historyTtlMs?: number
  readonly clock: Clock
  readonly log: Log
  /** Bytes of records to cache; for tests. */
  readonly cachedBytes?: number
}

/**
 * Syncs as rows of a PostgreSQL table, for any number of processes on any number of machines.
 *
 * History: `get` and `list` answer what the table holds, so an expired sync goes on being found, and can be removed,
 * until `cleanup` takes it. That is once `expiresAt` has passed and, with `historyTtlMs`, so many milliseconds since
 * `finishedAt` as well, whichever comes last. `expiresAt` in the record stays what it was.
 *
 * A record that cannot be read stays in its row: `cleanup` stamps `set_aside_at` once somebody has read it, and it is
 * never swept; a record that is mended by hand is read again at once. A write whose answer was lost is repeated over
 * another connection; where that too fails it rejects, and the record is the old or the new one, whole.
 * `durable: false` outlives a crash of this process, but not always one of the PostgreSQL server (0.6 s may be lost).
 */
export class DatabaseStorage implements SyncStorage {
  readonly #database: Database
  readonly #historyTtlMs: number
  readonly #cache: SyncCache
  readonly #load = batchLoader((ids: readonly string[], since) => this.#findAll(ids, since))
  readonly #watchers: Watchers
  readonly #listener: NotificationListener

  constructor({ database, historyTtlMs = 0, clock, log, cachedBytes }: DatabaseStorageOptions) {
    this.#database = database
    this.#historyTtlMs = historyTtlMs
    this.#cache = new SyncCache(cachedBytes)
    this.#watchers = new Watchers(log)
    this.#listener = new NotificationListener({
      database,
      channel: sql.changesChannel(database.schema),
      clock,
      log,
      // Also of what this instance has written: one whose answer did not come in time may be carried out later.
      onNotification: (id) => this.#watchers.notify(id),
      onListening: () => this.#watchers.notifyAll(),
    })
  }

  async start(): Promise<void> {
    await this.#database.start()
    await this.#listener.start()
  }

  async create(sync: Sync): Promise<void> {
    requireSyncId(sync.id)
    if (!(await this.#write(sql.INSERT_SYNC, sync, [], performance.now()))) {
      throw new AppError('SYNC_EXISTS', `There is a sync ${sync.id} already.`)
    }
  }

  async get(id: string): Promise<Sync | undefined> {
    return isSyncId(id) ? (await this.#find(id))?.sync : undefined
  }

  peek(id: string): Promise<Sync | undefined> {
    return this.get(id)
  }

  async replace(next: Sync, expectedRevision: number, options?: { readonly durable?: boolean }): Promise<boolean> {
    requireSuccessor(next, expectedRevision)
    return this.#writeOver(next.id, expectedRevision, (version, since) =>
      this.#write(sql.UPDATE_SYNC, next, [expectedRevision, version, options?.durable ?? true], since),
    )
  }

  async remove(id: string, expectedRevision: number): Promise<boolean> {
    requireSyncId(id)
    return this.#writeOver(id, expectedRevision, async (version, since) => {
      const values = [id, expectedRevision, version]
      const { rows, isRepeated } = await this.#database.query(sql.DELETE_SYNC, values, since)
      if (rows.length > 0) this.#removed(id)
      else if (isRepeated) {
        throw new AppError(
          'STORAGE_UNAVAILABLE',
          'The connection to PostgreSQL broke; whether this removed the sync is not known.',
        )
      }
      return rows.length > 0
    })
  }

  list(query: SyncQuery): Promise<SyncPage> {
    return collectPage(this.#scan(query), query)
  }

  async usage(createdBy: string | null, now: Date): Promise<StorageUsage> {
    const { rows } = await this.#database.query<StorageUsage>(sql.SUM_USAGE, [ACTIVE_STATES, now, createdBy])
    return rows[0] ?? { records: 0, bytes: 0 }
  }

  async countByState(now: Date): Promise<StateCounts> {
    const { rows } = await this.#database.query<{ state: SyncState; count: number }>(sql.COUNT_STATES, [
      ACTIVE_STATES,
      now,
    ])
    return stateCounts(rows.map(({ state, count }) => [state, count]))
  }

  async cleanup(now: Date, { signal, rememberEnd }: CleanupOptions = {}): Promise<CleanupReport> {
    const unreadable = new Map(this.#cache.unreadable)
    const values = [[...unreadable.keys()], [...unreadable.values()]]
    const setAside = await this.#database.query<{ id: string }>(sql.SET_ASIDE_SYNCS, values)
    for (const id of unreadable.keys()) this.#cache.unreadable.delete(id)
    const quarantined = setAside.rows.map(({ id }) => id)
    const endedBefore = this.#historyTtlMs > 0 ? new Date(now.getTime() - this.#historyTtlMs) : 'infinity'
    const removed: string[] = []
    if (rememberEnd !== undefined) {
      for await (const sync of this.#scanExpiredKeyed(now, endedBefore)) {
        if (signal?.aborted) break
        await rememberEnd(sync)
        if (await this.remove(sync.id, sync.revision)) removed.push(sync.id)
      }
    }
    while (!signal?.aborted) {
      const values = [now, endedBefore, rememberEnd !== undefined]
      const { rows } = await this.#database.query<{ id: string }>(sql.SWEEP_SYNCS, values)
      for (const { id } of rows) this.#removed(id)
      removed.push(...rows.map(({ id }) => id))
      if (rows.length < sql.SWEEP_BATCH) break
    }
    return { removed, quarantined, leftovers: 0 }
  }

  /** What may be swept and answers an idempotency key. */
  async *#scanExpiredKeyed(now: Date, endedBefore: Date | string): AsyncGenerator<FinishedSync> {
    for (let last = ''; ; ) {
      const { rows } = await this.#database.query<sql.SyncRow>(sql.FIND_EXPIRED_KEYED, [now, endedBefore, last])
      for (const { id, version, record } of rows) {
        const found = this.#cache.parse(id, version, record ?? '')
        if (!(found instanceof AppError) && isTerminal(found.sync)) yield found.sync
        last = id
      }
      if (rows.length < sql.KEYED_BATCH) return
    }
  }

  async checkWritable(): Promise<void> {
    await this.#database.query(sql.PROBE_WRITE)
  }

  watch(id: string, onChange: () => void): () => void {
    return this.#watchers.add(id, onChange)
  }

  async watchAll(onChange: (id: string | undefined) => void): Promise<() => void> {
    return this.#watchers.addOfAll(onChange)
  }

  async close(): Promise<void> {
    this.#watchers.clear()
    await this.#database.pending.settled()
    await this.#listener.close()
    this.#cache.clear()
  }

  /** The sync as it is now; rejects when it cannot be read. */
  async #find(id: string): Promise<CachedSync | undefined> {
    const found = await this.#load(id)
    if (found instanceof AppError) throw found
    return found
  }

  async #findAll(ids: readonly string[], since: number): Promise<Map<string, CachedSync | AppError>> {
    const cached = new Map(ids.map((id) => [id, this.#cache.get(id)]))
    const versions = [...cached.values()].map((entry) => entry?.version ?? '')
    const { rows } = await this.#database.query<sql.SyncRow>(sql.FIND_SYNCS, [ids, versions], since)
    return new Map(
      rows.map(({ id, version, record }) => {
        const entry = cached.get(id)
        return [id, record === null && entry !== undefined ? entry : this.#cache.parse(id, version, record ?? '')]
      }),
    )
  }

  /** All that the query asks for, newest first. */
  async *#scan(query: SyncQuery): AsyncGenerator<CachedSync> {
    let after = readPageToken(query)
    // Of a search few records may match.
    const count = isSearch(query) ? ROWS_AT_ONCE : Math.min(query.pageSize + 1, ROWS_AT_ONCE)
    let { maxBytes = PAGE_BYTES } = query
    for (;;) {
      let bytes = 0
      const { statement, values } = sql.pageOfSyncs({ ...query, maxBytes }, after, count)
      const { rows } = await this.#database.query<sql.SyncRow>(statement, values)
      for (const { id, version, record } of rows) {
        const found = this.#cache.parse(id, version, record ?? '')
        if (!(found instanceof AppError)) yield found
        after = id
        bytes += Buffer.byteLength(record ?? '')
      }
      if (rows.length < count && bytes <= maxBytes) return
      maxBytes = Math.max(0, maxBytes - bytes)
    }
  }

  /**
   * Writes over the version of the row that was read and found good, so that an unreadable record is never written
   * over. One round trip when this process has seen the revision before, as whoever replaces it commonly has.
   */
  async #writeOver(
    id: string,
    revision: number,
    write: (version: string, since: number) => Promise<boolean>,
  ): Promise<boolean> {
    const since = performance.now()
    let tried: string | undefined
    let current = this.#cache.get(id)
    if (current?.sync.revision !== revision) current = await this.#find(id)
    // Another version under the same revision was mended by hand.
    while (current?.sync.revision === revision && current.version !== tried) {
      if (await write(current.version, since)) return true
      tried = current.version
      current = await this.#find(id)
    }
    return false
  }

  /** Resolves to whether it has changed the row. */
  async #write(statement: Statement, sync: Sync, more: readonly unknown[], since: number): Promise<boolean> {
    const { id, revision, state, spreadsheet, createdBy, webhook, finishedAt, expiresAt, scheduleId } = sync
    const record = JSON.stringify(toSyncRecord(sync))
    const searched = [state, spreadsheet.id, createdBy, webhook?.state, finishedAt, expiresAt, scheduleId]
    const values = [id, revision, randomUUID(), ...searched, record, ...more]
    const answer = await this.#database.query<{ version: string }>(statement, values, since)
    const version = answer.rows[0]?.version
    if (version === undefined) return false
    this.#cache.put(sync, version, record)
    this.#watchers.notify(id)
    return true
  }

  #removed(id: string): void {
    this.#cache.delete(id)
    this.#watchers.notify(id)
  }
}
