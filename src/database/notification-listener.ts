import type { PoolClient } from 'pg'
import { PeriodicTask } from '../concurrency/periodic-task.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Database } from './database.ts'
import { toDatabaseError } from './database-errors.ts'

/** Milliseconds between two checks of the connection, and before a lost one is made anew. */
const CHECK_MS = 500

export interface NotificationListenerOptions {
  readonly database: Database
  readonly channel: string
  readonly clock: Clock
  readonly log: Log
  onNotification(payload: string): void
  /** The channel is listened to, for the first time or again: notifications may have been missed before. */
  onListening(): void
}

/**
 * LISTENs on one channel, over one connection that it holds and that comes back by itself. A server that has gone silent
 * is noticed within three seconds.
 */
export class NotificationListener {
  readonly #options: NotificationListenerOptions
  readonly #check: PeriodicTask
  #client: PoolClient | undefined

  constructor(options: NotificationListenerOptions) {
    const { clock, log } = options
    this.#options = options
    this.#check = new PeriodicTask({
      clock,
      intervalMs: CHECK_MS,
      isDelayed: true,
      run: () => this.#checkConnection(),
      onError: (error) => log.debug({ err: error }, 'PostgreSQL cannot be listened to; trying again'),
    })
  }

  /** Resolves when the channel is listened to for the first time; rejects when that fails. */
  async start(): Promise<void> {
    if (this.#client === undefined) await this.#listen()
    this.#check.start()
  }

  async close(): Promise<void> {
    await this.#check.stop()
    this.#disconnect()
  }

  async #checkConnection(): Promise<void> {
    const { database, log } = this.#options
    if (this.#client === undefined) {
      await this.#listen()
      log.info({}, 'Listening for changes again')
      return
    }
    try {
      await database.bounded(this.#client.query('SELECT 1'))
    } catch (error) {
      const err = toDatabaseError(error, 'The status cannot be watched')
      log.warn({ err }, 'Changes made elsewhere are not noticed until PostgreSQL is back')
      this.#disconnect()
    }
  }

  async #listen(): Promise<void> {
    const { channel, database, onListening, onNotification } = this.#options
    try {
      this.#client = await database.connect()
      this.#client.on('notification', ({ payload }) => onNotification(payload ?? ''))
      await database.bounded(this.#client.query(`LISTEN "${channel}"`))
    } catch (error) {
      this.#disconnect()
      throw toDatabaseError(error, 'The status could not be opened')
    }
    onListening()
  }

  /** The connection is not put back into the pool, as it still listens. */
  #disconnect(): void {
    this.#client?.removeAllListeners('notification')
    this.#client?.release(true)
    this.#client = undefined
  }
}
