import { type RedisConnection, script } from '../redis/connection.ts'
import { ABANDONED_MS, WINDOW_MS } from './read-budget-rule.ts'
import { SharedReadBudget, type SharedReads } from './shared-read-budget.ts'

/**
 * Keys: a sorted set of reads by when they are free; the hash of whose read is which; the set of those under way; a hash
 * of the last grant and the end of the pause. The clock is the server's. Should that be set back, no time lies further
 * ahead than it could by rights.
 */
const SHARED = `
local taken, owners, underWay, state = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local window, abandoned = ${WINDOW_MS}, ${ABANDONED_MS}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local times = redis.call('HMGET', state, 'lastGrant', 'pausedUntil')
local lastGrant = math.min(tonumber(times[1] or 0), now)
local pausedUntil = math.min(tonumber(times[2] or 0), now + abandoned)
local function version()
  return (times[1] or '') .. ' ' .. (times[2] or '') .. ' ' .. redis.call('ZCARD', taken)
end
local function keep()
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, abandoned * 2) end
end
`

/** Answers SharedReads as JSON, where a read under way has no `until`. Removes the reads that are free again. */
const LOAD = script(`${SHARED}
for _, read in ipairs(redis.call('ZRANGEBYSCORE', taken, '-inf', now)) do
  redis.call('ZREM', taken, read)
  redis.call('HDEL', owners, read)
  redis.call('SREM', underWay, read)
end
local reads = redis.call('ZRANGE', taken, 0, -1, 'WITHSCORES')
local list = {}
for n = 1, #reads, 2 do
  local isUnderWay = redis.call('SISMEMBER', underWay, reads[n]) == 1
  local freedAt = math.min(tonumber(reads[n + 1]), now + (isUnderWay and abandoned or window))
  if freedAt < tonumber(reads[n + 1]) then redis.call('ZADD', taken, freedAt, reads[n]) end
  list[#list + 1] = { read = reads[n], key = redis.call('HGET', owners, reads[n]) }
  if not isUnderWay then list[#list]['until'] = freedAt end
end
return cjson.encode({ now = now, version = version(), lastGrant = lastGrant, pausedUntil = pausedUntil, taken = list })
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

/** Argument: read. */
const COMPLETE = script(`${SHARED}
if redis.call('SREM', underWay, ARGV[1]) == 1 then redis.call('ZADD', taken, 'XX', now + window, ARGV[1]) end
`)

/** Argument: milliseconds. */
const PAUSE = script(`${SHARED}
redis.call('HSET', state, 'pausedUntil', math.max(pausedUntil, now + tonumber(ARGV[1])))
keep()
`)

export interface RedisReadBudgetOptions {
  readonly connection: RedisConnection
  /** Reads a minute that the credential has; all instances are to say the same. */
  readonly readsPerMinute: number
  /** Tells the budgets of several credentials apart; nothing secret. Default `google`. */
  readonly name?: string
}

/** The reads of the last minute in sorted sets of a Redis server. */
export class RedisReadBudget extends SharedReadBudget<string> {
  readonly #keys: string[]
  readonly #limit: number
  readonly #connection: RedisConnection

  constructor({ connection, readsPerMinute, name = 'google' }: RedisReadBudgetOptions) {
    super()
    const root = `${connection.prefix}reads:${name}`
    this.#keys = [root, `${root}:owners`, `${root}:under-way`, `${root}:state`]
    this.#limit = readsPerMinute
    this.#connection = connection
  }

  override async done(read: string): Promise<void> {
    await this.#connection.runScript('could not be counted', COMPLETE, this.#keys, [read])
  }

  override async pause(ms: number): Promise<void> {
    await this.#connection.runScript('could not be counted', PAUSE, this.#keys, [ms])
  }

  protected override async load(): Promise<SharedReads<string>> {
    const json = await this.#connection.runScript<string>('could not be counted', LOAD, this.#keys)
    const state: Omit<SharedReads<string>, 'limit'> = JSON.parse(json)
    // An empty list comes as an object.
    const taken = Object.values(state.taken).map((read) => ({ ...read, until: read.until ?? Number.POSITIVE_INFINITY }))
    return { ...state, limit: this.#limit, taken }
  }

  protected override async record(read: string, key: string, version: string): Promise<boolean> {
    return (await this.#connection.runScript('could not be counted', RECORD, this.#keys, [version, read, key])) === 1
  }
}
