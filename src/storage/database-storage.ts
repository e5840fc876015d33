import { randomUUID } from 'node:crypto'
import type { Database, Statement } from '../database/database.ts'
import { toDatabaseError } from '../database/database-errors.ts'
import { NotificationListener } from '../database/notification-listener.ts'
import { AppError } from '../errors.ts'
import type { Sync } from '../model/sync.ts'
import { isSyncId } from '../model/sync-id.ts'
import { toSyncRecord } from '../model/sync-record.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { CleanupReport, SyncPage, SyncQuery, SyncStorage } from '../ports/sync-storage.ts'
import {
  changesChannel,
  columnsOf,
  DELETE_SYNC,
  FIND_WRITE,
  INSERT_SYNC,
  PROBE_WRITE,
  SWEEP_BATCH,
  SWEEP_SYNCS,
  UPDATE_SYNC,
} from './database/statements.ts'
import { SyncRows } from './database/sync-rows.ts'
import { requireSuccessor, requireSyncId } from './shared/argument-checks.ts'
import { deepFreeze } from './shared/deep-freeze.ts'
import { matchesQuery } from './shared/matches-query.ts'
import { readPageToken, toPageToken } from './shared/page-token.ts'
import type { CachedSync } from './shared/sync-cache.ts'
import { Watchers } from './shared/watchers.ts'

/** How often a write is tried while others rewrite the row under the same revision. */
const TRIES = 3

/** Rows read by one statement: records of the largest size (200 kB and more) still come well within its time. */
const ROWS_AT_ONCE = 100

export interface DatabaseStorageOptions {
  /** Where the table is; shared with the other drivers of this process, and closed by whoever made it. */
  readonly database: Database
  /** Milliseconds after its end for which a sync stays findable, though its status has expired. Default 0: no longer than that. */
  readonly historyTtlMs?: number
  readonly clock: Clock
  readonly log: Log
  /** Characters of records to cache; for tests. */
  readonly cachedCharacters?: number
}

/**
 * Syncs as rows of a PostgreSQL table, for any number of processes on any number of machines.
 *
 * History: `get` and `list` answer what the table holds, so an expired sync goes on being found, and can be removed,
 * until `cleanup` takes it. That is once `expiresAt` has passed and, with `historyTtlMs`, so many milliseconds since
 * `finishedAt` as well, whichever comes last. `expiresAt` in the record stays what it was.
 *
 * A record that cannot be read stays in its row: `cleanup` stamps `set_aside_at` once somebody has read it, and it is
 * never swept; a record that is mended by hand is read again at once. A write whose answer was lost is looked up over
 * another connection; where that too fails it rejects, and the record is the old or the new one, whole.
 * `durable: false` outlives a crash of this process, but not always one of the PostgreSQL server (0.6 s may be lost).
 */
export class DatabaseStorage implements SyncStorage {
  readonly #database: Database
  readonly #historyTtlMs: number
  readonly #rows: SyncRows
  readonly #watchers = new Watchers()
  readonly #listener: NotificationListener
  readonly #busy = new Set<Promise<unknown>>()

