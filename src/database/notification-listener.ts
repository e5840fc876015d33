import type { Client } from 'pg'
import { PeriodicTask } from '../concurrency/periodic-task.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Connections } from './connections.ts'

/** Milliseconds between two checks of the connection, and before a lost one is made anew. */
const CHECK_MS = 500

export interface NotificationListenerOptions {
  readonly connections: Connections
  readonly channel: string
  readonly clock: Clock
  readonly log: Log
  onNotification(payload: string): void
  /** Notifications may have been missed: the connection was lost and is back. */
  onReconnect(): void
}

/**
 * LISTENs on one channel, over one connection of its own that comes back by itself. A server that has gone silent is
 * noticed within three seconds.
 */
export class NotificationListener {
  readonly #options: NotificationListenerOptions
  readonly #check: PeriodicTask
  #client: Client | undefined
  #isStarted = false

  constructor(options: NotificationListenerOptions) {
    const { clock, log } = options
    this.#options = options
    this.#check = new PeriodicTask({
      clock,
      intervalMs: CHECK_MS,
      isDelayed: true,
      run: (signal) => this.#checkConnection(signal),
      onError: (error) => log.debug({ err: error }, 'PostgreSQL cannot be listened to; trying again'),
    })
  }

  /** Resolves when the channel is listened to for the first time; rejects when that fails. */
  async start(): Promise<void> {
    if (this.#isStarted) return
    await this.#listen()
    this.#isStarted = true
    this.#check.start()
  }

  async close(): Promise<void> {
    await this.#check.stop()
    await this.#disconnect()
  }

  async #checkConnection(signal: AbortSignal): Promise<void> {
    if ((await this.#answers()) || signal.aborted) return
    await this.#listen()
    this.#options.log.info({}, 'Listening for changes again')
    this.#options.onReconnect()
  }

  async #answers(): Promise<boolean> {
    if (this.#client === undefined) return false
    try {
      await this.#options.connections.bounded(this.#client.query('SELECT 1'))
      return true
    } catch (error) {
      this.#options.log.warn({ err: error }, 'Changes made elsewhere are not noticed until PostgreSQL is back')
      await this.#disconnect()
      return false
    }
  }

  async #listen(): Promise<void> {
    const { channel, connections, onNotification } = this.#options
    this.#client = await connections.client()
    this.#client.on('notification', ({ payload }) => onNotification(payload ?? ''))
    try {
      await connections.bounded(this.#client.query(`LISTEN "${channel}"`))
    } catch (error) {
      await this.#disconnect()
      throw error
    }
  }

  async #disconnect(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    if (client !== undefined) await this.#options.connections.end(client)
  }
}
