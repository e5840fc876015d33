import type { Redis } from 'ioredis'
import { DEFAULT_PREFIX, RedisConnection, type RedisOptions } from '../../redis/connection.ts'
import { withoutCommand } from '../../redis/redis-errors.ts'
import type { Watchers } from '../shared/watchers.ts'

/** Milliseconds between two looks whether the server still hears us; a line cut off in silence is found out this way. */
const LOOK_MS = 1000

/**
 * Passes on what the scripts publish, over a connection of its own. One channel tells of all syncs, so a watcher that
 * comes misses nothing. Messages that came while the connection was away are lost, so each time it is back everybody is
 * told.
 */
export class Changes {
  readonly #options: RedisOptions
  readonly #watchers: Watchers
  readonly #connection: RedisConnection
  readonly #closing = new AbortController()
  #looking: Promise<void> | undefined

  constructor(options: RedisOptions, watchers: Watchers) {
    this.#options = options
    this.#watchers = watchers
    this.#connection = new RedisConnection(options, (client) => this.#listen(client))
  }

  async start(): Promise<void> {
    await this.#connection.start()
    this.#looking ??= this.#look()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#looking
    await this.#connection.close()
  }

  #listen(client: Redis): void {
    client.removeAllListeners('message')
    client.on('message', (_channel: string, id: string) => this.#watchers.notify(id))
    client.subscribe(`${this.#options.prefix ?? DEFAULT_PREFIX}changes`).then(
      () => this.#watchers.notifyAll(),
      (error: Error) => {
        if (this.#closing.signal.aborted) return
        this.#options.log.warn({ err: withoutCommand(error) }, 'Redis does not let us listen; connecting again')
        client.disconnect(true)
      },
    )
  }

  async #look(): Promise<void> {
    const { clock, log } = this.#options
    const { signal } = this.#closing
    while (await clock.sleep(LOOK_MS, signal)) {
      try {
        await this.#connection.run('could not be watched', (client) => client.ping())
      } catch (error) {
        // Silence ends the connection, and the next one tells everybody; here is nothing more to do.
        if (!signal.aborted) log.debug({ err: error }, 'Redis did not answer the listener')
      }
    }
  }
}
