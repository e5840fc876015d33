import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { syncView } from '../model/sync-view.ts'
import { ifMatchRevisions } from './conditional-requests.ts'
import { jsonResponse, problemResponses } from './response-schemas.ts'
import type { RouteDependencies } from './route-dependencies.ts'
import { accepted, sendSync } from './sync-response.ts'
import { syncPath } from './validation.ts'

const cancelSync = {
  operationId: 'cancelSync',
  summary: 'Cancel a sync',
  description: 'Asks an active sync to end. 200 if it had been cancelled before.',
  tags: ['syncs'],
  params: syncPath,
  response: {
    202: jsonResponse('The cancellation is recorded', syncView),
    200: jsonResponse('It was cancelled before', syncView),
    ...problemResponses(400, 404, 409, 500, 503),
  },
}

const retrySync = {
  operationId: 'retrySync',
  summary: 'Retry a sync',
  description: 'Starts the download of a failed or cancelled sync once more, under a new id.',
  tags: ['syncs'],
  params: syncPath,
  response: { 202: jsonResponse('The new sync', syncView), ...problemResponses(400, 404, 409, 422, 500, 503, 507) },
}

const deleteSync = {
  operationId: 'deleteSync',
  summary: 'Forget a sync',
  description: 'Removes the status of a finished sync. Its rows stay under /spreadsheets/{spreadsheetId}.',
  tags: ['syncs'],
  params: syncPath,
  headers: z.object({ 'if-match': z.string().optional().describe('Forget it only in this revision: its ETag') }),
  response: { 204: z.undefined().describe('Forgotten'), ...problemResponses(400, 404, 409, 412, 500, 503) },
}

const redeliverWebhook = {
  operationId: 'redeliverWebhook',
  summary: 'Send the webhook again',
  description:
    'Has the webhook of a finished sync sent at once, whatever came of it before, with the whole schedule of retries. The message keeps its webhook-id. Changes nothing while it is about to be sent; 429 when it was sent five times within a minute.',
  tags: ['syncs'],
  params: syncPath,
  response: {
    202: jsonResponse('It will be sent; webhook.attempts shows what comes of it', syncView),
    ...problemResponses(400, 404, 409, 429, 500, 503),
  },
}

/** What can be done with a sync that is there: cancel, retry, forget. */
export const syncActionRoutes: FastifyPluginAsyncZod<RouteDependencies> = async (app, { service, callerOf }) => {
  app.post('/syncs/:id/cancel', { schema: cancelSync }, async (request, reply) => {
    const { sync, already } = await service.cancel(request.params.id, callerOf(request))
    return sendSync(reply.code(already ? 200 : 202), sync)
  })

  app.post('/syncs/:id/retry', { schema: retrySync }, async (request, reply) => {
    const sync = await service.retry(request.params.id, callerOf(request))
    return sendSync(accepted(reply, sync), sync)
  })

  app.delete('/syncs/:id', { schema: deleteSync }, async (request, reply) => {
    await service.remove(request.params.id, callerOf(request), ifMatchRevisions(request.headers['if-match']))
    return reply.code(204).send()
  })
}

/** The webhook of a sync, once it has ended. */
export const syncWebhookRoutes: FastifyPluginAsyncZod<RouteDependencies> = async (app, { service, callerOf }) => {
  app.post('/syncs/:id/webhook/redeliver', { schema: redeliverWebhook }, async (request, reply) => {
    const sync = await service.redeliver(request.params.id, callerOf(request))
    return sendSync(reply.code(202), sync)
  })
}
