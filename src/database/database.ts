import type { Pool, PoolClient } from 'pg'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { ANSWER_MS, CONNECT_MS, Connections } from './connections.ts'
import { breaksConnection, isRetryable, toDatabaseError } from './database-errors.ts'
import { migrate } from './migrate.ts'

/** What a name of a schema may be: it becomes part of statements, and of channel names (63 bytes at most). */
const SCHEMA_PATTERN = /^[a-z_][a-z0-9_]{0,47}$/

/** How often a statement is sent when one connection after the other breaks. */
const TRIES = 3

export interface DatabaseOptions {
  /** `postgres://user:password@host:5432/name`; never told to anyone. */
  readonly url: string
  /** The schema that holds all tables; made when it is not there. Default `sheetsync`. */
  readonly schema?: string
  /** Connections at most, the one that listens not counted. Default 10. */
  readonly connections?: number
  readonly clock: Clock
  readonly log: Log
}

export interface Statement {
  readonly text: string
  /** Under this name the server keeps the statement prepared. Without one it plans anew for the values at hand. */
  readonly name?: string
  /** What failed if this does; reads "The status could not be written". */
  readonly what: string
}

export interface Answer<Row> {
  readonly rows: readonly Row[]
  /** True when the statement was sent before over a connection that broke: it may have been carried out twice. */
  readonly isRepeated: boolean
}

/**
 * One PostgreSQL server as every driver of this process uses it: a pool that cannot grow, tables of its own schema, and
 * an answer or `STORAGE_UNAVAILABLE` within two seconds, whatever has become of the server. A statement whose connection
 * broke is sent again, so those that write must bear that; one that got no answer is not, and may still be carried out.
 * Whoever made the database closes it, after the drivers that use it.
 */
export class Database {
  readonly schema: string
  readonly connections: Connections
  readonly #log: Log
  readonly #size: number
  #pool: Promise<Pool> | undefined
  #started: Promise<void> | undefined
  #closed = false

  constructor({ url, schema = 'sheetsync', connections = 10, clock, log }: DatabaseOptions) {
    if (!SCHEMA_PATTERN.test(schema)) {
      throw new TypeError(`the schema ${JSON.stringify(schema.slice(0, 80))} does not match ${SCHEMA_PATTERN}`)
    }
    this.schema = schema
    this.connections = new Connections(url, schema, clock)
    this.#size = connections
    this.#log = log
  }

  /** Makes the tables, or brings them up to date. Each driver calls it; it is done once. */
  start(): Promise<void> {
    this.#started ??= this.#migrate()
    return this.#started
  }

  /**
   * Runs one statement; rejects with `STORAGE_UNAVAILABLE` or `STORAGE_FULL`. Its time counts from `since`
   * (`performance.now()`), when the call began that it is part of.
   */
  async query<Row extends object>(
    statement: Statement,
    values: readonly unknown[] = [],
    since = performance.now(),
  ): Promise<Answer<Row>> {
    const until = since + ANSWER_MS
    for (let tries = 1; ; tries++) {
      let sent = false
      try {
        const client = await this.#connect(until)
        sent = true
        return { rows: await this.#send<Row>(client, statement, values, until), isRepeated: tries > 1 }
      } catch (error) {
        const hasTime = until - performance.now() > CONNECT_MS / 2
        if (sent && tries < TRIES && hasTime && isRetryable(error)) continue
        throw toDatabaseError(error, statement.what)
      }
    }
  }

  /** Lets go of every connection. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const pool = await this.#pool
    if (pool !== undefined) await this.connections.end(pool)
    this.connections.destroy()
  }

  async #connect(until: number): Promise<PoolClient> {
    if (this.#closed) throw new Error('the database is closed')
    this.#pool ??= this.#makePool()
    const pool = await this.#pool
    const connecting = pool.connect()
    try {
      return await this.connections.bounded(connecting, until - performance.now())
    } catch (error) {
      // It may yet come to pass, for nobody.
      connecting.then(
        (client) => client.release(),
        () => {},
      )
      throw error
    }
  }

  async #send<Row extends object>(
    client: PoolClient,
    { text, name }: Statement,
    values: readonly unknown[],
    until: number,
  ): Promise<Row[]> {
    try {
      const query = client.query<Row>({ text, values: [...values], ...(name === undefined ? {} : { name }) })
      const { rows } = await this.connections.bounded(query, until - performance.now())
      client.release()
      return rows
    } catch (error) {
      client.release(breaksConnection(error))
      throw error
    }
  }

  async #makePool(): Promise<Pool> {
    const pool = await this.connections.pool(this.#size)
    // One that breaks while idle emits its error here, one in use itself; unheard, either would end the process.
    pool.on('error', (error) => this.#log.warn({ err: error }, 'A connection to PostgreSQL broke'))
    pool.on('connect', (client) => client.on('error', () => {}))
    return pool
  }

  async #migrate(): Promise<void> {
    try {
      await migrate(this.connections, this.schema, this.#log)
    } catch (error) {
      this.#started = undefined
      throw toDatabaseError(error, 'The database could not be opened')
    }
  }
}
