import type { FastifyReply, FastifyRequest } from 'fastify'
import { isTerminal, type Sync } from '../model/sync.ts'
import type { Clock } from '../ports/clock.ts'
import type { Caller } from '../syncs/caller.ts'
import type { SyncService } from '../syncs/sync-service.ts'
import { matchesWeakly, sendSyncIfChanged } from './sync-reply.ts'

/** Seconds that a request may wait at the most: less than the half minute after which proxies like to give up. */
export const LONGEST_WAIT_SECONDS = 25

export interface SyncWait {
  readonly service: SyncService
  readonly clock: Clock
  readonly id: string
  readonly caller: Caller
}

/**
 * Answers `GET /syncs/:id` with `Prefer: wait=N`: once the sync is another than If-None-Match names, or without that
 * header once it has finished; at the latest after N seconds with what there is then. A finished sync never changes, so
 * it is never waited for. A preference that says nothing about waiting is answered at once.
 */
export async function sendSyncAfterWait(
  request: FastifyRequest,
  reply: FastifyReply,
  { service, clock, id, caller }: SyncWait,
): Promise<void> {
  const seconds = preferredWait(String(request.headers.prefer))
  let sync = await service.find(id, caller)
  if (seconds !== undefined) {
    reply.header('preference-applied', `wait=${seconds}`)
    const condition = request.headers['if-none-match']
    const isAnswer = (found: Sync) =>
      isTerminal(found) || (condition !== undefined && !matchesWeakly(condition, `"${found.revision}"`))
    if (!isAnswer(sync) && seconds > 0) {
      await change({ service, clock, id, caller, isAnswer, ms: seconds * 1000, reply })
      // Nobody is there to be answered.
      if (reply.raw.destroyed) {
        reply.hijack()
        return
      }
      sync = await service.find(id, caller)
    }
  }
  sendSyncIfChanged(request, reply, sync)
}

/** Resolves when the sync is an answer or cannot be any more, the time is up, or the client has gone. */
async function change(
  wait: SyncWait & { readonly isAnswer: (sync: Sync) => boolean; readonly ms: number; readonly reply: FastifyReply },
): Promise<void> {
  const over = Promise.withResolvers<void>()
  const timer = new AbortController()
  const stop = wait.service.subscriptions.subscribe(wait.id, (change) => {
    if (change.kind !== 'sync' || wait.isAnswer(change.sync)) over.resolve()
  })
  wait.reply.raw.once('close', over.resolve)
  const timeUp = wait.clock.sleep(wait.ms, timer.signal).then(() => over.resolve())
  try {
    await over.promise
  } finally {
    stop()
    wait.reply.raw.removeListener('close', over.resolve)
    timer.abort()
    await timeUp
  }
}

/**
 * Whole seconds that a `Prefer` header (RFC 7240) asks to wait, {@link LONGEST_WAIT_SECONDS} at the most; `undefined` when
 * it asks for no wait or not in a way that is understood, which is to be ignored (section 2). The first `wait` counts.
 */
export function preferredWait(header: string): number | undefined {
  // Quoted text may hold commas; of such values only a number is of interest. The end of the header ends a quote too.
  const unquoted = header.replace(/"((?:[^"\\]|\\.)*)(?:"|\\?$)/g, (_, text: string) =>
    /^\d+$/.test(text) ? text : '?',
  )
  for (const preference of unquoted.split(',')) {
    const [name = '', value = ''] = (preference.split(';')[0] ?? '').split('=').map((part) => part.trim())
    if (name.toLowerCase() !== 'wait') continue
    return /^\d+$/.test(value) ? Math.min(Number(value), LONGEST_WAIT_SECONDS) : undefined
  }
  return undefined
}
