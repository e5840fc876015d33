import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Sync } from '../model/sync.ts'
import type { SyncListChange } from '../syncs/sync-list-subscriptions.ts'
import { type EventStream, EventStreams } from './event-streams.ts'
import { ListEventBuffer } from './list-event-buffer.ts'
import { comeBackLater, encodeEvent, openEventStream, RETRY_MS, takePlace } from './open-event-stream.ts'
import { problemResponses } from './response-schemas.ts'
import type { RouteDependencies } from './route-dependencies.ts'
import { syncFilterParams, toSyncFilter } from './sync-filters.ts'
import { encodeIfReadable } from './sync-response.ts'

const DESCRIPTION = `\
Server-sent events (WHATWG HTML, section 9.2) about the syncs that GET /syncs lists with the same filters:

- \`ready\`: every change from now on will be told. The client lists the syncs then; the stream does not tell what there was.
- \`sync\`: a sync of the list that is new or has changed, as GET /syncs/{id} answers it; at most four times a second for each.
- \`removed\`: a sync that was forgotten, or that the filters match no more; data is \`{"id": …}\`. It may never have been listed.
- \`reset\`: changes cannot be told one by one, as after a break of the storage, or where too many came at once. The client
  lists the syncs again.

The data of \`ready\` and \`reset\` is \`{}\`. A change comes within a second, whichever instance has made it. What a stream that
broke has missed is not sent again: the client lists anew at each \`ready\`. A comment comes at least every 15 seconds. A
reader that takes nothing for 20 seconds is dropped; a slow one gets the latest of several changes, or a \`reset\`.`

const streamSyncs = {
  operationId: 'streamSyncs',
  summary: 'Stream the list of syncs',
  description: DESCRIPTION,
  tags: ['syncs'],
  querystring: z.strictObject(syncFilterParams),
  response: {
    200: { description: 'The events', content: { 'text/event-stream': { schema: z.string() } } },
    ...problemResponses(400, 429, 500, 503),
  },
}

const READY = [Buffer.from(`retry: ${RETRY_MS}\n\n`), encodeEvent('ready', '{}')]

/** The list of syncs as a stream of its changes. */
export const syncListEventRoutes: FastifyPluginAsyncZod<RouteDependencies> = async (
  app,
  { service, clock, log, callerOf, ownerOf, watchers },
) => {
  const streams = new EventStreams(clock, log)
  app.get('/syncs/events', { schema: streamSyncs }, async (request, reply) => {
    const list = { caller: callerOf(request), filter: toSyncFilter(request.query) }
    const leave = takePlace(watchers, ownerOf(request), request)
    const buffer = new ListEventBuffer(clock)
    let stream: EventStream | undefined
    let isDraining = false
    const flush = () => {
      if (isDraining) stream?.finishNow(comeBackLater())
      else if (stream?.isTaken) stream.send(buffer.take())
    }
    const take = (changes: readonly SyncListChange[]) => {
      for (const change of changes) {
        if (change.kind === 'draining') isDraining = true
        else if (change.kind === 'reset') buffer.reset()
        else buffer.add(...eventOf(change))
      }
      flush()
    }
    const stop = await service.listSubscriptions.subscribe(list, take).catch((error) => {
      leave()
      throw error
    })
    const response = openEventStream(request, reply, () => {
      leave()
      stop()
    })
    if (response === undefined) return reply
    stream = streams.open(response, () => {})
    if (isDraining) flush()
    else stream.send(READY)
    return reply
  })
}

/** The event of each sync that is in memory, shared by all of the streams. */
const events = new WeakMap<Sync, Buffer>()

/** What a change is about, and its event. A sync that contradicts its schema is in no list. */
function eventOf(change: Extract<SyncListChange, { kind: 'sync' | 'removed' }>): [id: string, event: Buffer] {
  const { id } = change.kind === 'sync' ? change.sync : change
  const body = change.kind === 'sync' ? encodeIfReadable(change.sync) : undefined
  if (change.kind === 'removed' || body === undefined) return [id, encodeEvent('removed', JSON.stringify({ id }))]
  const known = events.get(change.sync)
  if (known !== undefined) return [id, known]
  const head = Buffer.from(`id: ${id} ${change.sync.revision}\nevent: sync\ndata: `)
  const event = Buffer.concat([head, body, Buffer.from('\n\n')])
  events.set(change.sync, event)
  return [id, event]
}
