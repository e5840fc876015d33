import type { FastifyReply, FastifyRequest } from 'fastify'
import { isTerminal, type Sync } from '../model/sync.ts'
import type { Clock } from '../ports/clock.ts'
import type { Caller } from '../syncs/caller.ts'
import type { SyncService } from '../syncs/sync-service.ts'
import { isNotModified, revisionETag } from './conditional-requests.ts'
import { sendSyncIfChanged } from './sync-response.ts'
import type { WatcherLimit } from './watcher-limit.ts'

/** Seconds that a request may wait at the most: less than the half minute after which proxies like to give up. */
export const LONGEST_WAIT_SECONDS = 25

interface WaitOptions {
  readonly service: SyncService
  readonly clock: Clock
  /** Where the place of a wait comes from, and who it counts for. */
  readonly watchers: WatcherLimit
  readonly owner: string
  readonly id: string
  readonly caller: Caller
}

/**
 * Answers `GET /syncs/:id` with `Prefer: wait=N`: once the sync is another than If-None-Match names, or without that
 * header once it has finished; at the latest after N seconds with what there is then. A finished sync never changes, so
 * it is never waited for. A preference that says nothing about waiting is answered at once, and so is one for which there
 * is no place: the client then polls, as `Retry-After` tells it, where it might take a 429 for the failure of its sync.
 */
export async function sendSyncAfterWait(
  request: FastifyRequest,
  reply: FastifyReply,
  { service, clock, watchers, owner, id, caller }: WaitOptions,
): Promise<void> {
  const { headers } = request
  const seconds = preferredWait(String(headers.prefer))
  let sync = await service.find(id, caller)
  const isAnswer = (found: Sync) =>
    isTerminal(found) ||
    (headers['if-none-match'] !== undefined && !isNotModified(headers, { etag: revisionETag(found) }))
  const mustWait = seconds !== undefined && seconds > 0 && !isAnswer(sync)
  const leave = mustWait ? watchers.take(owner, request) : undefined
  if (seconds !== undefined && (leave !== undefined || !mustWait)) reply.header('preference-applied', `wait=${seconds}`)
  if (seconds !== undefined && leave !== undefined) {
    const over = new AbortController()
    const stop = service.subscriptions.subscribe(id, (news) => {
      if (news.kind !== 'sync' || isAnswer(news.sync)) over.abort()
    })
    reply.raw.once('close', () => over.abort())
    await clock.sleep(seconds * 1000, over.signal)
    stop()
    leave()
    // Nobody is there to be answered.
    if (reply.raw.destroyed) {
      reply.hijack()
      return
    }
    sync = await service.find(id, caller)
  }
  sendSyncIfChanged(request, reply, sync)
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
