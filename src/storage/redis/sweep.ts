import { AppError } from '../../errors.ts'
import { isRemembered, isTerminal } from '../../model/sync.ts'
import { isNewerRecord } from '../../model/sync-record.ts'
import type { CleanupOptions, CleanupReport } from '../../ports/sync-storage.ts'
import type { RedisConnection, Script } from '../../redis/connection.ts'
import type { CachedSync } from '../shared/sync-cache.ts'
import { historyIndexesOf } from './record-text.ts'
import { ARCHIVE, keysOf, REMOVE, SET_ASIDE } from './scripts.ts'

/** Records that are read in one round trip. */
const BATCH = 100

/** Records that are removed between two looks at how much there is. */
const TOO_MUCH_BATCH = 20

/** Milliseconds for which an unreadable record is kept for the operator: 30 days. */
const KEPT_ASIDE_MS = 30 * 86_400_000

/** How long and how large a history is; nothing of it is kept for 0 ms. */
export interface RedisHistory {
  /** Milliseconds after its end for which a sync stays findable. */
  readonly ttlMs: number
  /** Bytes of its records; beyond them the oldest go. */
  readonly maxBytes: number
}

/**
 * Removes what the index by expiry names, or moves it into the history, if it has expired indeed, and sets unreadable records aside. Reads those that
 * have expired and the suspects (ids whose record was found unreadable or missing), and no others.
 */
export async function sweep(
  connection: RedisConnection,
  parse: (id: string, text: string) => CachedSync | AppError,
  suspects: readonly string[],
  history: RedisHistory,
  now: Date,
  { signal, rememberEnd }: CleanupOptions = {},
): Promise<CleanupReport> {
  const { prefix } = connection
  const doing = 'could not be swept'
  const removed: string[] = []
  const quarantined: string[] = []
  let leftovers = 0
  const horizon = now.getTime() - history.ttlMs

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
    if (isRemembered(sync)) await rememberEnd?.(sync)
    if (signal?.aborted) return true
    const isKept = Date.parse(sync.finishedAt) > horizon
    const answer = isKept
      ? await run(id, ARCHIVE, sync.revision, JSON.stringify(historyIndexesOf(sync)), Date.parse(sync.finishedAt))
      : await run(id, REMOVE, sync.revision)
    if (answer !== 1) return true
    removed.push(id)
    return false
  }

  /** The same of an index of the history, of which the sync goes. */
  async function dropOne(id: string, text: string): Promise<boolean> {
    const found = parse(id, text)
    if (found instanceof AppError) return sweepOne(id, text)
    if (signal?.aborted || (await run(id, REMOVE, found.sync.revision)) !== 1) return true
    removed.push(id)
    return false
  }

  /** Resolves to how many of the ids still stand in the index. */
  async function sweepAll(ids: readonly string[], sweep = sweepOne): Promise<number> {
    const keys = ids.map((id) => `${prefix}sync:${id}`)
    const texts = await connection.run(doing, (client) => client.mget(keys))
    const stay = await Promise.all(ids.map((id, n) => sweep(id, texts[n] ?? '')))
    return stay.filter(Boolean).length
  }

  async function dropOver(): Promise<void> {
    for (let skipped = 0; !signal?.aborted; ) {
      const ids = await connection.run(doing, (client) =>
        client.zrangebyscore(`${prefix}history-ends`, '-inf', horizon, 'LIMIT', skipped, BATCH),
      )
      if (ids.length === 0) return
      skipped += await sweepAll(ids, dropOne)
    }
  }

  async function dropTooMuch(): Promise<void> {
    for (let skipped = 0; !signal?.aborted; ) {
      const bytes = Number((await connection.run(doing, (client) => client.get(`${prefix}history-bytes`))) ?? 0)
      if (bytes <= history.maxBytes) return
      const ids = await connection.run(doing, (client) =>
        client.zrangebylex(`${prefix}history:syncs`, '-', '+', 'LIMIT', skipped, TOO_MUCH_BATCH),
      )
      if (ids.length === 0) return
      skipped += await sweepAll(ids, dropOne)
    }
  }

  for (let at = 0; at < suspects.length && !signal?.aborted; at += BATCH) await sweepAll(suspects.slice(at, at + BATCH))
  for (let skipped = 0; ; ) {
    const ids = await connection.run(doing, (client) =>
      client.zrangebyscore(`${prefix}expiry`, '-inf', now.getTime(), 'LIMIT', skipped, BATCH),
    )
    if (ids.length === 0 || signal?.aborted) break
    skipped += await sweepAll(ids)
  }
  await dropOver()
  await dropTooMuch()
  return { removed: removed.sort(), quarantined, leftovers }
}
