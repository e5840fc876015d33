import type { Statement } from '../../database/database.ts'
import { SYNC_STATES } from '../../model/sync.ts'
import { RECORD_FORMAT } from '../../model/sync-record.ts'
import { PAGE_BYTES, type SyncQuery } from '../../ports/sync-storage.ts'

/*
 * The statements over the table of syncs, each named by its verb. `xmin` is the transaction that wrote the row: it
 * changes with every write, those of an operator too. A write notifies the channel of changes in the same transaction.
 * Sent again because its answer was lost, an insert or update knows its own work by the write id, and does it anew.
 */

/** One row of `FIND_SYNCS` and `pageOfSyncs`. */
export interface SyncRow {
  readonly id: string
  readonly version: string
  /** The stored text; null when its version is the one that was named. */
  readonly record: string | null
}

/** How many rows one statement of a sweep removes: few enough to be done well within its time. */
export const SWEEP_BATCH = 500

/** How many records are read at once to note how they ended: the largest (200 kB and more) come well within the time. */
export const KEYED_BATCH = 100

/** Sorts after the moment of every sync. */
const LAST_MOMENT = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/** The channel on which ids of changed syncs are notified. */
export function changesChannel(schema: string): string {
  return `${schema}_changes`
}
const NOTIFY = "pg_notify(current_schema() || '_changes', id)"

/** Values: those of the columns. Row: `version`, or none when the id is taken. */
export const INSERT_SYNC: Statement = {
  name: 'sheetsync-insert',
  text: `WITH done AS (
      INSERT INTO syncs (id, revision, write_id, state, spreadsheet_id, created_by, webhook_state, finished_at,
        expires_at, schedule_id, record)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
      ON CONFLICT (id) DO UPDATE SET write_id = excluded.write_id WHERE syncs.write_id = excluded.write_id
      RETURNING id, xmin::text AS version
    ) SELECT version, ${NOTIFY} FROM done`,
  what: 'The status could not be written',
}

/**
 * Values: as of INSERT_SYNC, the revision and version to replace, whether to wait for the disk. Row: `version`, or none when
 * the row has another revision or version, or is not there.
 */
export const UPDATE_SYNC: Statement = {
  name: 'sheetsync-update',
  // What the server waits for is settled when it commits, so a setting for this transaction still counts.
  text: `WITH done AS (
      UPDATE syncs SET revision = $2, write_id = $3, state = $4, spreadsheet_id = $5, created_by = $6,
        webhook_state = $7, finished_at = $8, expires_at = $9, schedule_id = $10, set_aside_at = NULL, record = $11
      WHERE id = $1 AND (revision = $12 AND xmin = $13::xid OR write_id = $3) RETURNING id, xmin::text AS version
    ) SELECT version, ${NOTIFY}, set_config('synchronous_commit',
        CASE WHEN $14 THEN current_setting('synchronous_commit') ELSE 'off' END, true) FROM done`,
  what: 'The status could not be written',
}

/** Values: id, revision, version. Row: `id`, or none when nothing was deleted. */
export const DELETE_SYNC: Statement = {
  name: 'sheetsync-delete',
  text: `WITH done AS (
      DELETE FROM syncs WHERE id = $1 AND revision = $2 AND xmin = $3::xid RETURNING id
    ) SELECT id, ${NOTIFY} FROM done`,
  what: 'The status could not be removed',
}

/** Values: ids, cached versions (empty: none). Rows: SyncRow, for those that are there; no record for a cached version. */
export const FIND_SYNCS: Statement = {
  name: 'sheetsync-find',
  text: `SELECT sync.id, sync.xmin::text AS version,
      CASE WHEN sync.xmin::text = wanted.version THEN NULL ELSE sync.record::text END AS record
    FROM unnest($1::text[], $2::text[]) AS wanted (id, version) JOIN syncs AS sync ON sync.id = wanted.id`,
  what: 'The status could not be read',
}

/** What may be swept. Values: now, end of the history. */
const EXPIRED = `expires_at <= $1 AND finished_at <= $2::timestamptz AND set_aside_at IS NULL
        AND NOT jsonb_path_exists(record::jsonb, '$.format ? (@ > ${RECORD_FORMAT})')`

/** As `isRemembered` says it. */
const REMEMBERED = `(coalesce(record->>'keyed', '') = 'true' OR schedule_id IS NOT NULL)`

/** Values: as of EXPIRED, id of the last row before. Rows: SyncRow, of what somebody wants to know the end of. */
export const FIND_EXPIRED_KEYED: Statement = {
  text: `SELECT id, xmin::text AS version, record::text AS record FROM syncs
    WHERE ${EXPIRED} AND ${REMEMBERED} AND id > $3 ORDER BY id LIMIT ${KEYED_BATCH}`,
  what: 'The status could not be swept',
}

