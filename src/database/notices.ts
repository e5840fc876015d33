import type { Client } from 'pg'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { ANSWER_MS, type Connections, within } from './connections.ts'

/** Milliseconds between two questions whether the server is still there. */
const PING_MS = 1000

/** Milliseconds from one try to connect to the next. */
const RETRY_MS = 250

export interface NoticesOptions {
  readonly connections: Connections
  readonly channel: string
  readonly clock: Clock
  readonly log: Log
  onNotice(payload: string): void
  /** Notices may have been missed: the connection was gone and is back. */
  onGap(): void
}

/**
 * Listens on one channel, over one connection of its own that comes back by itself. A server that has gone silent is
 * noticed within three seconds.
 */
export class Notices {
  readonly #options: NoticesOptions
  readonly #stop = new AbortController()
  #listening: Promise<void> | undefined

  constructor(options: NoticesOptions) {
    this.#options = options
  }

  /** Resolves when the channel is listened to for the first time; rejects when that fails. */
  async start(): Promise<void> {
    if (this.#listening !== undefined) return
    const client = await this.#connect()
    this.#listening = this.#listen(client)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#listening
  }

  async #listen(first: Client): Promise<void> {
    const { clock, connections, log, onGap } = this.#options
    const signal = this.#stop.signal
    let client: Client | undefined = first
    while (!signal.aborted) {
      try {
        if (client === undefined) {
          client = await this.#connect()
          onGap()
          log.info({}, 'Listening for changes again')
        }
        await this.#untilItBreaks(client)
      } catch (error) {
        if (signal.aborted) break
        if (client !== undefined)
          log.warn({ err: error }, 'Changes made elsewhere are not heard of until PostgreSQL is back')
        await this.#letGo(client)
        client = undefined
        await clock.sleep(RETRY_MS, signal)
      }
    }
    if (client !== undefined) await connections.end(client)
  }

  async #connect(): Promise<Client> {
    const { channel, connections, onNotice } = this.#options
    const client = await connections.client()
    client.on('error', () => {})
    client.on('notification', ({ payload }) => onNotice(payload ?? ''))
    try {
      await within(ANSWER_MS, client.connect())
      await within(ANSWER_MS, client.query(`LISTEN "${channel}"`))
      return client
    } catch (error) {
      await this.#letGo(client)
      throw error
    }
  }

  async #untilItBreaks(client: Client): Promise<void> {
    const { clock } = this.#options
    const broken = new Promise<never>((_, reject) => {
      client.once('end', () => reject(new Error('the connection that listens has ended')))
    })
    // Told at the next wait, or not at all once nobody waits any more.
    broken.catch(() => {})
    while (await Promise.race([broken, clock.sleep(PING_MS, this.#stop.signal)])) {
      await within(ANSWER_MS, client.query('SELECT 1'))
    }
  }

  async #letGo(client: Client | undefined): Promise<void> {
    if (client !== undefined) await this.#options.connections.end(client)
  }
}
