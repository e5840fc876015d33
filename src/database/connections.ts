import { Socket } from 'node:net'
import type { Client, ClientBase, ClientConfig, Pool } from 'pg'
import { TimeoutError, withTimeout } from '../concurrency/timeout.ts'
import type { Clock } from '../ports/clock.ts'

/** Milliseconds within which every call has an answer or an error: callers are promised two seconds. */
export const ANSWER_MS = 1600

/** Milliseconds to get hold of a connection, new or free. */
export const CONNECT_MS = 800

/** Milliseconds after which the server itself gives a statement up, so that none runs on for nobody. */
const STATEMENT_MS = 1400

/** Milliseconds that the orderly end of a connection may take. */
const END_MS = 500

/**
 * Makes connections to one server and schema, and can cut off every one of them at once, also while the server hangs and
 * would not confirm their end. `pg` is loaded with the first connection.
 */
export class Connections {
  readonly #config: ClientConfig
  readonly #schema: string
  readonly #clock: Clock
  readonly #sockets = new Set<Socket>()

  /** @throws TypeError for anything that is not a PostgreSQL URL; its message does not hold the URL, which has a password. */
  constructor(url: string, schema: string, clock: Clock) {
    if (!/^postgres(?:ql)?:\/\//.test(url) || !URL.canParse(url)) {
      throw new TypeError('the database is named by a URL such as postgres://user:password@host:5432/name')
    }
    this.#config = {
      connectionString: url,
      application_name: 'sheetsync',
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      stream: () => this.#socket(),
    }
    this.#schema = schema
    this.#clock = clock
  }

  async pool(max: number): Promise<Pool> {
    const { Pool } = await import('pg')
    const onConnect = (client: ClientBase) => this.#configure(client)
    return new Pool({ ...this.#config, statement_timeout: STATEMENT_MS, max, idleTimeoutMillis: 30_000, onConnect })
  }

  /** An open connection of its own, without a limit on what its statements may take. */
  async client(): Promise<Client> {
    const { Client } = await import('pg')
    const client = new Client(this.#config)
    // A statement under way gets the error too; without a listener it would end the process.
    client.on('error', () => {})
    try {
      await this.bounded(client.connect())
      await this.#configure(client)
      return client
    } catch (error) {
      await this.end(client)
      throw error
    }
  }

  /** Rejects with a TimeoutError unless the server has answered in time. */
  bounded<T>(answer: Promise<T>, ms = ANSWER_MS): Promise<T> {
    return withTimeout(answer, ms, 'the answer of PostgreSQL', this.#clock)
  }

  /** Ends the pool or the client; what does not end in time is cut off. */
  async end(connection: Pool | Client): Promise<void> {
    try {
      await this.bounded(connection.end(), END_MS)
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error
    }
  }

  /** Cuts off what is still open. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /**
   * Has statements name tables without their schema. A server may be set not to wait for its disk; what is promised to be
   * durable shall be. Not as options of the connection, which PgBouncer does not pass on.
   */
  async #configure(client: ClientBase): Promise<void> {
    await this.bounded(client.query(`SET search_path TO "${this.#schema}"; SET synchronous_commit TO on`), CONNECT_MS)
  }

  #socket(): Socket {
    const socket = new Socket()
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    return socket
  }
}