/**
 * Values: as of EXPIRED, whether that of which somebody wants to know the end stays. Rows: `id` of what was removed. What another
 * sweeper has locked is left to it.
 */
export const SWEEP_SYNCS: Statement = {
  text: `WITH expired AS (
      SELECT id FROM syncs WHERE ${EXPIRED} AND NOT ($3 AND ${REMEMBERED})
      LIMIT ${SWEEP_BATCH} FOR UPDATE SKIP LOCKED
    ), done AS (
      DELETE FROM syncs AS gone USING expired WHERE gone.id = expired.id RETURNING gone.id
    ) SELECT id, ${NOTIFY} FROM done`,
  what: 'The status could not be swept',
}

/** Values: ids, versions. Rows: `id` of those that were not set aside before. */
export const SET_ASIDE_SYNCS: Statement = {
  text: `UPDATE syncs AS row SET set_aside_at = clock_timestamp()
    FROM unnest($1::text[], $2::text[]) AS bad (id, version)
    WHERE row.id = bad.id AND row.xmin = bad.version::xid AND set_aside_at IS NULL RETURNING row.id`,
  what: 'The status could not be swept',
}

/**
 * The update finds a place in its page on a full disk too, so a result that does not fit into the least memory is spilled
 * to a temporary file, of some 200 kB.
 */
export const PROBE_WRITE: Statement = {
  text: `SET LOCAL work_mem = '64kB';
    SELECT count(*) FROM generate_series(1, 10000);
    UPDATE probe SET written_at = clock_timestamp()`,
  what: 'The status could not be written',
}

/**
 * Values: the active states, now, name of a key (null: of all). Row: StorageUsage; bytes as they lie on the disk, which is
 * known without unpacking them. What has expired is only in the history, and has no part in the price.
 */
export const SUM_USAGE: Statement = {
  text: `SELECT count(*)::int AS records, coalesce(sum(pg_column_size(record)), 0)::float8 AS bytes FROM syncs
    WHERE (state = ANY ($1::text[]) OR expires_at > $2) AND ($3::text IS NULL OR created_by = $3)`,
  what: 'The status could not be counted',
}

/** Values: the active states, now. Rows: `state`, `count`; what has expired is only in the history. */
export const COUNT_STATES: Statement = {
  text: `SELECT state, count(*)::int AS count FROM syncs
    WHERE (state = ANY ($1::text[]) OR expires_at > $2) AND set_aside_at IS NULL GROUP BY state`,
  what: 'The status could not be counted',
}

/**
 * Rows: SyncRow, newest first, at most `count`, and none after those whose records come to more than `maxBytes`. Of every state the newest are taken by an index that ends in the order of
 * the page, and merged: the price is the same however rare a match is. Without a name, so that the plan is made for these
 * very values and this count.
 */
export function pageOfSyncs(
  { states, spreadsheetId, createdBy, scheduleId, webhook, maxBytes = PAGE_BYTES }: SyncQuery,
  after: string | undefined,
  count: number,
): { readonly statement: Statement; readonly values: unknown[] } {
  const values: unknown[] = [[...new Set(states ?? SYNC_STATES)], after?.slice('sync-'.length) ?? LAST_MOMENT]
  const filters = ['state = wanted.state', 'moment < $2']
  if (spreadsheetId !== undefined) filters.push(`spreadsheet_id = $${values.push(spreadsheetId)}`)
  if (createdBy !== undefined) filters.push(`created_by = $${values.push(createdBy)}`)
  if (scheduleId !== undefined) filters.push(`schedule_id = $${values.push(scheduleId)}`)
  if (webhook !== undefined) filters.push("webhook_state = 'pending'")
  const text = `WITH page AS MATERIALIZED (
      SELECT newest.moment FROM unnest($1::text[]) AS wanted (state) CROSS JOIN LATERAL (
        SELECT moment FROM syncs WHERE ${filters.join(' AND ')} ORDER BY moment DESC LIMIT ${count}
      ) AS newest ORDER BY newest.moment DESC LIMIT ${count}
    ), measured AS MATERIALIZED (
      SELECT id, sum(bytes) OVER (ORDER BY id DESC) - bytes AS bytes_before FROM (
        SELECT sync.id, octet_length(sync.record::text) AS bytes FROM page
        JOIN syncs AS sync ON sync.id = 'sync-' || page.moment
      ) AS sized
    ) SELECT sync.id, sync.xmin::text AS version, sync.record::text AS record FROM measured
      JOIN syncs AS sync ON sync.id = measured.id AND bytes_before <= $${values.push(maxBytes)} ORDER BY sync.id DESC`
  return { statement: { text, what: 'The status could not be listed' }, values }
}
