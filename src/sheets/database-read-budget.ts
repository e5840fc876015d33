import type { Database, Statement } from '../database/database.ts'
import { ABANDONED_MS, WINDOW_MS } from './read-budget-rule.ts'
import { SharedReadBudget, type SharedReads } from './shared-read-budget.ts'

/** When a read is free again. */
const FREED_AT = `coalesce(done_at + interval '${WINDOW_MS} ms', taken_at + interval '${ABANDONED_MS} ms')`

/** Values: budget. Rows: the state of the budget, once for each read that is taken, or once without a read. */
const LOAD_READS: Statement = {
  name: 'sheetsync-load-reads',
  text: `SELECT extract(epoch FROM now())::float8 * 1000 AS now, budget.xmin::text AS version,
      extract(epoch FROM coalesce(last_grant, '-infinity'))::float8 * 1000 AS "lastGrant",
      extract(epoch FROM coalesce(paused_until, '-infinity'))::float8 * 1000 AS "pausedUntil",
      taken.id AS read, taken.key,
      extract(epoch FROM coalesce(done_at + interval '${WINDOW_MS} ms', 'infinity'))::float8 * 1000 AS until
    FROM (VALUES ($1)) AS wanted (name)
    LEFT JOIN read_budgets AS budget USING (name)
    LEFT JOIN reads AS taken ON taken.budget = wanted.name AND ${FREED_AT} > now()`,
  what: 'The read budget could not be queried',
}

/** Values: budget, version as loaded, read, key. A row if the read was taken; what has expired is deleted in passing. */
const RECORD_READ: Statement = {
  name: 'sheetsync-record-read',
  text: `WITH expired AS (
      DELETE FROM reads WHERE budget = $1 AND ${FREED_AT} <= now()
    ), granted AS (
      INSERT INTO read_budgets AS budget (name, last_grant) VALUES ($1, now())
      ON CONFLICT (name) DO UPDATE SET last_grant = excluded.last_grant WHERE budget.xmin = $2::xid
      RETURNING last_grant
    ) INSERT INTO reads (id, budget, key, taken_at) SELECT $3, $1, $4, last_grant FROM granted RETURNING id`,
  what: 'The read budget could not be queried',
}

const COMPLETE_READ: Statement = {
  name: 'sheetsync-complete-read',
  text: 'UPDATE reads SET done_at = clock_timestamp() WHERE id = $1 AND done_at IS NULL',
  what: 'The end of a read could not be recorded',
}

const PAUSE_READS: Statement = {
  text: `INSERT INTO read_budgets AS held (name, paused_until)
    VALUES ($1, clock_timestamp() + make_interval(secs => $2::float8 / 1000))
    ON CONFLICT (name) DO UPDATE SET paused_until = greatest(held.paused_until, excluded.paused_until)`,
  what: 'Reads could not be held back',
}

interface ReadRow extends Pick<SharedReads<string | null>, 'now' | 'version' | 'lastGrant' | 'pausedUntil'> {
  readonly read: string | null
  readonly key: string
  readonly until: number
}

export interface DatabaseReadBudgetOptions {
  readonly database: Database
  /** Reads a minute that the credential has. */
  readonly readsPerMinute: number
  /** Names the credential without giving it away; instances with the same name share one budget. Default `google`. */
  readonly name?: string
}

/** The reads of the last minute as rows of a PostgreSQL table. */
export class DatabaseReadBudget extends SharedReadBudget<string | null> {
  readonly #database: Database
  readonly #limit: number
  readonly #name: string

  constructor({ database, readsPerMinute, name = 'google' }: DatabaseReadBudgetOptions) {
    super()
    this.#database = database
    this.#limit = readsPerMinute
    this.#name = name
  }

  override async done(read: string): Promise<void> {
    await this.#database.query(COMPLETE_READ, [read])
  }

  override async pause(ms: number): Promise<void> {
    await this.#database.query(PAUSE_READS, [this.#name, ms])
  }

  protected override async load(): Promise<SharedReads<string | null>> {
    const { rows } = await this.#database.query<ReadRow>(LOAD_READS, [this.#name])
    const [first] = rows
    if (first === undefined) throw new TypeError('the state of a budget is always one row at least')
    const { now, version, lastGrant, pausedUntil } = first
    const taken = rows.flatMap(({ read, key, until }) => (read === null ? [] : [{ read, key, until }]))
    return { limit: this.#limit, taken, lastGrant, pausedUntil, now, version }
  }

  protected override async record(read: string, key: string, version: string | null): Promise<boolean> {
    const { rows } = await this.#database.query(RECORD_READ, [this.#name, version, read, key])
    return rows.length > 0
  }
}
