import type { SyncView } from '../model/sync-view.ts'
import {
  type IdempotencyStore,
  type KeyReservation,
  type KeyState,
  RESERVATION_MS,
} from '../ports/idempotency-store.ts'
import { type RedisConnection, script } from '../redis/connection.ts'
import { UnconfirmedWrites } from './redis/unconfirmed-writes.ts'
import { requireKeyHash } from './shared/argument-checks.ts'

/** Keys that one script removes, at most. */
const SWEEP_BATCH = 500

/**
 * Keys: the record and the index by expiry. Arguments: key, fingerprint, sync id, now, ttl, milliseconds after which a
 * reservation is abandoned, id of this call. Answers `mine` and a sync id, or the fingerprint and the answer, or the
 * fingerprint alone while the key is in flight.
 */
const RESERVE = script(`
local key, fingerprint, sync, now, call = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[7]
local known = redis.call('HMGET', KEYS[1], 'fingerprint', 'sync', 'reservedAt', 'expiresAt', 'answer', 'call')
if known[1] and tonumber(known[4]) > now then
  if known[5] then return { 'done', known[1], known[5] } end
  if known[6] == call then return { 'mine', known[2] } end
  if known[1] ~= fingerprint or now - tonumber(known[3]) < tonumber(ARGV[6]) then return { 'in-flight', known[1] } end
  sync = known[2]
end
local expires = now + tonumber(ARGV[5])
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'fingerprint', fingerprint, 'sync', sync, 'reservedAt', now, 'expiresAt', expires, 'call', call)
redis.call('ZADD', KEYS[2], expires, key)
return { 'mine', sync }
`)

const COMPLETE = script(`
if redis.call('HEXISTS', KEYS[1], 'fingerprint') == 1 then redis.call('HSETNX', KEYS[1], 'answer', ARGV[1]) end
`)

const RELEASE = script(`
if redis.call('HEXISTS', KEYS[1], 'answer') == 1 then return end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
`)

/** Arguments: now, how many at most, prefix of the records. Answers how many it removed. */
const SWEEP = script(`
local expired = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, key in ipairs(expired) do
  redis.call('DEL', ARGV[3] .. key)
  redis.call('ZREM', KEYS[1], key)
end
return #expired
`)

/**
 * One hash for each key, and a sorted set of when they expire. Each step is one script. A reservation that was not
 * confirmed may have been made; the next one with this key and fingerprint in this instance gets it.
 */
export class RedisIdempotency implements IdempotencyStore {
  readonly #connection: RedisConnection
  readonly #calls = new UnconfirmedWrites()

  /** The connection is shared with the other drivers of this process, and closed by whoever made it. */
  constructor({ connection }: { readonly connection: RedisConnection }) {
    this.#connection = connection
  }

  start(): Promise<void> {
    return this.#connection.start()
  }

  async reserve({ key, fingerprint, syncId, now, ttlMs }: KeyReservation): Promise<KeyState> {
    requireKeyHash(key)
    const [state, value = '', view = ''] = await this.#calls.run(key, fingerprint, (call) => {
      const args = [key, fingerprint, syncId, now.getTime(), ttlMs, RESERVATION_MS, call]
      return this.#connection.runScript<[string, string?, string?]>(
        'could not be recorded',
        RESERVE,
        this.#keys(key),
        args,
      )
    })
    if (state === 'mine') return { state, syncId: value }
    return state === 'done'
      ? { state, fingerprint: value, answer: JSON.parse(view) as SyncView }
      : { state: 'in-flight', fingerprint: value }
  }

  async complete(key: string, answer: SyncView): Promise<void> {
    requireKeyHash(key)
    await this.#connection.runScript('could not be recorded', COMPLETE, this.#keys(key), [JSON.stringify(answer)])
  }

  async release(key: string): Promise<void> {
    requireKeyHash(key)
    await this.#connection.runScript('could not be recorded', RELEASE, this.#keys(key), [key])
  }

  async cleanup(now: Date): Promise<number> {
    const { prefix } = this.#connection
    const args = [now.getTime(), SWEEP_BATCH, `${prefix}key:`]
    for (let removed = 0; ; ) {
      const count = Number(await this.#connection.runScript('could not be swept', SWEEP, [`${prefix}keys`], args))
      removed += count
      if (count < SWEEP_BATCH) return removed
    }
  }

  async close(): Promise<void> {}

  #keys(key: string): string[] {
    return [`${this.#connection.prefix}key:${key}`, `${this.#connection.prefix}keys`]
  }
}
