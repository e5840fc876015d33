import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { PendingWork } from '../concurrency/pending-work.ts'
import { withTimeout } from '../concurrency/timeout.ts'
import { AppError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import { type Log, silentLog } from '../ports/log.ts'
import { isOfReplica, toRedisError, withoutCommand } from './redis-errors.ts'
import { requirePrimary } from './server-kind.ts'

/** Milliseconds a call waits for a connection that was lost. */
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
  /** The calls under way. */
  readonly pending = new PendingWork()
  readonly #options: RedisOptions
  readonly #onReady: (() => void) | undefined
  #client: Promise<Redis> | undefined
  /** While somebody waits for the connection: resolves when it is there. */
  #ready: PromiseWithResolvers<void> | undefined
  #lastFault: Error | undefined
  #hasBeenReady = false
  #isClosed = false

  /** `onReady` is called each time that the connection has come about. */
  constructor(options: RedisOptions, onReady?: () => void) {
    this.prefix = options.prefix ?? '{sheetsync}:'
    this.#options = options
    this.#onReady = onReady
  }

  /** Another connection to the same server, not yet started. That the server is away is logged by the first one. */
  duplicate(onReady: () => void): RedisConnection {
    return new RedisConnection({ ...this.#options, log: silentLog }, onReady)
  }

  /**
   * Connects; rejects with STORAGE_UNAVAILABLE when that takes more than 2 s, or when the server is a part of a cluster or
   * a replica. It may then be called again.
   */
  start(): Promise<void> {
    this.#client ??= this.#connect()
    const check = async (client: Redis) => requirePrimary(await client.info())
    return this.run('could not be reached', check, RECONNECT_GRACE_MS + SILENCE_MS)
  }

  /** Runs commands; `doing` completes "The status …" in an error, such as `could not be read`. */
  run<T>(doing: string, task: (client: Redis) => Promise<T>, graceMs = RECONNECT_GRACE_MS): Promise<T> {
    return this.pending.run(async () => {
      const client = await this.#client
      if (client === undefined || this.#isClosed) {
        throw new AppError('STORAGE_UNAVAILABLE', `The status ${doing}: the connection is not open.`)
      }
      try {
        if (client.status !== 'ready') await this.#untilReady(graceMs)
        return await task(client)
      } catch (error) {
        throw toRedisError(error, doing)
      }
    })
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

  /** Waits for calls under way, then disconnects; no message comes afterwards. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.pending.settled()
    const client = await this.#client
    client?.removeAllListeners('message').disconnect()
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
      // Ends the connection to a hung server, so that later calls fail after the grace instead of piling up.
      socketTimeout: SILENCE_MS,
      // A hung server would never close its side.
      disconnectTimeout: RECONNECT_GRACE_MS,
      maxLoadingRetryTime: MAX_BACKOFF_MS,
      reconnectOnError: isOfReplica,
      retryStrategy: (attempt) => Math.min(MAX_BACKOFF_MS, 25 * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2),
    })
    client.on('error', (error: Error) => {
      // Before that, whoever started the connection gets the fault.
      if (this.#hasBeenReady && this.#lastFault === undefined) {
        log.warn({ reason: withoutCommand(error).message }, 'Redis cannot be used; trying again')
      }
      this.#lastFault = error
    })
    client.on('ready', () => {
      if (this.#hasBeenReady && this.#lastFault !== undefined) log.info({}, 'Redis can be used again')
      this.#hasBeenReady = true
      this.#lastFault = undefined
      this.#ready?.resolve()
      this.#ready = undefined
      this.#onReady?.()
    })
    // The listener above gets its rejection too, and it goes on trying.
    client.connect().catch((error: Error) => {
      this.#lastFault ??= error
    })
    return client
  }

  /** Rejects with the latest fault when the connection is not ready in time. */
  async #untilReady(ms: number): Promise<void> {
    this.#ready ??= Promise.withResolvers()
    try {
      await withTimeout(this.#ready.promise, ms, 'connecting to Redis', this.#options.clock)
    } catch (error) {
      throw this.#lastFault ?? error
    }
  }
}
