import { Socket } from 'node:net'
import type { ClientBase, Pool, PoolClient } from 'pg'
import { PendingWork } from '../concurrency/pending-work.ts'
import { TimeoutError, withTimeout } from '../concurrency/timeout.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { breaksConnection, isRetryable, toDatabaseError } from './database-errors.ts'
import { MIGRATE_MS, migrate, readVersion } from './migrate.ts'
import { MIGRATIONS } from './migrations.ts'

/** What a name of a schema may be: it becomes part of statements, and of channel names (63 bytes at most). */
const SCHEMA_PATTERN = /^[a-z_][a-z0-9_]{0,47}$/

/** Milliseconds within which every call has an answer or an error: callers are promised two seconds. */
const ANSWER_MS = 1600

/** Milliseconds to get hold of a connection, new or free. */
const CONNECT_MS = 800

/** Milliseconds after which the server itself gives a statement up, so that none runs on for nobody. */
const STATEMENT_MS = 1400

/** Milliseconds that the orderly end of all connections may take. */
const END_MS = 500

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
 * Whoever made the database closes it, after the drivers that use it. `pg` is loaded with the first connection.
 */
export class Database {
  readonly schema: string
  /** The statements under way. */
  readonly pending = new PendingWork()
  readonly #options: DatabaseOptions
  /** Cuts off connections, also while the server hangs and would not confirm their end. */
  readonly #cut = new AbortController()
  #pool: Promise<Pool> | undefined
  #started: Promise<void> | undefined
  #isClosed = false

  /** @throws TypeError for anything that is not a PostgreSQL URL; its message does not hold the URL, which has a password. */
  constructor(options: DatabaseOptions) {
    const { url, schema = 'sheetsync' } = options
    if (!/^postgres(?:ql)?:\/\//.test(url) || !URL.canParse(url)) {
      throw new TypeError('the database is named by a URL such as postgres://user:password@host:5432/name')
    }
    if (!SCHEMA_PATTERN.test(schema)) {
      throw new TypeError(`the schema ${JSON.stringify(schema.slice(0, 80))} does not match ${SCHEMA_PATTERN}`)
    }
    this.schema = schema
    this.#options = options
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
  query<Row extends object>(
    statement: Statement,
    values: readonly unknown[] = [],
    since = performance.now(),
  ): Promise<Answer<Row>> {
    const { text, name, what } = statement
    const until = since + ANSWER_MS
    return this.pending.run(async () => {
      for (let tries = 1; ; tries++) {
        let client: PoolClient | undefined
        try {
          client = await this.connect(until - performance.now())
          const { rows } = await this.bounded(client.query<Row>({ text, name, values }), until - performance.now())
          client.release()
          return { rows, isRepeated: tries > 1 }
        } catch (error) {
          client?.release(breaksConnection(error))
          const hasTime = until - performance.now() > CONNECT_MS / 2
          if (client !== undefined && tries < TRIES && hasTime && isRetryable(error)) continue
          throw toDatabaseError(error, what)
        }
      }
    })
  }

  /** A connection to hold; its calls are to be bounded, and whoever took it releases it. */
  async connect(ms = ANSWER_MS): Promise<PoolClient> {
    if (this.#isClosed) throw new Error('the database is closed')
    this.#pool ??= this.#makePool()
    const connecting = (await this.#pool).connect()
    try {
      return await this.bounded(connecting, ms)
    } catch (error) {
      // One that comes too late goes back; why none came is known by then.
      connecting.then(
        (client) => client.release(),
        () => undefined,
      )
      throw error
    }
  }

  /** Rejects with a TimeoutError unless the server has answered in time. */
  bounded<T>(answer: Promise<T>, ms = ANSWER_MS): Promise<T> {
    return withTimeout(answer, ms, 'the answer of PostgreSQL', this.#options.clock)
  }

  /** Closes every connection; cuts off what does not end in time. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    try {
      const pool = await this.#pool
      if (pool !== undefined) await this.bounded(pool.end(), END_MS)
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error
    } finally {
      this.#cut.abort()
    }
  }

  async #makePool(): Promise<Pool> {
    const { Pool } = await import('pg')
    const { url, connections = 10, log } = this.#options
    const pool = new Pool({
      connectionString: url,
      application_name: 'sheetsync',
      connectionTimeoutMillis: CONNECT_MS,
      statement_timeout: STATEMENT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      idleTimeoutMillis: 30_000,
      max: connections + 1,
      stream: () => new Socket({ signal: this.#cut.signal }),
      onConnect: (client) => this.#configure(client),
    })
    // One that breaks while idle emits its error here, one in use itself; unheard, either would end the process.
    pool.on('error', (error) => log.warn({ err: error }, 'A connection to PostgreSQL broke'))
    pool.on('connect', (client) => client.on('error', () => {}))
    return pool
  }

  /**
   * Has statements name tables without their schema. A server may be set not to wait for its disk; what is promised to be
   * durable shall be. Not as options of the connection, which PgBouncer does not pass on.
   */
  async #configure(client: ClientBase): Promise<void> {
    await this.bounded(client.query(`SET search_path TO "${this.schema}"; SET synchronous_commit TO on`), CONNECT_MS)
  }

  async #migrate(): Promise<void> {
    const { schema } = this
    const { log } = this.#options
    let client: PoolClient | undefined
    try {
      client = await this.connect()
      const version = await this.bounded(readVersion(client))
      if (version < MIGRATIONS.length) await this.bounded(migrate(client, schema, log), MIGRATE_MS)
      else if (version > MIGRATIONS.length) {
        log.warn({ schema, version, known: MIGRATIONS.length }, 'The tables are of a newer release than this one')
      }
      client.release()
    } catch (error) {
      client?.release(true)
      this.#started = undefined
      throw toDatabaseError(error, 'The database could not be opened')
    }
  }
}
