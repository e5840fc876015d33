import type { Database, Statement } from '../database/database.ts'
import { toDatabaseError } from '../database/failures.ts'
import { Notices } from '../database/notices.ts'
import { AppError } from '../errors.ts'
import type { Sync } from '../model/sync.ts'
import { isSyncId } from '../model/sync-id.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { CleanupReport, SyncPage, SyncQuery, SyncStorage } from '../ports/sync-storage.ts'
import { newWriteId, Statements, SWEEP_BATCH } from './database/statements.ts'
import type { KnownSync } from './database/sync-cache.ts'
import { SyncRows } from './database/sync-rows.ts'
import { requireSuccessor, requireSyncId } from './shared/argument-checks.ts'
import { matchesQuery } from './shared/matches-query.ts'
import { readPageToken, toPageToken } from './shared/page-token.ts'
import { Watchers } from './shared/watchers.ts'

/** How often a replace looks again after somebody has rewritten the row under the same revision. */
const LOOKS = 3

/** Rows read by one statement: records of the largest size (200 kB and more) still come well within its time. */
const ROWS_AT_ONCE = 100

export interface DatabaseStorageOptions {
  /** Where the table is; shared with the other drivers of this process, and closed by whoever made it. */
  readonly database: Database
  /** Milliseconds after its end for which a sync stays findable, though its status has expired. Default 0: no longer than that. */
  readonly historyTtlMs?: number
  readonly clock: Clock
  readonly log: Log
  /** Characters of records to remember; for tests. */
  readonly keptCharacters?: number
}

/**
 * Syncs as rows of a PostgreSQL table, for any number of processes on any number of machines.
 *
 * History: `get` and `list` answer what the table holds, so an expired sync goes on being found, and can be removed,
 * until `cleanup` takes it. That is once `expiresAt` has passed and, with `historyTtlMs`, so many milliseconds since
 * `finishedAt` as well, whichever comes last. `expiresAt` in the record stays what it was.
 *
 * A record that cannot be read stays in its row: `cleanup` stamps `set_aside_at` once somebody has come upon it, and it
 * is never swept; a record that is mended by hand is read again at once. A write whose answer was lost is asked after
 * over another connection; where that too fails it rejects, and the record is the old or the new one, whole.
 * `durable: false` outlives a crash of this process, but not always one of the PostgreSQL server (0.6 s may be lost).
 */
