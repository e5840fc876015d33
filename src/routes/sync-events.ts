import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { toProblem } from '../model/problem.ts'
import { isTerminal, type Sync } from '../model/sync.ts'
import { serializeView } from '../model/sync-view.ts'
import type { SyncChange } from '../syncs/sync-subscriptions.ts'
import { EventStreams } from './event-streams.ts'
import { comeBackLater, encodeEvent, openEventStream, RETRY_MS, takePlace } from './open-event-stream.ts'
import { toAppError } from './problem-details.ts'
import { problemResponses } from './response-schemas.ts'
import type { RouteDependencies } from './route-dependencies.ts'
import { syncPath } from './validation.ts'

const FAILED = 'a sync that is streamed cannot be read; its streams end'

const DESCRIPTION = `\
Server-sent events (WHATWG HTML, section 9.2), as EventSource reads them:

- \`sync\`: the sync as it is now, as GET /syncs/{id} answers it; \`id:\` is its revision. The first comes at once, the next
  with each change; a slow reader misses revisions in between, never the last one. The stream ends after the one whose
  \`finishedAt\` is set.
- \`deleted\`: the sync was forgotten; data is \`{"id": …}\`. The stream ends.
- \`problem\`: the sync cannot be read any more; data is a Problem. The stream ends.

A comment comes at least every 15 seconds. After a break EventSource sends Last-Event-ID by itself: with the current
revision nothing is sent until the next change, unless the sync has finished; then it is sent again. The last event is
followed by an id without an event, so that an EventSource that nobody closed is answered 204 when it comes back, and
stops. A reader that takes nothing for 20 seconds is dropped.`

const streamSync = {
  operationId: 'streamSync',
  summary: 'Stream a sync',
  description: DESCRIPTION,
  tags: ['syncs'],
  params: syncPath,
  headers: z.object({
    'last-event-id': z
      .string()
      .max(100, 'is longer than any event id')
      .optional()
      .describe('The id of the last event that was read'),
  }),
  response: {
    200: { description: 'The events', content: { 'text/event-stream': { schema: z.string() } } },
    204: z.undefined().describe('The client has had the last event; it need not come back'),
    ...problemResponses(400, 404, 429, 500, 503),
  },
}

/** Progress as a stream of events. */
export const syncEventRoutes: FastifyPluginAsyncZod<RouteDependencies> = async (
  app,
  { service, clock, log, callerOf, ownerOf, watchers },
) => {
  /** What was logged: the streams of one sync meet the same failure. */
  const logged = new WeakSet<object>()
  const streams = new EventStreams(clock, log)
  app.get('/syncs/:id/events', { schema: streamSync }, async (request, reply) => {
    const { id } = request.params
    const caller = callerOf(request)
    const lastEventId = request.headers['last-event-id']
    const sync = await service.find(id, caller)
    if (isTerminal(sync) && lastEventId === endId(sync)) return reply.code(204).send()

    const leave = takePlace(watchers, ownerOf(request), request)
    const response = openEventStream(request, reply, leave)
    if (response === undefined) return reply
    const stream = streams.open(response, () => stop())
    response.write(`retry: ${RETRY_MS}\n\n`)
    let sentRevision = lastEventId === String(sync.revision) && !isTerminal(sync) ? sync.revision : 0
    const stop = service.subscriptions.subscribe(id, (news: SyncChange) => {
      switch (news.kind) {
        case 'sync':
          if (news.sync.revision <= sentRevision) return
          sentRevision = news.sync.revision
          if (isTerminal(news.sync)) stream.finish(eventOf(news.sync))
          else stream.send(eventOf(news.sync))
          return
        case 'gone':
          return stream.finish(encodeEvent('deleted', JSON.stringify({ id })))
        case 'unreadable': {
          const error = toAppError(news.error)
          const thrown: object = Object(news.error)
          if (!logged.has(thrown))
            log.error({ err: error, code: error.code, requestId: request.id, syncId: id }, FAILED)
          logged.add(thrown)
          return stream.finish(encodeEvent('problem', JSON.stringify(toProblem(error, request.id))))
        }
        case 'draining':
          return stream.finishNow(comeBackLater())
      }
    })
    return reply
  })
}

/** The event of each sync that is in memory, shared by all of its streams. */
const events = new WeakMap<Sync, Buffer>()

function eventOf(sync: Sync): Buffer {
  const known = events.get(sync)
  if (known !== undefined) return known
  const data = serializeView(sync)
  // An id without data is kept by the client and not dispatched (section 9.2.6).
  const end = isTerminal(sync) ? `id: ${endId(sync)}\n\n` : ''
  const event = Buffer.from(`id: ${sync.revision}\n${encodeEvent('sync', data)}${end}`)
  events.set(sync, event)
  return event
}

/** What a client that has had the last event comes back with. */
function endId(sync: Sync): string {
  return `${sync.revision}-end`
}
