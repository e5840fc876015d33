import { PeriodicTask } from '../concurrency/periodic-task.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { RedisConnection } from './connection.ts'

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
  readonly #connection: RedisConnection
  readonly #ping: PeriodicTask

  constructor({ connection, channel, clock, log, onMessage, onSubscribed }: SubscriberOptions) {
    this.#connection = connection.duplicate(() => {
      const subscribed = this.#connection.run('could not be watched', (client) => {
        client.removeAllListeners('message').on('message', (_channel, message) => onMessage(message))
        return client.subscribe(channel).catch((error) => {
          client.disconnect(true)
          throw error
        })
      })
      subscribed.then(onSubscribed, (err) => log.warn({ err }, 'Redis does not let us subscribe; connecting again'))
    })
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
    await this.#ping.stop()
    await this.#connection.close()
  }
}
