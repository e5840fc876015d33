import type { Database } from '../../database/database.ts'
import { AppError } from '../../errors.ts'
import { parseSyncRecord } from '../../model/sync-record.ts'
import type { SyncQuery } from '../../ports/sync-storage.ts'
import { deepFreeze } from '../shared/deep-freeze.ts'
import { type CachedSync, SyncCache } from '../shared/sync-cache.ts'
import { BatchLoader } from './batch-loader.ts'
import { FIND_SYNCS, pageOfSyncs, SET_ASIDE_SYNCS, type SyncRow } from './statements.ts'

/** What a row holds: a sync, or why it cannot be read. */
export type ParsedRow = CachedSync | AppError

/** Reads rows into syncs, each record once for as long as it stays the same. */
export class SyncRows {
  readonly cache: SyncCache
  readonly #database: Database
  readonly #loader = new BatchLoader<ParsedRow>((ids, since) => this.#load(ids, since))
  /** Ids of unreadable records that were read, and the version that was unreadable. */
  readonly #unreadable = new Map<string, string>()

  /** `cachedCharacters`: of records to cache at most. */
  constructor(database: Database, cachedCharacters: number | undefined) {
    this.#database = database
    this.cache = new SyncCache(cachedCharacters)
  }

  /** The sync as it is now; rejects with `STATUS_CORRUPT`. */
  async find(id: string): Promise<CachedSync | undefined> {
    const row = await this.#loader.load(id)
    if (row instanceof AppError) throw row
    return row
  }

  /** At most `count` rows that the query asks for, newest first. */
  async page(query: SyncQuery, after: string | undefined, count: number): Promise<{ id: string; row: ParsedRow }[]> {
    const { statement, values } = pageOfSyncs(query, after, count)
    const { rows } = await this.#database.query<SyncRow>(statement, values)
    return rows.map((row) => ({ id: row.id, row: this.#parse(row) }))
  }

  /** Stamps the unreadable records that were read since the last time; resolves to the ids of those not stamped before. */
  async setAside(): Promise<string[]> {
    const found = [...this.#unreadable]
    if (found.length === 0) return []
    const { rows } = await this.#database.query<{ id: string }>(SET_ASIDE_SYNCS, [
      found.map(([id]) => id),
      found.map(([, version]) => version),
    ])
    for (const [id, version] of found) if (this.#unreadable.get(id) === version) this.#unreadable.delete(id)
    return rows.map(({ id }) => id)
  }

  async #load(ids: readonly string[], since: number): Promise<Map<string, ParsedRow>> {
    const cached = new Map(ids.map((id) => [id, this.cache.get(id)]))
    const versions = [...cached.values()].map((entry) => entry?.version ?? '')
    const { rows } = await this.#database.query<SyncRow>(FIND_SYNCS, [ids, versions], since)
    return new Map(
      rows.map((row) => {
        const entry = cached.get(row.id)
        return [row.id, row.record === null && entry !== undefined ? entry : this.#parse(row)]
      }),
    )
  }

  #parse({ id, version, record }: SyncRow): ParsedRow {
    const cached = this.cache.get(id)
    if (cached?.version === version) return cached
    const text = record ?? ''
    try {
      const sync = deepFreeze(parseSyncRecord(id, text))
      this.#unreadable.delete(id)
      const entry = { sync, version, size: text.length }
      this.cache.put(entry)
      return entry
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      this.cache.delete(id)
      if (error.code === 'STATUS_CORRUPT') this.#unreadable.set(id, version)
      else this.#unreadable.delete(id)
      return error
    }
  }
}
