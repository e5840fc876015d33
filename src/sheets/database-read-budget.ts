import { randomUUID } from 'node:crypto'
import type { Database } from '../database/database.ts'
import type { BudgetAnswer, ReadBudget } from '../ports/read-budget.ts'

export interface DatabaseReadBudgetOptions {
  /** Where the tables are; shared with the other drivers of this process, and closed by whoever made it. */
  readonly database: Database
  /** Reads a minute that the credential has. */
  readonly readsPerMinute: number
  /** Names the credential without giving it away; instances with the same name share one budget. Default `google`. */
  readonly name?: string
}

/** The reads of the last minute as rows, counted by the clock of the PostgreSQL server in a function there (`take_read`). */
export class DatabaseReadBudget implements ReadBudget {
  readonly #database: Database
  readonly #readsPerMinute: number
  readonly #name: string

  constructor({ database, readsPerMinute, name = 'google' }: DatabaseReadBudgetOptions) {
    this.#database = database
    this.#readsPerMinute = readsPerMinute
    this.#name = name
  }

  async take(key: string): Promise<BudgetAnswer> {
    await this.#database.start()
    // Drawn here, so that one whose answer was lost is the same read when it is asked for again.
    const read = randomUUID()
    const { rows } = await this.#database.query<{ wait_ms: number | null }>({
      name: 'sheetsync-take-read',
      text: `SELECT "${this.#database.schema}".take_read($1, $2, $3, $4) AS wait_ms`,
      values: [this.#name, read, key, this.#readsPerMinute],
      what: 'The read budget could not be asked',
    })
    const waitMs = rows[0]?.wait_ms ?? null
    return waitMs === null ? { read } : { waitMs }
  }

  async done(read: string): Promise<void> {
    await this.#database.start()
    await this.#database.query({
      name: 'sheetsync-read-done',
      text: `UPDATE "${this.#database.schema}".reads SET done_at = clock_timestamp() WHERE id = $1 AND done_at IS NULL`,
      values: [read],
      what: 'The end of a read could not be told',
    })
  }

  async pause(ms: number): Promise<void> {
    await this.#database.start()
    await this.#database.query({
      text: `INSERT INTO "${this.#database.schema}".read_budgets AS held (name, paused_until)
        VALUES ($1, clock_timestamp() + make_interval(secs => $2::float8 / 1000))
        ON CONFLICT (name) DO UPDATE SET paused_until = greatest(held.paused_until, excluded.paused_until)`,
      values: [this.#name, ms],
      what: 'Reads could not be held back',
    })
  }

  async close(): Promise<void> {}
}
