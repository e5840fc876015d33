import { randomUUID } from 'node:crypto'
import type { Database } from '../database/database.ts'
import { isSyncId } from '../model/sync-id.ts'
import type { Lease, LeaseStore } from '../ports/lease-store.ts'
import { requireSyncId } from './shared/argument-checks.ts'

export interface DatabaseLeasesOptions {
  /** Where the table is; shared with the other drivers of this process, and closed by whoever made it. */
  readonly database: Database
}

/**
 * One row for each sync and epoch. The table is not logged: a crash of the PostgreSQL server empties it, and the next
 * beats fill it again.
 */
export class DatabaseLeases implements LeaseStore {
  readonly #database: Database
  readonly #table: string
  /** Beats are counted by each instance, and named after it, so that no sign can ever come again. */
  readonly #self = randomUUID()
  #beats = 0

  constructor({ database }: DatabaseLeasesOptions) {
    this.#database = database
    this.#table = `"${database.schema}".leases`
  }

  start(): Promise<void> {
    return this.#database.start()
  }

  async renew(syncId: string, epoch: number): Promise<void> {
    requireSyncId(syncId)
    await this.#database.query({
      name: 'sheetsync-beat',
      text: `INSERT INTO ${this.#table} (sync_id, epoch, beat) VALUES ($1, $2, $3)
        ON CONFLICT (sync_id, epoch) DO UPDATE SET beat = excluded.beat`,
      values: [syncId, epoch, `${this.#self} ${++this.#beats}`],
      what: 'The lease could not be kept alive',
    })
  }

  /** The owner may be on another machine, so it is never known to be gone. */
  async read(syncId: string, epoch: number): Promise<Lease | undefined> {
    if (!isSyncId(syncId)) return undefined
    const { rows } = await this.#database.query<{ beat: string }>({
      name: 'sheetsync-lease',
      text: `SELECT beat FROM ${this.#table} WHERE sync_id = $1 AND epoch = $2`,
      values: [syncId, epoch],
      what: 'The lease could not be read',
    })
    const row = rows[0]
    return row === undefined ? undefined : { heartbeat: row.beat, ownerIsGone: false }
  }

  async release(syncId: string, epoch: number): Promise<void> {
    await this.#database.query({
      text: `DELETE FROM ${this.#table} WHERE sync_id = $1 AND epoch <= $2`,
      values: [syncId, epoch],
      what: 'The lease could not be let go',
    })
  }

  async close(): Promise<void> {}
}