  constructor({ database, historyTtlMs = 0, clock, log, cachedCharacters }: DatabaseStorageOptions) {
    this.#database = database
    this.#historyTtlMs = historyTtlMs
    this.#rows = new SyncRows(database, cachedCharacters)
    this.#listener = new NotificationListener({
      connections: database.connections,
      channel: changesChannel(database.schema),
      clock,
      log,
      // Also of what this instance has written: one whose answer did not come in time may be carried out later.
      onNotification: (id) => this.#watchers.notify(id),
      onReconnect: () => this.#watchers.notifyAll(),
    })
  }

  async start(): Promise<void> {
    await this.#database.start()
    try {
      await this.#listener.start()
    } catch (error) {
      throw toDatabaseError(error, 'The status could not be opened')
    }
  }

  create(sync: Sync): Promise<void> {
    return this.#track(async () => {
      requireSyncId(sync.id)
      if (!(await this.#write(INSERT_SYNC, sync, [], performance.now()))) {
        throw new AppError('SYNC_EXISTS', `There is a sync ${sync.id} already.`)
      }
    })
  }

  async get(id: string): Promise<Sync | undefined> {
    return isSyncId(id) ? (await this.#rows.find(id))?.sync : undefined
  }

  peek(id: string): Promise<Sync | undefined> {
    return this.get(id)
  }

  replace(next: Sync, expectedRevision: number, { durable = true }: { durable?: boolean } = {}): Promise<boolean> {
    return this.#track(async () => {
      requireSuccessor(next, expectedRevision)
      return this.#writeOver(next.id, expectedRevision, ({ version }, since) =>
        this.#write(UPDATE_SYNC, next, [expectedRevision, version, durable], since),
      )
    })
  }

  remove(id: string, expectedRevision: number): Promise<boolean> {
    return this.#track(async () => {
      requireSyncId(id)
      return this.#writeOver(id, expectedRevision, async ({ version }, since) => {
        const values = [id, expectedRevision, version]
        const { rows, isRepeated } = await this.#database.query<{ id: string }>(DELETE_SYNC, values, since)
        if (rows.length === 0 && isRepeated) {
          throw new AppError(
            'STORAGE_UNAVAILABLE',
            'The connection to PostgreSQL broke; whether this removed the sync is not known.',
          )
        }
        if (rows.length === 0) return false
        this.#rows.cache.delete(id)
        this.#watchers.notify(id)
        return true
      })
    })
  }

  async list(query: SyncQuery): Promise<SyncPage> {
    let after = readPageToken(query)
    const syncs: Sync[] = []
    // One more than the page tells whether there is a next one; large pages and unreadable records take more queries.
    for (;;) {
      const count = Math.min(query.pageSize + 1 - syncs.length, ROWS_AT_ONCE)
      const rows = await this.#rows.page(query, after, count)
      for (const { id, row } of rows) {
        after = id
        if (row instanceof AppError || !matchesQuery(row.sync, query)) continue
        const last = syncs.at(-1)
        if (syncs.length === query.pageSize && last !== undefined) {
          return { syncs, nextPageToken: toPageToken(last.id, query) }
        }
        syncs.push(row.sync)
      }
      if (rows.length < count) return { syncs }
    }
  }

  cleanup(now: Date): Promise<CleanupReport> {
    return this.#track(async () => {
      const quarantined = await this.#rows.setAside()
      const endedBefore = this.#historyTtlMs > 0 ? new Date(now.getTime() - this.#historyTtlMs) : 'infinity'
      const removed: string[] = []
      for (;;) {
        const { rows } = await this.#database.query<{ id: string }>(SWEEP_SYNCS, [now, endedBefore])
        for (const { id } of rows) {
          removed.push(id)
          this.#rows.cache.delete(id)
          this.#watchers.notify(id)
        }
        if (rows.length < SWEEP_BATCH) return { removed, quarantined, leftovers: 0 }
      }
    })
  }

  async checkWritable(): Promise<void> {
    await this.#track(() => this.#database.query(PROBE_WRITE))
  }

  watch(id: string, onChange: () => void): () => void {
    return this.#watchers.add(id, onChange)
  }

  async close(): Promise<void> {
    this.#watchers.clear()
    while (this.#busy.size > 0) await Promise.allSettled(this.#busy)
    await this.#listener.close()
    this.#rows.cache.clear()
  }

  /**
   * Writes over the version of the row that was read and found good, so that an unreadable record is never written
   * over. One round trip when this process has seen the revision before, as whoever replaces it commonly has.
   */
  async #writeOver(
    id: string,
    revision: number,
    write: (current: CachedSync, since: number) => Promise<boolean>,
  ): Promise<boolean> {
    const since = performance.now()
    let current = this.#rows.cache.get(id)
    for (let tries = 1; tries <= TRIES; tries++) {
      if (current?.sync.revision !== revision) current = await this.#rows.find(id)
      if (current?.sync.revision !== revision) return false
      if (await write(current, since)) return true
      const before: string = current.version
      current = await this.#rows.find(id)
      if (current?.version === before) return false
    }
    return false
  }

  /** Resolves to whether it has changed the row. What broke off is looked up: it may have been carried out. */
  async #write(statement: Statement, sync: Sync, more: readonly unknown[], since: number): Promise<boolean> {
    const [record, writeId] = [JSON.stringify(toSyncRecord(sync)), randomUUID()]
    const values = [...columnsOf(sync, record, writeId), ...more]
    let answer = await this.#database.query<{ version: string }>(statement, values, since)
    if (answer.rows.length === 0 && answer.isRepeated) {
      answer = await this.#database.query(FIND_WRITE, [sync.id, writeId], since)
    }
    const row = answer.rows[0]
    if (row === undefined) return false
    this.#rows.cache.put({ sync: deepFreeze(sync), version: row.version, size: record.length })
    this.#watchers.notify(sync.id)
    return true
  }

  /** Has `close` wait for it. */
  async #track<T>(task: () => Promise<T>): Promise<T> {
    const run = task()
    this.#busy.add(run)
    try {
      return await run
    } finally {
      this.#busy.delete(run)
    }
  }
}
