import type { Database } from '../../database/database.ts'
import { AppError } from '../../errors.ts'
import type { Sync } from '../../model/sync.ts'
import { parseSyncRecord } from '../../model/sync-record.ts'
import type { SyncQuery } from '../../ports/sync-storage.ts'
import { deepFreeze } from '../shared/deep-freeze.ts'
import { Gathered } from './batched-reads.ts'
import type { Statements, SyncRow } from './statements.ts'
import { type KnownSync, KnownSyncs } from './sync-cache.ts'

/** What a row holds: a sync, or why it cannot be read. */
export type Found = KnownSync | AppError

export interface SyncRowsOptions {
  readonly database: Database
  readonly statements: Statements
  /** Characters of records to remember. */
  readonly keptCharacters?: number | undefined
}

/** Reads rows into syncs, each record once for as long as it stays the same. */
export class SyncRows {
  readonly #database: Database
  readonly #statements: Statements
  readonly #known: KnownSyncs
  readonly #asked = new Gathered<Found>((ids, since) => this.#ask(ids, since))
  /** Unreadable records that were come upon, and the version that was unreadable. */
  readonly #unreadable = new Map<string, string>()

  constructor({ database, statements, keptCharacters }: SyncRowsOptions) {
    this.#database = database
    this.#statements = statements
    this.#known = new KnownSyncs(keptCharacters)
  }

  /** The sync as it was last seen; it may have changed since. */
  known(id: string): KnownSync | undefined {
    return this.#known.get(id)
  }

  /** The sync as it is now; rejects with `STATUS_CORRUPT`. */
  async find(id: string): Promise<KnownSync | undefined> {
    const found = await this.#asked.get(id)
    if (found instanceof AppError) throw found
    return found
  }

  /** At most `count` rows that the query asks for, newest first. */
  async page(query: SyncQuery, after: string | undefined, count: number): Promise<{ id: string; found: Found }[]> {
    const turn = this.#known.turn()
    const { rows } = await this.#database.query<SyncRow>(this.#statements.page(query, after, count))
    return rows.map((row) => ({ id: row.id, found: this.#read(row, turn) }))
  }

  /** Remembers what this process has just written. */
  keep(sync: Sync, version: string, record: string): void {
    this.#known.put(sync.id, { sync: deepFreeze(sync), version }, { size: record.length, turn: this.#known.turn() })
  }

  forget(id: string): void {
    this.#known.forget(id)
  }

  /** Stamps the unreadable records that were come upon since the last time; resolves to the ids of those not stamped before. */
  async setAside(): Promise<string[]> {
    const found = [...this.#unreadable]
    if (found.length === 0) return []
    const [ids, versions] = [found.map(([id]) => id), found.map(([, version]) => version)]
    const { rows } = await this.#database.query<{ id: string }>(this.#statements.setAside(ids, versions))
    for (const [id, version] of found) if (this.#unreadable.get(id) === version) this.#unreadable.delete(id)
    return rows.map(({ id }) => id)
  }

  clear(): void {
    this.#known.clear()
    this.#unreadable.clear()
  }

  async #ask(ids: readonly string[], since: number): Promise<Map<string, Found>> {
    const before = new Map(ids.map((id) => [id, this.#known.get(id)]))
    const turn = this.#known.turn()
    const versions = [...before.values()].map((known) => known?.version)
    const { rows } = await this.#database.query<SyncRow>(this.#statements.find(ids, versions), since)
    return new Map(
      rows.map((row) => {
        const known = before.get(row.id)
        return [row.id, row.record === null && known !== undefined ? known : this.#read(row, turn)]
      }),
    )
  }

  #read({ id, version, record }: SyncRow, turn: number): Found {
    const known = this.#known.get(id)
    if (known?.version === version) return known
    const text = record ?? ''
    try {
      const sync = deepFreeze(parseSyncRecord(id, text))
      this.#unreadable.delete(id)
      return { sync: this.#known.put(id, { sync, version }, { size: text.length, turn }), version }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      this.#known.forget(id)
      if (error.code === 'STATUS_CORRUPT') this.#unreadable.set(id, version)
      else this.#unreadable.delete(id)
      return error
    }
  }
}
