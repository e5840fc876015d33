import { Socket } from 'node:net'
import type { Client, ClientConfig, Pool } from 'pg'
import { NoAnswer } from './failures.ts'

/** Milliseconds within which every call has an answer or an error: callers are promised two seconds. */
export const ANSWER_MS = 1600

/** Milliseconds to get hold of a connection, new or free. */
export const CONNECT_MS = 800

/** Milliseconds after which the server itself gives a statement up, so that none runs on for nobody. */
const STATEMENT_MS = 1400

/** Milliseconds that a farewell to the server may take. */
const FAREWELL_MS = 500

/**
 * Makes connections to one server, and can let go of every one of them at once, also while the server is hung and would
 * not answer a farewell. `pg` is loaded with the first connection.
 */
export class Connections {
  readonly #config: ClientConfig
  readonly #sockets = new Set<Socket>()

  /** @throws TypeError for anything that is not a PostgreSQL URL; its message does not hold the URL, which has a password. */
  constructor(url: string) {
    if (!/^postgres(?:ql)?:\/\//.test(url) || !URL.canParse(url)) {
      throw new TypeError('the database is named by a URL such as postgres://user:password@host:5432/name')
    }
    this.#config = {
      connectionString: url,
      application_name: 'sheetsync',
      // A server may be set not to wait for its disk; what is told to be durable shall be.
      options: '-c synchronous_commit=on',
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      stream: () => this.#socket(),
    }
  }

  async pool(max: number): Promise<Pool> {
    const { Pool } = await import('pg')
    return new Pool({ ...this.#config, statement_timeout: STATEMENT_MS, max, idleTimeoutMillis: 30_000 })
  }

  /** A connection of its own, not yet opened; without a limit on what its statements may take. */
  async client(): Promise<Client> {
    const { Client } = await import('pg')
    return new Client(this.#config)
  }

  /** Ends the pool or the client; what does not end in time is cut off. */
  async end(connection: Pool | Client): Promise<void> {
    try {
      await within(FAREWELL_MS, connection.end())
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
    }
  }

  /** Cuts off what is still open. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #socket(): Socket {
    const socket = new Socket()
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    return socket
  }
}

/** What the promise comes to, or NoAnswer after so long. An answer that has come but was not yet read counts. */
export function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    // After a stop of this very process the timer is told before the answer that has long been there.
    const timer = setTimeout(() => setImmediate(() => reject(new NoAnswer('no answer in time'))), ms)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
