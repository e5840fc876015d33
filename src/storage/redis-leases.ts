import { randomUUID } from 'node:crypto'
import { isSyncId } from '../model/sync-id.ts'
import type { Lease, LeaseStore } from '../ports/lease-store.ts'
import { DEFAULT_PREFIX, RedisConnection, type RedisOptions, script } from '../redis/connection.ts'
import { requireSyncId } from './shared/argument-checks.ts'

/** Milliseconds after its last beat for which a lease is kept; whoever watches it has long seen it stand still by then. */
const KEPT_MS = 3_600_000

const BEAT = script(`
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
`)

const DROP = script(`
for _, epoch in ipairs(redis.call('HKEYS', KEYS[1])) do
  if tonumber(epoch) <= tonumber(ARGV[1]) then redis.call('HDEL', KEYS[1], epoch) end
end
`)

/** One hash for each sync, with the latest beat of each epoch. Who has ended cannot be told from afar, only waited for. */
export class RedisLeases implements LeaseStore {
  readonly #prefix: string
  readonly #connection: RedisConnection
  readonly #instance = randomUUID()
  #beats = 0

  constructor(options: RedisOptions) {
    this.#prefix = options.prefix ?? DEFAULT_PREFIX
    this.#connection = new RedisConnection(options)
  }

  start(): Promise<void> {
    return this.#connection.start()
  }

  async renew(syncId: string, epoch: number): Promise<void> {
    requireSyncId(syncId)
    const sign = `${this.#instance} ${++this.#beats}`
    await this.#connection.runScript('could not be kept alive', BEAT, [this.#key(syncId)], [epoch, sign, KEPT_MS])
  }

  async read(syncId: string, epoch: number): Promise<Lease | undefined> {
    if (!isSyncId(syncId)) return undefined
    const heartbeat = await this.#connection.run('could not be read', (client) =>
      client.hget(this.#key(syncId), String(epoch)),
    )
    return heartbeat === null ? undefined : { heartbeat, ownerIsGone: false }
  }

  async release(syncId: string, epoch: number): Promise<void> {
    if (!isSyncId(syncId)) return
    await this.#connection.runScript('could not be let go', DROP, [this.#key(syncId)], [epoch])
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  #key(syncId: string): string {
    return `${this.#prefix}lease:${syncId}`
  }
}
