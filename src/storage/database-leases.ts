import { randomUUID } from 'node:crypto'
import type { Database, Statement } from '../database/database.ts'
import { isSyncId } from '../model/sync-id.ts'
import type { Lease, LeaseStore } from '../ports/lease-store.ts'
import { requireSyncId } from './shared/argument-checks.ts'

const UPSERT_BEAT: Statement = {
  name: 'sheetsync-beat',
  text: `INSERT INTO leases (sync_id, epoch, beat) VALUES ($1, $2, $3)
    ON CONFLICT (sync_id, epoch) DO UPDATE SET beat = excluded.beat`,
  what: 'The lease could not be kept alive',
}

const FIND_BEAT: Statement = {
  name: 'sheetsync-lease',
  text: 'SELECT beat FROM leases WHERE sync_id = $1 AND epoch = $2',
  what: 'The lease could not be read',
}

const DELETE_BEATS: Statement = {
  text: 'DELETE FROM leases WHERE sync_id = $1 AND epoch <= $2',
  what: 'The lease could not be dropped',
}

/**
 * One row for each sync and epoch. The table is not logged: a crash of the PostgreSQL server empties it, and the next
 * beats fill it again.
 */
export class DatabaseLeases implements LeaseStore {
  readonly #database: Database
  /** Beats are counted by each instance, and named after it, so that no sign can ever come again. */
  readonly #instance = randomUUID()
  #beats = 0

  /** The database is shared with the other drivers of this process, and closed by whoever made it. */
  constructor({ database }: { readonly database: Database }) {
    this.#database = database
  }

  start(): Promise<void> {
    return this.#database.start()
  }

  async renew(syncId: string, epoch: number): Promise<void> {
    requireSyncId(syncId)
    await this.#database.query(UPSERT_BEAT, [syncId, epoch, `${this.#instance} ${++this.#beats}`])
  }

  /** The owner may be on another machine, so it is never known to be gone. */
  async read(syncId: string, epoch: number): Promise<Lease | undefined> {
    if (!isSyncId(syncId)) return undefined
    const { rows } = await this.#database.query<{ beat: string }>(FIND_BEAT, [syncId, epoch])
    return rows[0] && { heartbeat: rows[0].beat, ownerIsGone: false }
  }

  async release(syncId: string, epoch: number): Promise<void> {
    await this.#database.query(DELETE_BEATS, [syncId, epoch])
  }

  async close(): Promise<void> {}
}
