import type { Redis } from 'ioredis'
import { PeriodicTask } from '../../concurrency/periodic-task.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import { withoutCommand } from '../../redis/redis-errors.ts'
import type { Watchers } from '../shared/watchers.ts'

/** Milliseconds between two pings of the server; a connection that was cut in silence is found out this way. */
const PING_MS = 1000

export interface ChangeSubscriberOptions {
  readonly connection: RedisConnection
  readonly watchers: Watchers
  readonly clock: Clock
  readonly log: Log
}

/**
 * Notifies watchers of what the scripts publish, over a connection of its own. One channel is for all syncs, so a watcher
 * that comes misses nothing. Messages that came while the connection was lost are lost too, so each time it is back all
 * watchers are notified.
 */
export class ChangeSubscriber {
  readonly #options: ChangeSubscriberOptions
  readonly #connection: RedisConnection
  readonly #ping: PeriodicTask
  #isClosed = false

  constructor(options: ChangeSubscriberOptions) {
    const { connection, clock, log } = options
    this.#options = options
    this.#connection = connection.duplicate((client) => this.#subscribe(client))
    this.#ping = new PeriodicTask({
      clock,
      intervalMs: PING_MS,
      isDelayed: true,
      run: () => this.#connection.run('could not be watched', async (client) => void (await client.ping())),
      // Silence ends the connection, and the next one notifies everybody; here is nothing more to do.
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
    const { connection, watchers, log } = this.#options
    client.removeAllListeners('message')
    client.on('message', (_channel: string, id: string) => watchers.tell(id))
    client.subscribe(`${connection.prefix}changes`).then(
      () => watchers.tellAll(),
      (error: Error) => {
        if (this.#isClosed) return
        log.warn({ err: withoutCommand(error) }, 'Redis does not let us subscribe; connecting again')
        client.disconnect(true)
      },
    )
  }
}
