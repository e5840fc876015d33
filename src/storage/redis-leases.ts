import { randomUUID } from 'node:crypto'
import { isSyncId } from '../model/sync-id.ts'
import type { Lease, LeaseStore } from '../ports/lease-store.ts'
import { type RedisConnection, script } from '../redis/connection.ts'
import { requireSyncId } from './shared/argument-checks.ts'

/** Milliseconds after its last beat for which a lease is kept; whoever observes it has long seen it stand still by then. */
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

/** One hash for each sync, with the latest beat of each epoch. Whether an owner on another machine is gone is never known. */
export class RedisLeases implements LeaseStore {
  readonly #connection: RedisConnection
  readonly #instance = randomUUID()
  #beats = 0

  /** The connection is shared with the other drivers of this process, and closed by whoever made it. */
  constructor({ connection }: { readonly connection: RedisConnection }) {
    this.#connection = connection
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
    const beat = await this.#connection.run('could not be read', (client) =>
      client.hget(this.#key(syncId), String(epoch)),
    )
    return beat === null ? undefined : { heartbeat: beat, ownerIsGone: false }
  }

  async release(syncId: string, epoch: number): Promise<void> {
    if (!isSyncId(syncId)) return
    await this.#connection.runScript('could not be dropped', DROP, [this.#key(syncId)], [epoch])
  }

  async close(): Promise<void> {}

  #key(syncId: string): string {
    return `${this.#connection.prefix}lease:${syncId}`
  }
}
