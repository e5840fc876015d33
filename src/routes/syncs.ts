import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { parseSpreadsheetReference } from '../model/spreadsheet-reference.ts'
import { SYNC_STATES, type SyncState } from '../model/sync.ts'
import { syncRequestBody } from '../model/sync-request.ts'
import { syncView, toView } from '../model/sync-view.ts'
import type { Clock } from '../ports/clock.ts'
import type { IdempotentRequests } from '../syncs/idempotent-requests.ts'
import type { SyncService } from '../syncs/sync-service.ts'
import { parseTraceparent } from '../syncs/trace-context.ts'
import type { CallerOf } from './access.ts'
import { idempotencyKey } from './idempotency-key.ts'
import { jsonAnswer, problemAnswers } from './problems.ts'
import { ifMatchRevisions, pointTo, sendSync, sendSyncIfChanged, sendView } from './sync-reply.ts'
import { sendSyncAfterWait } from './sync-wait.ts'
import { documentOnly, syncPath } from './validation.ts'

// Both are read as their RFCs say, which is to ignore what is not understood; so no poll pays for a check.
const watchHeaders = documentOnly(
  z.object({
    'if-none-match': z.string().optional().describe('The ETag of the revision that the client has'),
    prefer: z.string().optional().describe('wait=N: answer after N seconds (25 at the most) or when there is news'),
  }),
)

const pageOfSyncs = z
  .object({
    syncs: z.array(syncView).describe('Newest first'),
    nextPageToken: z.string().nullable().describe('Pass it as pageToken for the next page; null on the last one'),
  })
  .meta({ id: 'SyncPage' })

const listQuery = z.strictObject({
  state: z
    .string()
    .transform((text, context) => {
      const states = text.split(',')
      const unknown = states.filter((state) => !(SYNC_STATES as readonly string[]).includes(state))
      if (unknown.length === 0) return states as SyncState[]
      context.addIssue({
        code: 'custom',
        message: `must be one or more of ${SYNC_STATES.join(', ')}, separated by commas`,
      })
      return z.NEVER
    })
    .optional()
    .describe(`Only syncs in these states, separated by commas: ${SYNC_STATES.join(', ')}`),
  spreadsheet: z
    .string()
    .max(2048)
    .transform((text, context) => {
      const reference = parseSpreadsheetReference(text)
      if (!('message' in reference)) return reference.id
      context.addIssue({ code: 'custom', message: reference.message, params: { hint: reference.hint } })
      return z.NEVER
    })
    .optional()
    .describe('Only syncs of this spreadsheet: its id, or its URL'),
  pageSize: z
    .string()
    .regex(/^\d{1,4}$/, 'must be a whole number from 1 to 1000')
    .transform(Number)
    .refine((size) => size >= 1 && size <= 1000, 'must be a whole number from 1 to 1000')
    .default(50)
    .describe('How many syncs at the most, 1 to 1000'),
  pageToken: z.string().max(500).optional().describe('nextPageToken of the page before'),
})

export interface SyncRoutesOptions {
  readonly service: SyncService
  readonly starts: IdempotentRequests
  readonly clock: Clock
  readonly callerOf: CallerOf
}

