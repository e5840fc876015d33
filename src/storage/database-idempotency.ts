import { randomUUID } from 'node:crypto'
import type { Database, Statement } from '../database/database.ts'
import { AppError } from '../errors.ts'
import type { SyncView } from '../model/sync-view.ts'
import {
  type IdempotencyStore,
  type KeyReservation,
  type KeyState,
  RESERVATION_MS,
} from '../ports/idempotency-store.ts'
import { requireKeyHash } from './shared/argument-checks.ts'

/** Rows removed by one statement: few enough to be done well within its time. */
const SWEEP_BATCH = 1000

/** How often a reservation is tried while others release the key in the very moment of asking. */
const TRIES = 5

/**
 * Values: key, fingerprint, sync id, holder, now, expiry, and when a reservation must have been made to be abandoned. The
 * holder is this very call: its first try may have been carried out before the connection broke.
 */
const RESERVE_KEY: Statement = {
  name: 'sheetsync-reserve',
  text: `WITH mine AS (
      INSERT INTO idempotency_keys AS held (key, fingerprint, sync_id, holder, reserved_at, expires_at)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint, holder = excluded.holder, answer = NULL,
        sync_id = CASE WHEN held.expires_at <= $5 THEN excluded.sync_id ELSE held.sync_id END,
        reserved_at = excluded.reserved_at, expires_at = excluded.expires_at
      WHERE held.expires_at <= $5 OR held.holder = excluded.holder
        OR (held.answer IS NULL AND held.reserved_at <= $7 AND held.fingerprint = excluded.fingerprint)
      RETURNING sync_id, fingerprint
    ) SELECT true AS is_mine, sync_id, fingerprint, NULL::json AS answer FROM mine
    UNION ALL SELECT false, sync_id, fingerprint, answer FROM idempotency_keys
      WHERE key = $1 AND NOT EXISTS (SELECT FROM mine)`,
  what: 'The Idempotency-Key could not be taken',
}

const COMPLETE_KEY: Statement = {
  text: 'UPDATE idempotency_keys SET answer = $2 WHERE key = $1',
  what: 'The answer under the Idempotency-Key could not be written',
}

const RELEASE_KEY: Statement = {
  text: 'DELETE FROM idempotency_keys WHERE key = $1 AND answer IS NULL',
  what: 'The Idempotency-Key could not be released',
}

const SWEEP_KEYS: Statement = {
  text: `DELETE FROM idempotency_keys WHERE expires_at <= $1 AND key IN (
      SELECT key FROM idempotency_keys WHERE expires_at <= $1 LIMIT ${SWEEP_BATCH} FOR UPDATE SKIP LOCKED
    ) RETURNING key`,
  what: 'Expired Idempotency-Keys could not be removed',
}

interface KeyRow {
  readonly is_mine: boolean
  readonly sync_id: string
  readonly fingerprint: string
  readonly answer: SyncView | null
}

/** One row for each key. */
export class DatabaseIdempotency implements IdempotencyStore {
  readonly #database: Database

  /** The database is shared with the other drivers of this process, and closed by whoever made it. */
  constructor({ database }: { readonly database: Database }) {
    this.#database = database
  }

  start(): Promise<void> {
    return this.#database.start()
  }

  async reserve({ key, fingerprint, syncId, now, ttlMs }: KeyReservation): Promise<KeyState> {
    requireKeyHash(key)
    const [expiry, abandoned] = [now.getTime() + ttlMs, now.getTime() - RESERVATION_MS]
    const values = [key, fingerprint, syncId, randomUUID(), now, new Date(expiry), new Date(abandoned)]
    for (let tries = 1; tries <= TRIES; tries++) {
      const row = (await this.#database.query<KeyRow>(RESERVE_KEY, values)).rows[0]
      if (row === undefined) continue
      if (row.is_mine) return { state: 'mine', syncId: row.sync_id }
      return row.answer === null
        ? { state: 'in-flight', fingerprint: row.fingerprint }
        : { state: 'done', fingerprint: row.fingerprint, answer: row.answer }
    }
    throw new AppError('STORAGE_UNAVAILABLE', 'The Idempotency-Key could not be taken: too many ask for it at once.')
  }

  async complete(key: string, answer: SyncView): Promise<void> {
    requireKeyHash(key)
    await this.#database.query(COMPLETE_KEY, [key, JSON.stringify(answer)])
  }

  async release(key: string): Promise<void> {
    requireKeyHash(key)
    await this.#database.query(RELEASE_KEY, [key])
  }

  async cleanup(now: Date): Promise<number> {
    for (let removed = 0; ; ) {
      const { rows } = await this.#database.query(SWEEP_KEYS, [now])
      removed += rows.length
      if (rows.length < SWEEP_BATCH) return removed
    }
  }

  async close(): Promise<void> {}
}
