import type { BudgetAnswer, ReadBudget } from '../ports/read-budget.ts'
import { type RedisConnection, script } from '../redis/connection.ts'
import { ABANDONED_MS, WINDOW_MS } from './read-budget-rule.ts'
import { type LoadedReads, type ReadLedger, takeRead } from './take-read.ts'

/** Unconfirmed reads that are remembered, to be given back; any others are free after ten minutes. */
const REMEMBERED = 100

/**
 * Keys: a sorted set of reads by when they are free; the hash of whose read is which; the set of those under way; a hash
 * of the last grant and the end of the pause. The clock is the server's.
 */
const SHARED = `
local taken, owners, underWay, state = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local window, abandoned = ${WINDOW_MS}, ${ABANDONED_MS}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function drop(read)
  redis.call('ZREM', taken, read)
  redis.call('HDEL', owners, read)
  redis.call('SREM', underWay, read)
end
local function version()
  local times = redis.call('HMGET', state, 'lastGrant', 'pausedUntil')
  return (times[1] or '') .. ' ' .. (times[2] or '') .. ' ' .. redis.call('ZCARD', taken)
end
local function keep()
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, abandoned * 2) end
end
`

/**
 * Arguments: reads to give back. Answers the version, now, the last grant, the end of the pause, and three for each read:
 * its name, whose it is, when it is free (0: it is under way). Should the server's clock be set back, no time lies
 * further ahead than it could by rights.
 */
const LOAD = script(`${SHARED}
for _, read in ipairs(ARGV) do drop(read) end
for _, read in ipairs(redis.call('ZRANGEBYSCORE', taken, '-inf', now)) do drop(read) end
for _, read in ipairs(redis.call('ZRANGEBYSCORE', taken, '(' .. (now + abandoned), '+inf')) do
  redis.call('ZADD', taken, now + (redis.call('SISMEMBER', underWay, read) == 1 and abandoned or window), read)
end
local times = redis.call('HMGET', state, 'lastGrant', 'pausedUntil')
local answer = { version(), now, math.min(tonumber(times[1] or 0), now), math.min(tonumber(times[2] or 0), now + abandoned) }
local reads = redis.call('ZRANGE', taken, 0, -1, 'WITHSCORES')
for n = 1, #reads, 2 do
  local isUnderWay = redis.call('SISMEMBER', underWay, reads[n]) == 1
  answer[#answer + 1] = reads[n]
  answer[#answer + 1] = redis.call('HGET', owners, reads[n]) or ''
  answer[#answer + 1] = isUnderWay and 0 or tonumber(reads[n + 1])
end
return answer
`)

/** Arguments: version as loaded, read, key. Answers 1 if the read was taken. */
const RECORD = script(`${SHARED}
if version() ~= ARGV[1] then return 0 end
redis.call('ZADD', taken, now + abandoned, ARGV[2])
redis.call('HSET', owners, ARGV[2], ARGV[3])
redis.call('SADD', underWay, ARGV[2])
redis.call('HSET', state, 'lastGrant', now)
keep()
return 1
`)

const COMPLETE = script(`${SHARED}
if redis.call('SREM', underWay, ARGV[1]) == 1 then redis.call('ZADD', taken, 'XX', now + window, ARGV[1]) end
`)

const PAUSE = script(`${SHARED}
local paused = math.min(tonumber(redis.call('HGET', state, 'pausedUntil') or 0), now + abandoned)
redis.call('HSET', state, 'pausedUntil', math.max(paused, now + tonumber(ARGV[1])))
keep()
`)

export interface RedisReadBudgetOptions {
  /** Shared with the other drivers of this process, started and closed by whoever made it. */
  readonly connection: RedisConnection
  /** Reads a minute that the credential has; all instances are to say the same. */
  readonly readsPerMinute: number
  /** Tells the budgets of several credentials apart; nothing secret. Default `google`. */
  readonly name?: string
}

/**
 * The reads a minute of one credential, counted on a Redis server and by its clock. A read whose write was not confirmed
 * may have been counted; the next take of this instance gives it back.
 */
export class RedisReadBudget implements ReadBudget, ReadLedger<string> {
  readonly #keys: string[]
  readonly #limit: number
  readonly #connection: RedisConnection
  readonly #unconfirmed = new Set<string>()

  constructor({ connection, readsPerMinute, name = 'google' }: RedisReadBudgetOptions) {
    const root = `${connection.prefix}reads:${name}`
    this.#keys = [root, `${root}:owners`, `${root}:under-way`, `${root}:state`]
    this.#limit = readsPerMinute
    this.#connection = connection
  }

  take(key: string): Promise<BudgetAnswer> {
    return takeRead(this, key)
  }

  async load(): Promise<LoadedReads<string>> {
    const givenBack = [...this.#unconfirmed]
    const answer = await this.#connection.runScript('could not be counted', LOAD, this.#keys, givenBack)
    for (const read of givenBack) this.#unconfirmed.delete(read)
    const [version, now, lastGrant, pausedUntil, ...reads] = answer as [string, number, number, number, ...unknown[]]
    const taken = Array.from({ length: reads.length / 3 }, (_, n) => {
      const [read, key, until] = reads.slice(n * 3, n * 3 + 3) as [string, string, number]
      return { read, key, until: until === 0 ? Number.POSITIVE_INFINITY : until }
    })
    return { limit: this.#limit, taken, lastGrant, pausedUntil, now, version }
  }

  async record(read: string, key: string, version: string): Promise<boolean> {
    try {
      const answer = await this.#connection.runScript('could not be counted', RECORD, this.#keys, [version, read, key])
      return answer === 1
    } catch (error) {
      if (this.#unconfirmed.size < REMEMBERED) this.#unconfirmed.add(read)
      throw error
    }
  }

  async done(read: string): Promise<void> {
    await this.#connection.runScript('could not be counted', COMPLETE, this.#keys, [read])
  }

  async pause(ms: number): Promise<void> {
    await this.#connection.runScript('could not be counted', PAUSE, this.#keys, [ms])
  }

  async close(): Promise<void> {}
}
