import { AppError } from '../../errors.ts'
import { isTerminal } from '../../model/sync.ts'
import { isNewerRecord } from '../../model/sync-record.ts'
import type { CleanupReport } from '../../ports/sync-storage.ts'
import type { RedisConnection } from '../../redis/connection.ts'
import { parseRecord, recordOf } from './record-text.ts'
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
  suspects: readonly string[],
  now: Date,
): Promise<CleanupReport> {
  const { prefix } = connection
  const removed: string[] = []
  const quarantined: string[] = []
  let leftovers = 0
  const run = (id: string, script: typeof REMOVE, ...args: (string | number)[]) =>
    connection.runScript('could not be swept', script, keysOf(prefix, id), [prefix, id, ...args])

  /** Resolves to whether the id still stands in the index. */
  async function settle(id: string, text: string | null): Promise<boolean> {
    const sync = text === null ? undefined : parseRecord(id, recordOf(text))
    if (isNewerRecord(sync)) return true
    if (sync === undefined || sync instanceof AppError) {
      const answer = await run(id, SET_ASIDE, text ?? '', KEPT_ASIDE_MS)
      if (answer === 1) quarantined.push(`${prefix}unreadable:${id}`)
      if (answer === 2) leftovers++
      return answer === 0
    }
    if (!isTerminal(sync) || Date.parse(sync.expiresAt) > now.getTime()) return true
    if ((await run(id, REMOVE, sync.revision)) !== 1) return true
    removed.push(id)
    return false
  }

  async function settleAll(ids: readonly string[]): Promise<number> {
    const texts = await connection.run('could not be swept', (client) =>
      client.mget(ids.map((id) => `${prefix}sync:${id}`)),
    )
    const stay = await Promise.all(ids.map((id, n) => settle(id, texts[n] ?? null)))
    return stay.filter(Boolean).length
  }

  for (let at = 0; at < suspects.length; at += BATCH) await settleAll(suspects.slice(at, at + BATCH))
  for (let skipped = 0; ; ) {
    const ids = await connection.run('could not be swept', (client) =>
      client.zrangebyscore(`${prefix}expiry`, '-inf', now.getTime(), 'LIMIT', skipped, BATCH),
    )
    if (ids.length === 0) break
    skipped += await settleAll(ids)
  }
  return { removed: removed.sort(), quarantined, leftovers }
}
