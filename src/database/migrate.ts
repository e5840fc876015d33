import type { PoolClient } from 'pg'
import type { Log } from '../ports/log.ts'
import { MIGRATIONS } from './migrations.ts'

/** Milliseconds that making or changing the tables may take, the wait for another instance that does it included. */
export const MIGRATE_MS = 60_000

/** How many steps were taken; 0 where there is no schema yet. */
export async function readVersion(client: PoolClient): Promise<number> {
  const table = await client.query<{ exists: boolean }>("SELECT to_regclass('migrations') IS NOT NULL AS exists")
  if (table.rows[0]?.exists !== true) return 0
  const last = await client.query<{ version: number }>(
    'SELECT coalesce(max(version), 0)::int AS version FROM migrations',
  )
  return last.rows[0]?.version ?? 0
}

/**
 * Brings the tables of the schema up to date. Any number of instances may do so at once: they wait for each other, and
 * each step is taken once, whole or not at all.
 */
export async function migrate(client: PoolClient, schema: string, log: Log): Promise<void> {
  await client.query('BEGIN')
  await client.query(`SET LOCAL statement_timeout = ${MIGRATE_MS}`)
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`sheetsync ${schema}`])
  // CREATE SCHEMA IF NOT EXISTS asks for the right to create it even where it is there.
  const found = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema])
  if (found.rowCount === 0) await client.query(`CREATE SCHEMA "${schema}"`)
  await client.query(
    'CREATE TABLE IF NOT EXISTS migrations (version int PRIMARY KEY, taken_at timestamptz NOT NULL DEFAULT now())',
  )
  const before = await readVersion(client)
  for (const [index, step] of MIGRATIONS.entries()) {
    if (index < before) continue
    await client.query(step)
    await client.query('INSERT INTO migrations (version) VALUES ($1)', [index + 1])
  }
  await client.query('COMMIT')
  if (before < MIGRATIONS.length) log.info({ schema, before, after: MIGRATIONS.length }, 'The tables are up to date')
}
