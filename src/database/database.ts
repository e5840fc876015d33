import type { Pool, PoolClient, QueryResult } from 'pg'
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

/** One try to send a statement. */
interface Attempt {
  /** The connection, once there is one. */
  client?: PoolClient
  /** Nobody waits for it any more. */
  isOver: boolean
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
      const attempt: Attempt = { isOver: false }
      try {
        const answer = await this.connections.bounded(
          this.#send<Row>(attempt, statement, values),
          until - performance.now(),
        )
        attempt.client?.release()
        return { rows: answer.rows, isRepeated: tries > 1 }
      } catch (error) {
        attempt.isOver = true
        attempt.client?.release(breaksConnection(error))
        const hasTime = until - performance.now() > CONNECT_MS / 2
        if (attempt.client !== undefined && tries < TRIES && hasTime && isRetryable(error)) continue
        throw toDatabaseError(error, statement.what)
      }
    }
  }

  /** Closes every connection. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const pool = await this.#pool
    if (pool !== undefined) await this.connections.end(pool)
    this.connections.destroy()
  }

  async #send<Row extends object>(
    attempt: Attempt,
    { text, name }: Statement,
    values: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    if (this.#closed) throw new Error('the database is closed')
    this.#pool ??= this.#makePool()
    const client = await (await this.#pool).connect()
    if (attempt.isOver) {
      client.release()
      throw new Error('the connection came too late')
    }
    attempt.client = client
    return client.query<Row>({ text, values: [...values], ...(name === undefined ? {} : { name }) })
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
