import { randomUUID } from 'node:crypto'
import type { Statement } from '../../database/database.ts'
import { SYNC_STATES, type Sync } from '../../model/sync.ts'
import { RECORD_FORMAT } from '../../model/sync-record.ts'
import type { SyncQuery } from '../../ports/sync-storage.ts'

/** One row of `find` and `page`. */
export interface SyncRow {
  readonly id: string
  readonly version: string
  /** The stored text; null when its version is the one that was named. */
  readonly record: string | null
}

/** How many rows one statement of a sweep removes: few enough to be done well within its time. */
export const SWEEP_BATCH = 500

/** Sorts after every id, and after every id less its prefix. */
const LAST_ID = 'sync-~'
const LAST_MOMENT = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/**
 * The statements over the table of syncs. `xmin` is the transaction that wrote the row: it changes with every write,
 * those of an operator too. Who writes also tells `channel`, in the same transaction.
 */
export class Statements {
  readonly #syncs: string
  readonly #probe: string
  readonly #channel: string

  constructor(options: { readonly schema: string; readonly channel: string }) {
    this.#syncs = `"${options.schema}".syncs`
    this.#probe = `"${options.schema}".probe`
    this.#channel = options.channel
  }

  /** Row: `version`, or none when the id is taken. With `own`: the row if this very write has made it. */
  insert(sync: Sync, record: string, writeId: string): { readonly write: Statement; readonly own: Statement } {
    return {
      write: {
        name: 'sheetsync-insert',
        text: `WITH done AS (
            INSERT INTO ${this.#syncs} (id, revision, write_id, state, spreadsheet_id, created_by, webhook_state,
              finished_at, expires_at, record)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING RETURNING id, xmin::text AS version
          ) SELECT version, pg_notify($11, id) FROM done`,
        values: [...this.#columns(sync, record, writeId), this.#channel],
        what: 'The status could not be written',
      },
      own: this.#own(sync.id, writeId),
    }
  }

  /** Row: `version`, or none when the row has another revision or another version, or is not there. */
  update(
    next: Sync,
    record: string,
    was: { readonly revision: number; readonly version: string; readonly durable: boolean; readonly writeId: string },
  ): { readonly write: Statement; readonly own: Statement } {
    return {
      write: {
        name: 'sheetsync-update',
        // What the server waits for is settled when it commits, so a setting for this transaction still counts.
        text: `WITH done AS (
            UPDATE ${this.#syncs} SET revision = $2, write_id = $3, state = $4, spreadsheet_id = $5, created_by = $6,
              webhook_state = $7, finished_at = $8, expires_at = $9, set_aside_at = NULL, record = $10
            WHERE id = $1 AND revision = $12 AND xmin = $13::xid RETURNING id, xmin::text AS version
          ) SELECT version, pg_notify($11, id), set_config('synchronous_commit',
              CASE WHEN $14 THEN current_setting('synchronous_commit') ELSE 'off' END, true) FROM done`,
        values: [...this.#columns(next, record, was.writeId), this.#channel, was.revision, was.version, was.durable],
        what: 'The status could not be written',
      },
      own: this.#own(next.id, was.writeId),
    }
  }

  delete(id: string, revision: number, version: string): Statement {
    return {
      name: 'sheetsync-delete',
      text: `WITH done AS (
          DELETE FROM ${this.#syncs} WHERE id = $1 AND revision = $2 AND xmin = $3::xid RETURNING id
        ) SELECT id, pg_notify($4, id) FROM done`,
      values: [id, revision, version, this.#channel],
      what: 'The status could not be removed',
    }
  }

  /** Rows: SyncRow, for those that are there. The record is left out when its version is the one known. */
  find(ids: readonly string[], known: readonly (string | undefined)[]): Statement {
    return {
      name: 'sheetsync-find',
      text: `SELECT sync.id, sync.xmin::text AS version,
          CASE WHEN sync.xmin::text = asked.version THEN NULL ELSE sync.record::text END AS record
        FROM unnest($1::text[], $2::text[]) AS asked (id, version) JOIN ${this.#syncs} AS sync ON sync.id = asked.id`,
      values: [ids, known.map((version) => version ?? '')],
      what: 'The status could not be read',
    }
  }

  /**
   * Rows: SyncRow, newest first, at most `count`. Of every state the newest are taken by an index that ends in the
   * order of the page, and merged: the price is the same however rare a match is. Without a name, so that the plan is
   * made for these very values and this count.
   */
  page(query: SyncQuery, after: string | undefined, count: number): Statement {
    const what = 'The status could not be listed'
    const columns = 'sync.id, sync.xmin::text AS version, sync.record::text AS record'
    const { states, spreadsheetId, createdBy, webhook } = query
    const limit = Math.trunc(count)
    if (states === undefined && spreadsheetId === undefined && createdBy === undefined && webhook === undefined) {
      return {
        text: `SELECT ${columns} FROM ${this.#syncs} AS sync WHERE id < $1 ORDER BY id DESC LIMIT ${limit}`,
        values: [after ?? LAST_ID],
        what,
      }
    }
    const values: unknown[] = [[...new Set(states ?? SYNC_STATES)], after?.slice('sync-'.length) ?? LAST_MOMENT]
    const filters = ['state = wanted.state', 'moment < $2']
    if (spreadsheetId !== undefined) filters.push(`spreadsheet_id = $${values.push(spreadsheetId)}`)
    if (createdBy !== undefined) filters.push(`created_by = $${values.push(createdBy)}`)
    if (webhook !== undefined) filters.push("webhook_state = 'pending'")
    return {
      text: `WITH page AS MATERIALIZED (
          SELECT newest.moment FROM unnest($1::text[]) AS wanted (state) CROSS JOIN LATERAL (
            SELECT moment FROM ${this.#syncs} WHERE ${filters.join(' AND ')} ORDER BY moment DESC LIMIT ${limit}
          ) AS newest ORDER BY newest.moment DESC LIMIT ${limit}
        ) SELECT ${columns} FROM page JOIN ${this.#syncs} AS sync ON sync.id = 'sync-' || page.moment ORDER BY sync.id DESC`,
      values,
      what,
    }
  }

  /** Rows: `id` of what was removed, a batch at most. What another sweeper has in hand is left to it. */
  sweep(now: Date, endedBefore: Date | undefined): Statement {
    // What a newer release has written is left to it.
    const isNewer = `jsonb_path_exists(record::jsonb, '$.format ? (@ > ${RECORD_FORMAT})')`
    const expired = `expires_at <= $1 AND finished_at <= $2::timestamptz AND set_aside_at IS NULL AND NOT ${isNewer}`
    return {
      text: `WITH expired AS (
          SELECT id FROM ${this.#syncs} WHERE ${expired} LIMIT ${SWEEP_BATCH} FOR UPDATE SKIP LOCKED
        ), done AS (
          DELETE FROM ${this.#syncs} AS gone USING expired WHERE gone.id = expired.id RETURNING gone.id
        ) SELECT id, pg_notify($3, id) FROM done`,
      values: [now, endedBefore ?? 'infinity', this.#channel],
      what: 'The status could not be swept',
    }
  }

  /** Rows: `id` of those that were not set aside before. */
  setAside(ids: readonly string[], versions: readonly string[]): Statement {
    return {
      text: `UPDATE ${this.#syncs} AS row SET set_aside_at = clock_timestamp()
        FROM unnest($1::text[], $2::text[]) AS bad (id, version)
        WHERE row.id = bad.id AND row.xmin = bad.version::xid AND set_aside_at IS NULL RETURNING row.id`,
      values: [ids, versions],
      what: 'The status could not be swept',
    }
  }

  probe(): Statement {
    return {
      text: `UPDATE ${this.#probe} SET written_at = clock_timestamp()`,
      values: [],
      what: 'The status could not be written',
    }
  }

  /** Row: `version` if the row still holds what the write of this id has put there. */
  #own(id: string, writeId: string): Statement {
    return {
      text: `SELECT xmin::text AS version FROM ${this.#syncs} WHERE id = $1 AND write_id = $2`,
      values: [id, writeId],
      what: 'The status could not be read',
    }
  }

  #columns(sync: Sync, record: string, writeId: string): unknown[] {
    const { id, revision, state, spreadsheet, createdBy, webhook, finishedAt, expiresAt } = sync
    const webhookState = webhook?.state ?? null
    return [id, revision, writeId, state, spreadsheet.id, createdBy, webhookState, finishedAt, expiresAt, record]
  }
}

export function newWriteId(): string {
  return randomUUID()
}
