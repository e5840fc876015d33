import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Database } from '../../src/database/database.ts'
import { AppError } from '../../src/errors.ts'
import type { Sync } from '../../src/model/sync.ts'
import { silentLog } from '../../src/ports/log.ts'
import type { SyncStorage } from '../../src/ports/sync-storage.ts'
import { RedisConnection } from '../../src/redis/connection.ts'
import { DatabaseStorage } from '../../src/storage/database-storage.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { RedisStorage } from '../../src/storage/redis-storage.ts'
import { systemClock } from '../../src/system-clock.ts'
import { Random } from '../crash/simulation/random.ts'
import { aQueuedSync } from '../support/syncs.ts'
import type { StorageAnswer, StorageCall, Version } from './sync-model.ts'

/** What a client is told on its command line, as JSON. */
export interface ClientOptions {
  readonly name: string
  readonly seed: number
  /** A folder, a server and a prefix, a server and a schema. */
  readonly place:
    | { readonly kind: 'file'; readonly directory: string }
    | { readonly kind: 'redis'; readonly url: string; readonly prefix: string }
    | { readonly kind: 'postgres'; readonly url: string; readonly schema: string }
  /** The ids of each round, which all clients use at the same time. */
  readonly rounds: readonly (readonly string[])[]
  readonly roundMs: number
  /** `stale`: reads are answered from a cache of 30 ms, as a store that promises too much would. */
  readonly fault?: 'stale' | undefined
}

/** A line of output: a call before it is made, or its answer. */
export type Line =
  | { readonly key: string; readonly id: string; readonly at: number; readonly call: StorageCall }
  | { readonly key: string; readonly at: number; readonly answer: StorageAnswer }
  | { readonly key: string; readonly failed: string }

/** Calls of one client under way at a time. */
const LOOPS = 2

/** What a storage may answer without a promise of what has become of the call. */
const UNCERTAIN = ['STORAGE_UNAVAILABLE', 'STORAGE_FULL']

/** Milliseconds of CLOCK_MONOTONIC. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

function tell(line: Line): void {
  writeSync(1, `${JSON.stringify(line)}\n`)
}

function open(place: ClientOptions['place']): SyncStorage {
  const common = { clock: systemClock, log: silentLog }
  switch (place.kind) {
    case 'file':
      return new FileStorage({ directory: place.directory, ...common })
    case 'redis':
      return new RedisStorage({ connection: new RedisConnection({ ...place, ...common }), ...common })
    case 'postgres':
      return new DatabaseStorage({ database: new Database({ ...place, connections: 4, ...common }), ...common })
  }
}

function versionOf(sync: Sync | undefined): Version | null {
  return sync === undefined ? null : { revision: sync.revision, token: sync.labels.token ?? '' }
}

/** `seen`: the version that the caller knows of last; nothing that was there once is likely to be created again. */
function chooseCall(random: Random, seen: Version | undefined, token: string): StorageCall {
  const dice = random.below(100)
  if (dice < 45) return { kind: 'get' }
  if (seen === undefined || dice < 47) return { kind: 'create', version: { revision: 1, token } }
  // Mostly what was seen last, and now and then what is certainly behind.
  const expected = dice < 95 ? seen.revision : Math.max(1, seen.revision - 1)
  if (dice < 93) return { kind: 'replace', version: { revision: expected + 1, token }, expected }
  return { kind: 'remove', expected }
}

async function carryOut(storage: SyncStorage, id: string, call: StorageCall, isPeek: boolean): Promise<StorageAnswer> {
  const syncAt = ({ revision, token }: Version): Sync => ({ ...aQueuedSync({ labels: { token } }), id, revision })
  switch (call.kind) {
    case 'get':
      return { found: versionOf(isPeek ? await storage.peek(id) : await storage.get(id)) }
    case 'create':
      try {
        await storage.create(syncAt(call.version))
        return { done: true }
      } catch (error) {
        if (error instanceof AppError && error.code === 'SYNC_EXISTS') return { done: false }
        throw error
      }
    case 'replace':
      return {
        done: await storage.replace(syncAt(call.version), call.expected, { durable: call.version.revision % 2 === 0 }),
      }
    case 'remove':
      return { done: await storage.remove(id, call.expected) }
  }
}

/**
 * Makes calls until it is killed, or the last round is over. Says that it is ready, and is answered when the first round
 * begins, on the monotonic clock, which all processes of a machine share.
 */
async function main({ name, seed, place, rounds, roundMs, fault }: ClientOptions): Promise<void> {
  const random = new Random(seed)
  const storage = open(place)
  await storage.start()
  process.send?.('ready')
  const [startMs] = (await once(process, 'message')) as [number]
  const seen = new Map<string, Version>()
  const cached = new Map<string, { readonly at: number; readonly answer: StorageAnswer }>()
  let count = 0

  async function loop(): Promise<void> {
    for (;;) {
      const ids = rounds[Math.floor((monotonicMs() - startMs) / roundMs)]
      if (ids === undefined) return
      const id = random.pick([...ids])
      const key = `${name}-${count++}`
      const call = chooseCall(random, seen.get(id), key)
      tell({ key, id, at: monotonicMs(), call })
      try {
        const known = cached.get(id)
        const isStale = fault === 'stale' && call.kind === 'get' && known !== undefined && monotonicMs() - known.at < 30
        const answer = isStale ? known.answer : await carryOut(storage, id, call, random.chance(0.3))
        const at = monotonicMs()
        if (!isStale && 'found' in answer) cached.set(id, { at, answer })
        const latest = 'found' in answer ? answer.found : answer.done && 'version' in call ? call.version : null
        if (latest !== null) seen.set(id, latest)
        tell({ key, at, answer })
      } catch (error) {
        if (!(error instanceof AppError) || !UNCERTAIN.includes(error.code)) tell({ key, failed: String(error) })
      }
      await delay(random.below(12))
    }
  }

  await delay(Math.max(0, startMs - monotonicMs()))
  await Promise.all(Array.from({ length: LOOPS }, loop))
  process.exit(0)
}

const [options] = process.argv.slice(2)
if (options !== undefined && import.meta.main) await main(JSON.parse(options) as ClientOptions)
