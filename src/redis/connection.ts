import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Redis } from 'ioredis'
import { withTimeout } from '../concurrency/timeout.ts'
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

/** A Lua script; the server knows it by its SHA-1 once it has run. */
export interface Script {
  readonly lua: string
  readonly sha: string
}

export function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') }
}

/**
 * One connection to a Redis server, which comes back by itself, as every driver of this process uses it. Whatever the
 * server does, a call ends within 2 s: with its answer, or with STORAGE_UNAVAILABLE. A call that was not answered may have
 * been carried out. ioredis is loaded by `start`. Whoever made the connection closes it, after the drivers that use it.
 */
export class RedisConnection {
  /** What every key begins with. */
  readonly prefix: string
  readonly #options: RedisOptions
  readonly #onReady: ((client: Redis) => void) | undefined
  readonly #busy = new Set<Promise<unknown>>()
  #client: Redis | undefined
  /** While the connection is lost: until when a call waits for it, and what resolves when it is back. */
  #outage: (PromiseWithResolvers<void> & { readonly graceEndsAt: number }) | undefined
  #lastFault: Error | undefined
  #closed = false

  /** `onReady` is called each time that the connection has come about. */
  constructor(options: RedisOptions, onReady?: (client: Redis) => void) {
    this.prefix = options.prefix ?? '{sheetsync}:'
    this.#options = options
    this.#onReady = onReady
  }

  /** Another connection to the same server, not yet started. */
  duplicate(onReady: (client: Redis) => void): RedisConnection {
    return new RedisConnection(this.#options, onReady)
  }

  /** Connects; rejects with STORAGE_UNAVAILABLE when that takes more than 2 s. It may then be called again. */
  async start(): Promise<void> {
    this.#client ??= await this.#connect()
    if (this.#client.status !== 'ready') this.#beginOutage(RECONNECT_GRACE_MS + SILENCE_MS)
    await this.run('could not be reached', async () => undefined)
  }

  /** Runs commands; `doing` completes "The status …" in an error, such as `could not be read`. */
  run<T>(doing: string, task: (client: Redis) => Promise<T>): Promise<T> {
    const running = this.#run(doing, task)
    this.#busy.add(running)
    const done = () => this.#busy.delete(running)
    running.then(done, done)
    return running
  }

  /** Runs one script, which answers what is said: one round trip, save for the first time that a server sees it. */
  runScript<Answer>(
    doing: string,
    { lua, sha }: Script,
    keys: string[],
    args: (string | number)[] = [],
  ): Promise<Answer> {
    return this.run(doing, async (client) => {
      try {
        return (await client.evalsha(sha, keys.length, ...keys, ...args)) as Answer
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
        return (await client.eval(lua, keys.length, ...keys, ...args)) as Answer
      }
    })
  }

  /** Resolves when the calls that are under way now have ended. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#busy])
  }

  /** Waits for calls under way, then disconnects. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    await this.settled()
    const stream = this.#client?.stream
    this.#client?.disconnect()
    if (stream !== undefined && !stream.closed) {
      // A hung server would never close its side. The client's own "end" does not come while it waits to reconnect.
      const closed = once(stream, 'close')
      stream.destroy()
      await closed
    }
  }

  async #run<T>(doing: string, task: (client: Redis) => Promise<T>): Promise<T> {
    if (this.#closed) throw new AppError('STORAGE_UNAVAILABLE', `The status ${doing}: the connection is closed.`)
    if (this.#client === undefined) throw new AppError('STORAGE_UNAVAILABLE', `The status ${doing}: not started yet.`)
    try {
      if (this.#client.status !== 'ready') await this.#untilReady()
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
      this.#outage?.resolve()
      this.#outage = undefined
      this.#onReady?.(client)
    })
    // The listener above gets its rejection too, and it goes on trying.
    client.connect().catch((error: Error) => {
      this.#lastFault ??= error
    })
    return client
  }

  #beginOutage(graceMs: number): void {
    this.#outage ??= { ...Promise.withResolvers(), graceEndsAt: this.#options.clock.monotonic() + graceMs }
  }

  /** Rejects with the latest fault when the connection is not back before the grace is over. */
  async #untilReady(): Promise<void> {
    if (this.#outage === undefined) return
    const { clock } = this.#options
    const leftMs = this.#outage.graceEndsAt - clock.monotonic()
    try {
      await withTimeout(this.#outage.promise, leftMs, 'connecting to Redis', clock)
    } catch (error) {
      throw this.#lastFault ?? error
    }
  }
}