/** The syncs themselves: start, watch, list, cancel, retry, forget. */
export const syncRoutes: FastifyPluginAsyncZod<SyncRoutesOptions> = async (
  app,
  { service, starts, clock, callerOf },
) => {
  app.post(
    '/syncs',
    {
      schema: {
        operationId: 'startSync',
        summary: 'Start a sync',
        description:
          'Records a sync durably and downloads the spreadsheet in the background. While the same download is active it is joined instead, unless ifActive is "start". With an Idempotency-Key the request may be sent again without fear: the same key and body is answered as the first time, with "Idempotent-Replayed: true"; another body is refused with 422; while another process still works on the first request it is 409 with Retry-After (in the same process it waits for that answer). A refused request does not use up its key.',
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
          202: jsonAnswer('The sync, recorded durably', syncView, {
            Location: 'Where the sync can be watched',
            'Operation-Location': 'The same',
            ETag: 'Its revision',
            'Retry-After': 'Seconds to wait before the first look',
            'Idempotent-Replayed': '"true" when this answer was given before',
          }),
          ...problemAnswers(400, 409, 413, 415, 422, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const key = request.headers['idempotency-key']
      const traceparent = parseTraceparent(request.headers.traceparent)
      if (key !== undefined) {
        const { view, replayed } = await starts.start(key, request.body, caller, { traceparent })
        if (replayed) reply.header('idempotent-replayed', 'true')
        return sendView(pointTo(reply.code(202), view).header('retry-after', '1'), view)
      }
      const sync = await service.start(request.body, caller, { traceparent })
      return sendSync(pointTo(reply.code(202), sync).header('retry-after', '1'), sync)
    },
  )

  app.get(
    '/syncs/:id',
    {
      config: { isPolled: true },
      schema: {
        operationId: 'getSync',
        summary: 'Watch a sync',
        description:
          'The sync in whatever state it is. Poll it after pollAfterMs; send If-None-Match to get 304 while nothing has changed. With "Prefer: wait=N" the answer waits, N seconds or 25 at the most, until the revision is another than If-None-Match names, or without that header until the sync has finished; Preference-Applied says how long it may have waited.',
        tags: ['syncs'],
        params: syncPath,
        headers: watchHeaders,
        response: {
          200: jsonAnswer('The sync as it is now', syncView, {
            ETag: 'Its revision, for If-None-Match',
            'Retry-After': 'Seconds to wait before the next look, while it is active',
            'Preference-Applied': 'wait=N when the answer may have waited: N seconds at the most',
          }),
          304: z.undefined().describe('Nothing has changed'),
          ...problemAnswers(400, 404, 500, 503),
        },
      },
    },
    // Not async: a poll that is answered from memory should not pay for a promise.
    (request, reply) => {
      const caller = callerOf(request)
      if (request.headers.prefer !== undefined) {
        return sendSyncAfterWait(request, reply, { service, clock, id: request.params.id, caller })
      }
      const sync = service.peek(request.params.id, caller)
      if (!(sync instanceof Promise)) {
        sendSyncIfChanged(request, reply, sync)
        return
      }
      return sync.then((found) => {
        sendSyncIfChanged(request, reply, found)
      })
    },
  )

  app.get(
    '/syncs',
    {
      schema: {
        operationId: 'listSyncs',
        summary: 'List syncs',
        description: 'One page of syncs, newest first.',
        tags: ['syncs'],
        querystring: listQuery,
        response: { 200: jsonAnswer('One page', pageOfSyncs), ...problemAnswers(400, 500, 503) },
      },
    },
    async (request) => {
      const { state, spreadsheet, pageSize, pageToken } = request.query
      const query = {
        pageSize,
        ...(state === undefined ? {} : { states: state }),
        ...(spreadsheet === undefined ? {} : { spreadsheetId: spreadsheet }),
        ...(pageToken === undefined ? {} : { pageToken }),
      }
      const page = await service.list(query, callerOf(request))
      return { syncs: page.syncs.map(toView), nextPageToken: page.nextPageToken ?? null }
    },
  )

  app.post(
    '/syncs/:id/cancel',
    {
      schema: {
        operationId: 'cancelSync',
        summary: 'Cancel a sync',
        description: 'Asks an active sync to end. 200 if it had been cancelled before.',
        tags: ['syncs'],
        params: syncPath,
        response: {
          202: jsonAnswer('The cancellation is recorded', syncView),
          200: jsonAnswer('It was cancelled before', syncView),
          ...problemAnswers(400, 404, 409, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const { sync, already } = await service.cancel(request.params.id, callerOf(request))
      return sendSync(reply.code(already ? 200 : 202), sync)
    },
  )

  app.post(
    '/syncs/:id/retry',
    {
      schema: {
        operationId: 'retrySync',
        summary: 'Retry a sync',
        description: 'Starts the download of a failed or cancelled sync once more, under a new id.',
        tags: ['syncs'],
        params: syncPath,
        response: { 202: jsonAnswer('The new sync', syncView), ...problemAnswers(400, 404, 409, 500, 503) },
      },
    },
    async (request, reply) => {
      const sync = await service.retry(request.params.id, callerOf(request))
      return sendSync(pointTo(reply.code(202), sync).header('retry-after', '1'), sync)
    },
  )

  app.delete(
    '/syncs/:id',
    {
      schema: {
        operationId: 'deleteSync',
        summary: 'Forget a sync',
        description: 'Removes the status of a finished sync. Its rows stay under /spreadsheets/{spreadsheetId}.',
        tags: ['syncs'],
        params: syncPath,
        headers: z.object({ 'if-match': z.string().optional().describe('Forget it only in this revision: its ETag') }),
        response: { 204: z.undefined().describe('Forgotten'), ...problemAnswers(400, 404, 409, 412, 500, 503) },
      },
    },
    async (request, reply) => {
      await service.remove(request.params.id, callerOf(request), ifMatchRevisions(request.headers['if-match']))
      return reply.code(204).send()
    },
  )
}
