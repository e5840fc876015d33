import { randomUUID } from 'node:crypto'
import type { Entry, KeyValueStore, StoredValue } from '../ports/key-value-store.ts'
import { type RedisConnection, type Script, script } from '../redis/connection.ts'
import { requireKey } from './shared/argument-checks.ts'

/** Milliseconds for which a value that was put is kept. */
const PUT_TTL_MS = 3_600_000

/** Entries that one script removes, at most. */
const SWEEP_BATCH = 500

/** Of this script and those below the keys are the entry and the index of its namespace by expiry. */
const GET = script(`
local time = redis.call('TIME')
local entry = redis.call('HMGET', KEYS[1], 'version', 'value')
return { time[1] * 1000 + math.floor(time[2] / 1000), entry[1], entry[2] }
`)

/** Arguments: key, expected version (empty: none), new version, value, when it expires (`+inf`: never). */
const SWAP = script(`
if (redis.call('HGET', KEYS[1], 'version') or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[3], 'value', ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[5], ARGV[1])
return 1
`)

/** Arguments: new version, value. */
const PUT = script(`
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'value', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ${PUT_TTL_MS})
`)

/** Arguments: key, expected version (empty: any). */
const REMOVE = script(`
if ARGV[2] ~= '' and redis.call('HGET', KEYS[1], 'version') ~= ARGV[2] then return 0 end
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])
`)

/** Key: the index. */
const KEYS = script("return redis.call('ZRANGE', KEYS[1], 0, -1)")

/** Key: the index. Arguments: now, how many at most. */
const EXPIRED = script("return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])")

/** Key: the index. Arguments: now, how many at most, prefix of the entries. Answers how many it removed. */
const SWEEP = script(`
local expired = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, key in ipairs(expired) do
  redis.call('DEL', ARGV[3] .. key)
  redis.call('ZREM', KEYS[1], key)
end
return #expired
`)

/**
 * One hash for each entry, and for each namespace a sorted set of when they expire (those that never do at the end of it).
 * Each step is one script.
 */
export class RedisKeyValueStore implements KeyValueStore {
  readonly #connection: RedisConnection
  readonly #prefix: string
  readonly #index: string

  /** The connection is shared with the other drivers of this process, and closed by whoever made it. */
  constructor(connection: RedisConnection, namespace: string) {
    this.#connection = connection
    this.#prefix = `${connection.prefix}${namespace}:`
    this.#index = `${this.#prefix}:expiry`
  }

  start(): Promise<void> {
    return this.#connection.start()
  }

  async get(key: string): Promise<Entry> {
    const [now, version, json] = await this.#run<[number, string | null, string | null]>('could not be read', GET, key)
    const value: unknown = json === null ? undefined : JSON.parse(json)
    return { value, version: version ?? undefined, now, writerIsGone: false }
  }

  async compareAndSwap(key: string, expected: string | undefined, value: StoredValue): Promise<string | undefined> {
    const version = randomUUID()
    const expiry = value.expiresAt === undefined ? '+inf' : Date.parse(value.expiresAt)
    const args = [key, expected ?? '', version, JSON.stringify(value), expiry]
    return (await this.#run('could not be recorded', SWAP, key, args)) === 1 ? version : undefined
  }

  async put(key: string, value: StoredValue): Promise<void> {
    await this.#run('could not be recorded', PUT, key, [randomUUID(), JSON.stringify(value)])
  }

  async remove(key: string, expected = ''): Promise<boolean> {
    return (await this.#run('could not be removed', REMOVE, key, [key, expected])) === 1
  }

  async keys(): Promise<readonly string[]> {
    return (await this.#connection.runScript<string[]>('could not be read', KEYS, [this.#index], [])).sort()
  }

  async expired(now: Date, limit: number): Promise<readonly string[]> {
    return this.#connection.runScript('could not be read', EXPIRED, [this.#index], [now.getTime(), limit])
  }

  async cleanup(now: Date, signal?: AbortSignal): Promise<number> {
    const args = [now.getTime(), SWEEP_BATCH, this.#prefix]
    for (let removed = 0; ; ) {
      const count = await this.#connection.runScript<number>('could not be swept', SWEEP, [this.#index], args)
      removed += count
      if (count < SWEEP_BATCH || signal?.aborted) return removed
    }
  }

  async #run<Answer>(doing: string, task: Script, key: string, args: (string | number)[] = []): Promise<Answer> {
    return this.#connection.runScript<Answer>(doing, task, [`${this.#prefix}${requireKey(key)}`, this.#index], args)
  }
}
