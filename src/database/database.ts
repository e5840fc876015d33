import { Socket } from 'node:net'
import type { Client, ClientBase, ClientConfig, Pool, PoolClient } from 'pg'
import { PendingWork } from '../concurrency/pending-work.ts'
import { TimeoutError, withTimeout } from '../concurrency/timeout.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { breaksConnection, isRetryable, toDatabaseError } from './database-errors.ts'
import { MIGRATE_MS, migrate, readVersion } from './migrate.ts'
import { MIGRATIONS } from './migrations.ts'
import { requireOwnSessions } from './own-sessions.ts'

/** What a name of a schema may be: it becomes part of statements, and of channel names (63 bytes at most). */
const SCHEMA_PATTERN = /^[a-z_][a-z0-9_]{0,47}$/

/** Callers are promised two seconds. */
const ANSWER_MS = 1600

/** The share of a call's time to get hold of a connection, new or free. */
const CONNECT_SHARE = 1 / 2

/** The share after which the server itself gives a statement up, so that none runs on for nobody. */
const STATEMENT_SHARE = 7 / 8

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
  /** Milliseconds within which every call has an answer or an error. Default 1600. */
  readonly answerMs?: number
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
 * an answer or `STORAGE_UNAVAILABLE` in time, whatever has become of the server. A statement whose connection
 * broke is sent again, so those that write must bear that; one that got no answer is not, and may still be carried out.
 * Whoever made the database closes it, after the drivers that use it. `pg` is loaded with the first connection.
 */
export class Database {
  readonly schema: string
  /** The statements under way. */
  readonly pending = new PendingWork()
  readonly #options: DatabaseOptions
  readonly #answerMs: number
  readonly #connectMs: number
  /** Cuts off connections, also while the server hangs and would not confirm their end. */
  readonly #cut = new AbortController()
  #pool: Promise<Pool> | undefined
  #started: Promise<void> | undefined
  #checked: Promise<void> | undefined
  #isClosed = false

  /** @throws TypeError for anything that is not a PostgreSQL URL; its message does not hold the URL, which has a password. */
  constructor(options: DatabaseOptions) {
    const { url, schema = 'sheetsync', answerMs = ANSWER_MS } = options
    if (!/^postgres(?:ql)?:\/\//.test(url) || !URL.canParse(url)) {
      throw new TypeError('the database is named by a URL such as postgres://user:password@host:5432/name')
    }
    if (!SCHEMA_PATTERN.test(schema)) {
      throw new TypeError(`the schema ${JSON.stringify(schema.slice(0, 80))} does not match ${SCHEMA_PATTERN}`)
    }
    this.schema = schema
    this.#options = options
    this.#answerMs = answerMs
    this.#connectMs = answerMs * CONNECT_SHARE
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
    const until = since + this.#answerMs
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
          const hasTime = until - performance.now() > this.#connectMs / 2
          if (client !== undefined && tries < TRIES && hasTime && isRetryable(error)) continue
          throw toDatabaseError(error, what)
        }
      }
    })
  }

  /** A connection to hold; its calls are to be bounded, and whoever took it releases it. */
  async connect(ms = this.#answerMs): Promise<PoolClient> {
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
  bounded<T>(answer: Promise<T>, ms = this.#answerMs): Promise<T> {
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
    const { Client, Pool } = await import('pg')
    const { url, connections = 10, log } = this.#options
    const connection: ClientConfig = {
      connectionString: url,
      application_name: 'sheetsync',
      connectionTimeoutMillis: this.#connectMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      stream: () => new Socket({ signal: this.#cut.signal }),
    }
    const pool = new Pool({
      ...connection,
      idleTimeoutMillis: 30_000,
      max: connections + 1,
      onConnect: (client) => this.#configure(client, (options) => new Client({ ...connection, options })),
    })
    // One that breaks while idle emits its error here, one in use itself; unheard, either would end the process.
    pool.on('error', (error) => {
      log.warn({ err: toDatabaseError(error, 'The connection was lost') }, 'A connection to PostgreSQL broke')
    })
    pool.on('connect', (client) => client.on('error', () => {}))
    return pool
  }

  /**
   * Has statements name tables without their schema. A server may be set not to wait for its disk; what is promised to be
   * durable shall be. Not as options or parameters of the connection, which PgBouncer refuses or does not pass on.
   */
  async #configure(client: ClientBase, another: (options: string) => Client): Promise<void> {
    // Before anything is set: where sessions are shared, it would be set for others.
    this.#checked ??= requireOwnSessions(client, another)
    try {
      await this.bounded(this.#checked, this.#connectMs)
    } catch (error) {
      this.#checked = undefined
      throw error
    }
    const settings = {
      search_path: `"${this.schema}"`,
      synchronous_commit: 'on',
      statement_timeout: Math.round(this.#answerMs * STATEMENT_SHARE),
    }
    const statements = Object.entries(settings).map(([name, value]) => `SET ${name} TO ${value}`)
    await this.bounded(client.query(statements.join('; ')), this.#connectMs)
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
