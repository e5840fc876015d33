import { randomUUID } from 'node:crypto'
import type { BudgetAnswer, ReadBudget } from '../ports/read-budget.ts'
import { DEFAULT_PREFIX, RedisConnection, type RedisOptions, script } from '../redis/connection.ts'
import { reserveOf, SMALL, WINDOW_MS } from './read-pace.ts'

/** Milliseconds after which a read that nobody told done is free again. */
const FORGOTTEN_MS = 600_000

/** Milliseconds to wait before asking again while only reads under way can free one, and nobody knows when. */
const UNKNOWN_WAIT_MS = 1000

/** Takes without an answer that are remembered, to be given back; any others are free after ten minutes. */
const REMEMBERED = 100

/**
 * Keys: a sorted set of reads by when they are free; the hash of whose read is which; the set of
 * those under way; a hash of the last grant and the end of the pause. The clock is the server's. Should that be set back,
 * no time lies further ahead than it could by rights.
 */
const SHARED = `
local taken, owners, underWay, state = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local window, forgotten = ${WINDOW_MS}, ${FORGOTTEN_MS}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function drop(read)
  redis.call('ZREM', taken, read)
  redis.call('HDEL', owners, read)
  redis.call('SREM', underWay, read)
end
local function keep()
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, forgotten * 2) end
end
`

/** The rule of `readableAt` in read-pace.ts. Arguments: read, key, limit, reserve, small, wait if nobody knows; then reads to give back. */
const TAKE = script(`${SHARED}
local read, key, limit, reserve, small = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
for n = 7, #ARGV do drop(ARGV[n]) end
for _, one in ipairs(redis.call('ZRANGEBYSCORE', taken, '-inf', now)) do drop(one) end
for _, one in ipairs(redis.call('ZRANGEBYSCORE', taken, '(' .. (now + forgotten), '+inf')) do
  redis.call('ZADD', taken, now + (redis.call('SISMEMBER', underWay, one) == 1 and forgotten or window), one)
end
local ends, own, count = {}, 0, 0
local reads = redis.call('ZRANGE', taken, 0, -1, 'WITHSCORES')
for n = 1, #reads, 2 do
  count = count + 1
  if redis.call('SISMEMBER', underWay, reads[n]) == 0 then ends[#ends + 1] = tonumber(reads[n + 1]) end
  if redis.call('HGET', owners, reads[n]) == key then own = own + 1 end
end
local times = redis.call('HMGET', state, 'lastGrant', 'pausedUntil')
local lastGrant = math.min(tonumber(times[1] or 0), now)
local pausedUntil = math.min(tonumber(times[2] or 0), now + forgotten)
local function freedAt(n) return ends[n] or math.huge end
local free = limit - count
local isSmall = own < math.min(small, limit / 4)
local spare = free - (isSmall and 0 or reserve)
local at = now
if spare <= 0 then
  at = freedAt(1 - spare)
elseif not isSmall and free <= limit / 2 then
  local back = math.min(freedAt(1), now + window)
  at = math.min(math.max(now, lastGrant + (back - now) / spare), back)
end
at = math.max(at, pausedUntil)
if at == math.huge then return tonumber(ARGV[6]) end
if at > now then return math.ceil(at - now) end
redis.call('ZADD', taken, now + forgotten, read)
redis.call('HSET', owners, read, key)
redis.call('SADD', underWay, read)
redis.call('HSET', state, 'lastGrant', now)
keep()
return 0
`)

const DONE = script(`${SHARED}
if redis.call('SREM', underWay, ARGV[1]) == 1 then redis.call('ZADD', taken, 'XX', now + window, ARGV[1]) end
`)

const PAUSE = script(`${SHARED}
local paused = math.min(tonumber(redis.call('HGET', state, 'pausedUntil') or 0), now + forgotten)
redis.call('HSET', state, 'pausedUntil', math.max(paused, now + tonumber(ARGV[1])))
keep()
`)

export interface RedisReadBudgetOptions extends RedisOptions {
  /** Reads a minute that the credential has; all instances are to say the same. */
  readonly readsPerMinute: number
  /** Tells the budgets of several credentials apart; nothing secret. Default `google`. */
  readonly name?: string
}

/**
 * The reads a minute of one credential, counted on a Redis server and by its clock. A take that was not answered may have
 * been counted; the next take of this instance gives it back. It connects with the first call.
 */
export class RedisReadBudget implements ReadBudget {
  readonly #keys: string[]
  readonly #limit: number
  readonly #connection: RedisConnection
  readonly #unanswered = new Set<string>()
  #started: Promise<void> | undefined

  constructor(options: RedisReadBudgetOptions) {
    const root = `${options.prefix ?? DEFAULT_PREFIX}reads:${options.name ?? 'google'}`
    this.#keys = [root, `${root}:owners`, `${root}:under-way`, `${root}:state`]
    this.#limit = options.readsPerMinute
    this.#connection = new RedisConnection(options)
  }

  async take(key: string): Promise<BudgetAnswer> {
    const read = randomUUID()
    const back = [...this.#unanswered]
    const args = [read, key, this.#limit, reserveOf(this.#limit), SMALL, UNKNOWN_WAIT_MS, ...back]
    try {
      await this.#start()
      const waitMs = Number(await this.#connection.runScript('could not be counted', TAKE, this.#keys, args))
      for (const one of back) this.#unanswered.delete(one)
      return waitMs === 0 ? { read } : { waitMs }
    } catch (error) {
      if (this.#unanswered.size < REMEMBERED) this.#unanswered.add(read)
      throw error
    }
  }

  async done(read: string): Promise<void> {
    await this.#start()
    await this.#connection.runScript('could not be counted', DONE, this.#keys, [read])
  }

  async pause(ms: number): Promise<void> {
    await this.#start()
    await this.#connection.runScript('could not be counted', PAUSE, this.#keys, [ms])
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  async #start(): Promise<void> {
    this.#started ??= this.#connection.start()
    try {
      await this.#started
    } catch (error) {
      this.#started = undefined
      throw error
    }
  }
}
