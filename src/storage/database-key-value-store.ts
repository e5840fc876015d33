import { randomUUID } from 'node:crypto'
import type { Database } from '../database/database.ts'
import type { Entry, KeyValueStore, StoredValue } from '../ports/key-value-store.ts'
import { requireKey } from './shared/argument-checks.ts'

/** Rows removed by one statement: few enough to be done well within its time. */
const SWEEP_BATCH = 1000

/** What was swapped, in a table that outlives a crash of the server; what was put, in one for which no log is written. */
type Table = 'entries' | 'ephemeral_entries'

/**
 * The statements for one table, by their verb. Values: namespace, key; then version, value, expiry and expected version, as
 * many as there are. A statement whose connection broke is sent again: the new version tells if it had been carried out.
 */
function statementsFor(table: Table) {
  const upsert = `INSERT INTO ${table} AS held (namespace, key, version, value, expires_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (namespace, key) DO UPDATE
      SET version = excluded.version, value = excluded.value, expires_at = excluded.expires_at`
  return {
    find: `SELECT version, value, extract(epoch FROM clock_timestamp())::float8 * 1000 AS now
      FROM (VALUES ($1, $2)) AS wanted (namespace, key) LEFT JOIN ${table} USING (namespace, key)`,
    insert: `${upsert} WHERE held.version = excluded.version RETURNING version`,
    update: `UPDATE ${table} SET version = $3, value = $4, expires_at = $5
      WHERE namespace = $1 AND key = $2 AND version IN ($3, $6) RETURNING version`,
    upsert,
    delete: `DELETE FROM ${table} WHERE namespace = $1 AND key = $2 AND version = coalesce($3, version) RETURNING version`,
    // Value: namespace.
    list: `SELECT key FROM ${table} WHERE namespace = $1 ORDER BY key`,
    // Values: namespace, now, how many at most.
    findExpired: `SELECT key FROM ${table} WHERE namespace = $1 AND expires_at <= $2 ORDER BY expires_at LIMIT $3`,
    // Values: namespace, now.
    sweep: `DELETE FROM ${table} WHERE namespace = $1 AND expires_at <= $2 AND key IN (
        SELECT key FROM ${table} WHERE namespace = $1 AND expires_at <= $2 LIMIT ${SWEEP_BATCH} FOR UPDATE SKIP LOCKED
      ) RETURNING key`,
  }
}

const READING: readonly string[] = ['find', 'list', 'findExpired']

/** One row for each entry. */
export class DatabaseKeyValueStore implements KeyValueStore {
  readonly #database: Database
  readonly #namespace: string
  readonly #table: Table
  readonly #statements: ReturnType<typeof statementsFor>

  /** The database is shared with the other drivers of this process, and closed by whoever made it. */
  constructor(database: Database, namespace: string, table: Table = 'entries') {
    this.#database = database
    this.#namespace = namespace
    this.#table = table
    this.#statements = statementsFor(table)
  }

  start(): Promise<void> {
    return this.#database.start()
  }

  async get(key: string): Promise<Entry> {
    const [row] = await this.#query<Pick<Entry, 'value' | 'version' | 'now'>>('find', requireKey(key))
    if (row === undefined) throw new TypeError('what is wanted is always one row')
    return { value: row.value ?? undefined, version: row.version ?? undefined, now: row.now, writerIsGone: false }
  }

  async compareAndSwap(key: string, expected: string | undefined, value: StoredValue): Promise<string | undefined> {
    const written = [requireKey(key), randomUUID(), JSON.stringify(value), value.expiresAt]
    const [row] = await (expected === undefined
      ? this.#query<{ version: string }>('insert', ...written)
      : this.#query<{ version: string }>('update', ...written, expected))
    return row?.version
  }

  async put(key: string, value: StoredValue): Promise<void> {
    await this.#query('upsert', requireKey(key), randomUUID(), JSON.stringify(value), value.expiresAt)
  }

  async remove(key: string, expected?: string): Promise<boolean> {
    return (await this.#query('delete', requireKey(key), expected)).length > 0
  }

  async keys(): Promise<readonly string[]> {
    return (await this.#query<{ key: string }>('list')).map(({ key }) => key)
  }

  async expired(now: Date, limit: number): Promise<readonly string[]> {
    return (await this.#query<{ key: string }>('findExpired', now, limit)).map(({ key }) => key)
  }

  async cleanup(now: Date, signal?: AbortSignal): Promise<number> {
    for (let removed = 0; ; ) {
      const { length } = await this.#query('sweep', now)
      removed += length
      if (length < SWEEP_BATCH || signal?.aborted) return removed
    }
  }

  async #query<Row extends object>(verb: keyof ReturnType<typeof statementsFor>, ...values: unknown[]) {
    const name = `sheetsync-${verb}-${this.#table}`
    const what = `The entry could not be ${READING.includes(verb) ? 'read' : 'written'}`
    const statement = { name, text: this.#statements[verb], what }
    return (await this.#database.query<Row>(statement, [this.#namespace, ...values])).rows
  }
}
