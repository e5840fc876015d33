import { AppError } from '../../errors.ts'
import { isTerminal } from '../../model/sync.ts'
import { isNewerRecord } from '../../model/sync-record.ts'
import type { CleanupOptions, CleanupReport } from '../../ports/sync-storage.ts'
import type { RedisConnection, Script } from '../../redis/connection.ts'
import type { CachedSync } from '../shared/sync-cache.ts'
import { keysOf, REMOVE, SET_ASIDE } from './scripts.ts'

/** Records that are read in one round trip. */
const BATCH = 100

/** Milliseconds for which an unreadable record is kept for the operator: 30 days. */
const KEPT_ASIDE_MS = 30 * 86_400_000

/**
 * Removes what the index by expiry names, if it has expired indeed, and sets unreadable records aside. Reads those that
 * have expired and the suspects (ids whose record was found unreadable or missing), and no others.
 */
export async function sweep(
  connection: RedisConnection,
  parse: (id: string, text: string) => CachedSync | AppError,
  suspects: readonly string[],
  now: Date,
  { signal, rememberEnd }: CleanupOptions = {},
): Promise<CleanupReport> {
  const { prefix } = connection
  const doing = 'could not be swept'
  const removed: string[] = []
  const quarantined: string[] = []
  let leftovers = 0

  const run = (id: string, script: Script, ...args: (string | number)[]) =>
    connection.runScript(doing, script, keysOf(prefix, id), [prefix, id, ...args])

  /** Resolves to whether the id still stands in the index. */
  async function sweepOne(id: string, text: string): Promise<boolean> {
    const found = parse(id, text)
    if (found instanceof AppError) {
      if (isNewerRecord(found)) return true
      const answer = await run(id, SET_ASIDE, text, KEPT_ASIDE_MS)
      if (answer === 1) quarantined.push(`${prefix}unreadable:${id}`)
      if (answer === 2) leftovers++
      return answer === 0
    }
    const { sync } = found
    if (!isTerminal(sync) || Date.parse(sync.expiresAt) > now.getTime()) return true
    if (sync.keyed) await rememberEnd?.(sync)
    if (signal?.aborted || (await run(id, REMOVE, sync.revision)) !== 1) return true
    removed.push(id)
    return false
  }

  /** Resolves to how many of the ids still stand in the index. */
  async function sweepAll(ids: readonly string[]): Promise<number> {
    const keys = ids.map((id) => `${prefix}sync:${id}`)
    const texts = await connection.run(doing, (client) => client.mget(keys))
    const stay = await Promise.all(ids.map((id, n) => sweepOne(id, texts[n] ?? '')))
    return stay.filter(Boolean).length
  }

  for (let at = 0; at < suspects.length && !signal?.aborted; at += BATCH) await sweepAll(suspects.slice(at, at + BATCH))
  for (let skipped = 0; ; ) {
    const ids = await connection.run(doing, (client) =>
      client.zrangebyscore(`${prefix}expiry`, '-inf', now.getTime(), 'LIMIT', skipped, BATCH),
    )
    if (ids.length === 0 || signal?.aborted) return { removed: removed.sort(), quarantined, leftovers }
    skipped += await sweepAll(ids)
  }
}
