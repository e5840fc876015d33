import type { Redis } from 'ioredis'
import { PeriodicTask } from '../concurrency/periodic-task.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { RedisConnection } from './connection.ts'
import { withoutCommand } from './redis-errors.ts'

/** Milliseconds between two pings of the server; a connection that was cut in silence is found out this way. */
const PING_MS = 1000

export interface SubscriberOptions {
  /** The server; the subscriber has a connection of its own to it. */
  readonly connection: RedisConnection
  readonly channel: string
  readonly clock: Clock
  readonly log: Log
  onMessage(message: string): void
  /** The channel is subscribed, for the first time or again: messages may have been missed before. */
  onSubscribed(): void
}

/** Subscribes one channel, over one connection of its own that comes back by itself. */
export class Subscriber {
  readonly #options: SubscriberOptions
  readonly #connection: RedisConnection
  readonly #ping: PeriodicTask
  #isClosed = false

  constructor(options: SubscriberOptions) {
    const { connection, clock, log } = options
    this.#options = options
    this.#connection = connection.duplicate((client) => this.#subscribe(client))
    this.#ping = new PeriodicTask({
      clock,
      intervalMs: PING_MS,
      isDelayed: true,
      run: () => this.#connection.run('could not be watched', async (client) => void (await client.ping())),
      // Silence ends the connection, and the next one subscribes again; here is nothing more to do.
      onError: (error) => log.debug({ err: error }, 'Redis did not answer the subscriber'),
    })
  }

  async start(): Promise<void> {
    await this.#connection.start()
    this.#ping.start()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#ping.stop()
    await this.#connection.close()
  }

  #subscribe(client: Redis): void {
    const { channel, log, onMessage, onSubscribed } = this.#options
    client.removeAllListeners('message')
    client.on('message', (_channel: string, message: string) => onMessage(message))
    client.subscribe(channel).then(onSubscribed, (error: Error) => {
      if (this.#isClosed) return
      log.warn({ err: withoutCommand(error) }, 'Redis does not let us subscribe; connecting again')
      client.disconnect(true)
    })
  }
}
