import { randomUUID } from 'node:crypto'
import type { Database } from '../database/database.ts'
import { AppError } from '../errors.ts'
import type { SyncView } from '../model/sync-view.ts'
import {
  type IdempotencyStore,
  type KeyReservation,
  type KeyState,
  RESERVATION_MS,
} from '../ports/idempotency-store.ts'

/** Rows removed by one statement: few enough to be done well within its time. */
const SWEEP_BATCH = 1000

/** SHA-256 as hex digits. */
const HASH_PATTERN = /^[0-9a-f]{64}$/

/** How often a key is asked for again that was given free in the very moment of asking. */
const TRIES = 5

export interface DatabaseIdempotencyOptions {
  /** Where the table is; shared with the other drivers of this process, and closed by whoever made it. */
  readonly database: Database
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
  readonly #keys: string

  constructor({ database }: DatabaseIdempotencyOptions) {
    this.#database = database
    this.#keys = `"${database.schema}".idempotency_keys`
  }

  start(): Promise<void> {
    return this.#database.start()
  }

  async reserve({ key, fingerprint, syncId, now, ttlMs }: KeyReservation): Promise<KeyState> {
    requireHash(key)
    const holder = randomUUID()
    const expiresAt = new Date(now.getTime() + ttlMs)
    const abandonedBefore = new Date(now.getTime() - RESERVATION_MS)
    for (let tries = 1; tries <= TRIES; tries++) {
      const { rows } = await this.#database.query<KeyRow>({
        name: 'sheetsync-reserve',
        // The holder is this very call: its first try may have been carried out before the connection broke.
        text: `WITH mine AS (
            INSERT INTO ${this.#keys} AS held (key, fingerprint, sync_id, holder, reserved_at, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint, holder = excluded.holder, answer = NULL,
              sync_id = CASE WHEN held.expires_at <= $5 THEN excluded.sync_id ELSE held.sync_id END,
              reserved_at = excluded.reserved_at, expires_at = excluded.expires_at
            WHERE held.expires_at <= $5 OR held.holder = excluded.holder
              OR (held.answer IS NULL AND held.reserved_at <= $7 AND held.fingerprint = excluded.fingerprint)
            RETURNING sync_id, fingerprint
          ) SELECT true AS is_mine, sync_id, fingerprint, NULL::json AS answer FROM mine
          UNION ALL SELECT false, sync_id, fingerprint, answer FROM ${this.#keys}
            WHERE key = $1 AND NOT EXISTS (SELECT FROM mine)`,
        values: [key, fingerprint, syncId, holder, now, expiresAt, abandonedBefore],
        what: 'The Idempotency-Key could not be taken',
      })
      const row = rows[0]
      if (row?.is_mine === true) return { state: 'mine', syncId: row.sync_id }
      if (row === undefined) continue
      return row.answer === null
        ? { state: 'in-flight', fingerprint: row.fingerprint }
        : { state: 'done', fingerprint: row.fingerprint, answer: row.answer }
    }
    throw new AppError('STORAGE_UNAVAILABLE', 'The Idempotency-Key could not be taken: too many ask for it at once.')
  }

  async complete(key: string, answer: SyncView): Promise<void> {
    requireHash(key)
    await this.#database.query({
      text: `UPDATE ${this.#keys} SET answer = $2 WHERE key = $1`,
      values: [key, JSON.stringify(answer)],
      what: 'The answer under the Idempotency-Key could not be written',
    })
  }

  async release(key: string): Promise<void> {
    requireHash(key)
    await this.#database.query({
      text: `DELETE FROM ${this.#keys} WHERE key = $1 AND answer IS NULL`,
      values: [key],
      what: 'The Idempotency-Key could not be given free',
    })
  }

  async cleanup(now: Date): Promise<number> {
    for (let removed = 0; ; ) {
      const { rows } = await this.#database.query<{ key: string }>({
        text: `DELETE FROM ${this.#keys} WHERE expires_at <= $1 AND key IN (
            SELECT key FROM ${this.#keys} WHERE expires_at <= $1 LIMIT ${SWEEP_BATCH} FOR UPDATE SKIP LOCKED
          ) RETURNING key`,
        values: [now],
        what: 'Expired Idempotency-Keys could not be removed',
      })
      removed += rows.length
      if (rows.length < SWEEP_BATCH) return removed
    }
  }

  async close(): Promise<void> {}
}

function requireHash(key: string): void {
  if (!HASH_PATTERN.test(key)) throw new TypeError(`${JSON.stringify(key.slice(0, 80))} is not a SHA-256 in hex`)
}
