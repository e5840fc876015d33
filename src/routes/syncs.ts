import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Sync } from '../model/sync.ts'
import { isSearch } from '../model/sync-filter.ts'
import { syncRequestBody } from '../model/sync-request.ts'
import { syncView } from '../model/sync-view.ts'
import { parseTraceparent } from '../syncs/trace-context.ts'
import { idempotencyKey } from './idempotency-key.ts'
import { sendSyncAfterWait } from './long-poll.ts'
import { CODING_HEADERS, jsonResponse, problemResponses } from './response-schemas.ts'
import type { RouteDependencies } from './route-dependencies.ts'
import { syncFilterParams, toSyncFilter } from './sync-filters.ts'
import { type PieceQuery, sendSyncList } from './sync-list-response.ts'
import { accepted, sendSync, sendSyncIfChanged } from './sync-response.ts'
import { documentOnly, pageSizeParam, pageTokenParam, syncPath } from './validation.ts'

// Both are read as their RFCs say, which is to ignore what is not understood; so no poll pays for a check.
const watchHeaders = documentOnly(
  z.object({
    'if-none-match': z.string().optional().describe('The ETag of the revision that the client has'),
    prefer: z.string().optional().describe('wait=N: answer after N seconds (25 at the most) or when there is news'),
  }),
)

const startSync = {
  operationId: 'startSync',
  summary: 'Start a sync',
  description:
    'Records a sync durably and downloads the spreadsheet in the background. While the same download is active it is joined instead, unless ifActive is "start". With an Idempotency-Key the request may be sent again without fear: the same key and body is answered with the same sync, as it is by then, and "Idempotent-Replayed: true", or with 410 and how it ended (in `ended`) once the sync is forgotten; another body is refused with 422; while another process still works on the first request it is 409 with Retry-After (in the same process it waits for that answer). A refused request does not use up its key.',
  tags: ['syncs'],
  headers: z.object({
    'idempotency-key': idempotencyKey,
    traceparent: z
      .string()
      .optional()
      .describe('W3C Trace Context: the log of the sync carries its trace id; what is not valid is ignored'),
  }),
  body: syncRequestBody,
  response: {
    202: jsonResponse('The sync, recorded durably', syncView, {
      Location: 'Where the sync can be watched',
      'Operation-Location': 'The same',
      ETag: 'Its revision',
      'Retry-After': 'Seconds to wait before the first look, while it is active',
      'Idempotent-Replayed': '"true" when the sync was started by an earlier request with this key',
    }),
    ...problemResponses(400, 409, 410, 413, 415, 422, 429, 500, 503, 507),
  },
}

const getSync = {
  operationId: 'getSync',
  summary: 'Watch a sync',
  description:
    'The sync in whatever state it is. Poll it after pollAfterMs; send If-None-Match to get 304 while nothing has changed. With "Prefer: wait=N" the answer waits, N seconds or 25 at the most, until the revision is another than If-None-Match names, or without that header until the sync has finished; Preference-Applied says how long it may have waited; without it there was no place to wait, and the answer is the sync as it is now.',
  tags: ['syncs'],
  params: syncPath,
  headers: watchHeaders,
  response: {
    200: jsonResponse('The sync as it is now', syncView, {
      ETag: 'Its revision, for If-None-Match',
      'Retry-After': 'Seconds to wait before the next look, while it is active',
      'Preference-Applied': 'wait=N when the answer may have waited: N seconds at the most',
    }),
    304: z.undefined().describe('Nothing has changed'),
    ...problemResponses(400, 404, 500, 503),
  },
}

const pageOfSyncs = z
  .object({
    syncs: z.array(syncView).describe('Newest first'),
    nextPageToken: z.string().nullable().describe('Pass it as pageToken for the next page; null on the last one'),
  })
  .meta({ id: 'SyncPage' })

const listQuery = z.strictObject({
  ...syncFilterParams,
  pageSize: pageSizeParam.describe('How many syncs at the most, 1 to 1000'),
  pageToken: pageTokenParam,
})

const listSyncs = {
  operationId: 'listSyncs',
  summary: 'List syncs',
  description:
    'One page of syncs, newest first. A page may hold fewer than pageSize, even none: it ends where it has 4 MB, and it leaves out what the caller may not see, such as spreadsheets that the key is not for, and what tokens of other users have read: it ends after a second of passing over such syncs, or with label, code or q of search. nextPageToken says whether more may follow.',
  tags: ['syncs'],
  querystring: listQuery,
  response: { 200: jsonResponse('One page', pageOfSyncs, CODING_HEADERS), ...problemResponses(400, 406, 500, 503) },
}

/** Starting a sync, watching it, and all of them page by page. */
export const syncRoutes: FastifyPluginAsyncZod<RouteDependencies> = async (
  app,
  { service, starts, clock, callerOf, ownerOf, watchers, compression },
) => {
  app.post('/syncs', { schema: startSync }, async (request, reply) => {
    const caller = callerOf(request)
    const key = request.headers['idempotency-key']
    const traceparent = parseTraceparent(request.headers.traceparent)
    if (key !== undefined) {
      const { view, replayed } = await starts.start(key, request.body, caller, { traceparent })
      if (replayed) reply.header('idempotent-replayed', 'true')
      return sendSync(accepted(reply, view), view)
    }
    const sync = await service.start(request.body, caller, { traceparent })
    return sendSync(accepted(reply, sync), sync)
  })

  // Not async: a poll that is answered from memory should not pay for a promise.
  app.get('/syncs/:id', { config: { isPolled: true }, schema: getSync }, (request, reply) => {
    const { id } = request.params
    const caller = callerOf(request)
    if (request.headers.prefer !== undefined) {
      return sendSyncAfterWait(request, reply, { service, clock, watchers, owner: ownerOf(request), id, caller })
    }
    const sync = service.peek(id, caller)
    const send = (found: Sync) => void sendSyncIfChanged(request, reply, found)
    return sync instanceof Promise ? sync.then(send) : send(sync)
  })

  app.get('/syncs', { schema: listSyncs }, async (request, reply) => {
    const { pageSize, pageToken, ...query } = request.query
    const filter = toSyncFilter(query)
    const caller = callerOf(request)
    const list = (piece: PieceQuery) => service.list({ ...filter, ...piece }, caller)
    const page = { pageSize, pageToken, isSearch: isSearch(filter) }
    return sendSyncList(request, reply, page, list, { owner: ownerOf(request), compression, clock })
  })
}
