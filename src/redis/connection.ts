import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Redis } from 'ioredis'
import { AppError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { toRedisError, withoutCommand } from './redis-errors.ts'

/** Milliseconds a call waits for a connection that was just lost; one lost longer ago it does not wait for at all. */
const RECONNECT_GRACE_MS = 400

/** Milliseconds a server may keep silent before it counts as hung. With the grace, every call ends within 2 s. */
const SILENCE_MS = 1500

/** Milliseconds between two attempts to connect, at most. */
const MAX_BACKOFF_MS = 1000

export interface RedisOptions {
  /** `redis://` or `rediss://`; may hold a user and a password, and is never logged. */
  readonly url: string
  /** What every key begins with. Its hash tag keeps all keys in one slot, as the scripts need. Default `{sheetsync}:`. */
  readonly prefix?: string
  readonly clock: Clock
  readonly log: Log
}

export const DEFAULT_PREFIX = '{sheetsync}:'

/** A Lua script; the server knows it by its SHA-1 once it has run. */
export interface Script {
  readonly lua: string
  readonly sha: string
}

export function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}

/**
 * One connection to a Redis server, which comes back by itself. Whatever the server does, a call ends within 2 s: with
 * its answer, or with STORAGE_UNAVAILABLE. A call that was not answered may have been carried out. ioredis is loaded by
 * `start`.
 */
export class RedisConnection {
  readonly #options: RedisOptions
  readonly #onReady: ((client: Redis) => void) | undefined
  readonly #busy = new Set<Promise<unknown>>()
  #client: Redis | undefined
  /** Resolves when the connection is back; rejects when the grace is over. */
  #outage: Promise<void> | undefined
  #endOutage: (() => void) | undefined
  #lastFault: Error | undefined
  #closed = false

  /** `onReady` is called each time that the connection has come about. */
  constructor(options: RedisOptions, onReady?: (client: Redis) => void) {
    this.#options = options
    this.#onReady = onReady
  }

  /** Connects; rejects with STORAGE_UNAVAILABLE when that takes more than 2 s. It may then be called again. */
  async start(): Promise<void> {
    this.#client ??= await this.#connect()
    if (this.#client.status !== 'ready') {
      this.#beginOutage(RECONNECT_GRACE_MS + SILENCE_MS)
      await this.#outage
    }
  }

  /** Runs commands; `doing` completes "The status …" in an error, such as `could not be read`. */
  run<T>(doing: string, task: (client: Redis) => Promise<T>): Promise<T> {
    const running = this.#run(doing, task)
    this.#busy.add(running)
    const done = () => this.#busy.delete(running)
    running.then(done, done)
    return running
  }

  /** Runs one script: one round trip, save for the first time that a server sees it. */
  runScript(doing: string, { lua, sha }: Script, keys: string[], args: (string | number)[]): Promise<unknown> {
    return this.run(doing, async (client) => {
      try {
        return await client.evalsha(sha, keys.length, ...keys, ...args)
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
        return client.eval(lua, keys.length, ...keys, ...args)
      }
    })
  }

  /** Waits for calls under way, then disconnects. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    while (this.#busy.size > 0) await Promise.allSettled(this.#busy)
    const stream = this.#client?.stream
    this.#client?.disconnect()
    if (stream !== undefined && !stream.closed) {
      // A hung server would never close its side. The client's own "end" does not come while it waits to reconnect.
      const closed = once(stream, 'close')
      stream.destroy()
      await closed
    }
    this.#endOutage?.()
  }

  async #run<T>(doing: string, task: (client: Redis) => Promise<T>): Promise<T> {
    if (this.#closed) throw new AppError('STORAGE_UNAVAILABLE', `The status ${doing}: the connection is closed.`)
    if (this.#client === undefined) throw new AppError('STORAGE_UNAVAILABLE', `The status ${doing}: not started yet.`)
    try {
      if (this.#client.status !== 'ready') await this.#outage
      return await task(this.#client)
    } catch (error) {
      throw toRedisError(error, doing)
    }
  }

  async #connect(): Promise<Redis> {
    const { Redis: Client } = await import('ioredis')
    const { log } = this.#options
    const client = new Client(this.#options.url, {
      lazyConnect: true,
      // A queue for the time that the server is away would grow as long as it is away.
      enableOfflineQueue: false,
      // A write that is sent again may be one that was carried out; whoever asked for it decides.
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      maxRetriesPerRequest: 0,
      connectTimeout: SILENCE_MS,
      commandTimeout: SILENCE_MS,
      // Ends the connection to a hung server, so that calls that come later fail at once instead of piling up.
      socketTimeout: SILENCE_MS,
      maxLoadingRetryTime: MAX_BACKOFF_MS,
      retryStrategy: (attempt) => Math.min(MAX_BACKOFF_MS, 25 * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2),
    })
    client.on('error', (error: Error) => {
      if (this.#lastFault === undefined) log.warn({ err: withoutCommand(error) }, 'Redis cannot be used; trying again')
      this.#lastFault = error
    })
    client.on('close', () => this.#beginOutage(RECONNECT_GRACE_MS))
    client.on('ready', () => {
      if (this.#lastFault !== undefined) log.info({}, 'Redis can be used again')
      this.#lastFault = undefined
      this.#endOutage?.()
      this.#onReady?.(client)
    })
    this.#beginOutage(RECONNECT_GRACE_MS + SILENCE_MS)
    // Its rejection is told to the listener above too, and it goes on trying.
    client.connect().catch((error: Error) => {
      this.#lastFault ??= error
    })
    return client
  }

  #beginOutage(graceMs: number): void {
    if (this.#outage !== undefined || this.#closed) return
    const over = new AbortController()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#endOutage = () => {
      this.#outage = undefined
      this.#endOutage = undefined
      over.abort()
      resolve()
    }
    const graceEnds = this.#options.clock.sleep(graceMs, over.signal).then((isOver) => {
      if (isOver) throw toRedisError(this.#lastFault ?? new Error('the server does not answer'), 'could not be reached')
    })
    this.#outage = Promise.race([promise, graceEnds])
    // Whoever makes a call during the outage is told; it may be that nobody does.
    this.#outage.catch(() => {})
  }
}