export class DatabaseStorage implements SyncStorage {
  readonly #database: Database
  readonly #historyTtlMs: number
  readonly #statements: Statements
  readonly #rows: SyncRows
  readonly #watchers = new Watchers()
  readonly #notices: Notices
  readonly #busy = new Set<Promise<unknown>>()
  constructor({ database, historyTtlMs = 0, clock, log, keptCharacters }: DatabaseStorageOptions) {
    const channel = `${database.schema}_changes`
    this.#database = database
    this.#historyTtlMs = historyTtlMs
    this.#statements = new Statements({ schema: database.schema, channel })
    this.#rows = new SyncRows({ database, statements: this.#statements, keptCharacters })
    this.#notices = new Notices({
      connections: database.connections,
      channel,
      clock,
      log,
      // Also of what this instance has written: one whose answer did not come in time may be carried out later.
      onNotice: (id) => this.#watchers.notify(id),
      onGap: () => this.#watchers.notifyAll(),
    })
  }

  async start(): Promise<void> {
    await this.#database.start()
    try {
      await this.#notices.start()
    } catch (error) {
      throw toDatabaseError(error, 'The status could not be opened')
    }
  }

  create(sync: Sync): Promise<void> {
    return this.#track(async () => {
      requireSyncId(sync.id)
      const record = JSON.stringify(sync)
      const { write, own } = this.#statements.insert(sync, record, newWriteId())
      const version = await this.#write(write, own, performance.now())
      if (version === undefined) throw new AppError('SYNC_EXISTS', `There is a sync ${sync.id} already.`)
      this.#keep(sync, version, record)
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
      const record = JSON.stringify(next)
      return this.#succeed(next.id, expectedRevision, async ({ version }, since) => {
        const was = { revision: expectedRevision, version, durable, writeId: newWriteId() }
        const { write, own } = this.#statements.update(next, record, was)
        const written = await this.#write(write, own, since)
        if (written !== undefined) this.#keep(next, written, record)
        return written !== undefined
      })
    })
  }

  remove(id: string, expectedRevision: number): Promise<boolean> {
    return this.#track(async () => {
      requireSyncId(id)
      return this.#succeed(id, expectedRevision, async ({ version }, since) => {
        const statement = this.#statements.delete(id, expectedRevision, version)
        const { rows, again } = await this.#database.query<{ id: string }>(statement, since)
        if (rows.length === 0 && again) {
          throw new AppError(
            'STORAGE_UNAVAILABLE',
            'The connection to PostgreSQL broke; whether this removed the sync is not known.',
          )
        }
        if (rows.length === 0) return false
        this.#rows.forget(id)
        this.#watchers.notify(id)
        return true
      })
    })
  }

  async list(query: SyncQuery): Promise<SyncPage> {
    let after = readPageToken(query)
    const syncs: Sync[] = []
    // One more than the page tells whether there is a next one; large pages and unreadable records make it ask again.
    for (;;) {
      const count = Math.min(query.pageSize + 1 - syncs.length, ROWS_AT_ONCE)
      const rows = await this.#rows.page(query, after, count)
      for (const { id, found } of rows) {
        after = id
        if (found instanceof AppError || !matchesQuery(found.sync, query)) continue
        const last = syncs.at(-1)
        if (syncs.length === query.pageSize && last !== undefined) {
          return { syncs, nextPageToken: toPageToken(last.id, query) }
        }
        syncs.push(found.sync)
      }
      if (rows.length < count) return { syncs }
    }
  }

  cleanup(now: Date): Promise<CleanupReport> {
    return this.#track(async () => {
      const quarantined = await this.#rows.setAside()
      const endedBefore = this.#historyTtlMs > 0 ? new Date(now.getTime() - this.#historyTtlMs) : undefined
      const removed: string[] = []
      for (;;) {
        const { rows } = await this.#database.query<{ id: string }>(this.#statements.sweep(now, endedBefore))
        for (const { id } of rows) {
          removed.push(id)
          this.#rows.forget(id)
          this.#watchers.notify(id)
        }
        if (rows.length < SWEEP_BATCH) return { removed, quarantined, leftovers: 0 }
      }
    })
  }

  async checkWritable(): Promise<void> {
    await this.#track(() => this.#database.query(this.#statements.probe()))
  }

  watch(id: string, onChange: () => void): () => void {
    return this.#watchers.add(id, onChange)
  }

  async close(): Promise<void> {
    this.#watchers.clear()
    while (this.#busy.size > 0) await Promise.allSettled(this.#busy)
    await this.#notices.close()
    this.#rows.clear()
  }

  /**
   * Writes over the version of the row that was read and found good, so that an unreadable record is never written
   * over. One round trip when this process has seen the revision before, as whoever replaces it commonly has.
   */
  async #succeed(
    id: string,
    revision: number,
    write: (known: KnownSync, since: number) => Promise<boolean>,
  ): Promise<boolean> {
    const since = performance.now()
    let known = this.#rows.known(id)
    for (let look = 1; look <= LOOKS; look++) {
      if (known?.sync.revision !== revision) known = await this.#rows.find(id)
      if (known?.sync.revision !== revision) return false
      if (await write(known, since)) return true
      const before: string = known.version
      known = await this.#rows.find(id)
      if (known?.version === before) return false
    }
    return false
  }

  /** Sends a write; `undefined` when it has changed nothing. What broke off is looked up: it may have been carried out. */
  async #write(write: Statement, own: Statement, since: number): Promise<string | undefined> {
    const { rows, again } = await this.#database.query<{ version: string }>(write, since)
    if (rows[0] !== undefined || !again) return rows[0]?.version
    return (await this.#database.query<{ version: string }>(own, since)).rows[0]?.version
  }

  #keep(sync: Sync, version: string, record: string): void {
    this.#rows.keep(sync, version, record)
    this.#watchers.notify(sync.id)
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
