import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { syncView } from '../model/sync-view.ts'
import { jsonResponse, problemResponses } from './response-schemas.ts'
import type { RouteDependencies } from './route-dependencies.ts'
import { sendSync } from './sync-response.ts'
import { syncPath } from './validation.ts'

/** The webhook of a sync, once it has ended. */
export const syncWebhookRoutes: FastifyPluginAsyncZod<RouteDependencies> = async (app, { service, callerOf }) => {
  app.post(
    '/syncs/:id/webhook/redeliver',
    {
      schema: {
        operationId: 'redeliverWebhook',
        summary: 'Send the webhook again',
        description:
          'Has the webhook of a finished sync sent at once, whatever came of it before, with the whole schedule of retries. The message keeps its webhook-id.',
        tags: ['syncs'],
        params: syncPath,
        response: {
          202: jsonResponse('It will be sent; webhook.attempts shows what comes of it', syncView),
          ...problemResponses(400, 404, 409, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const sync = await service.redeliver(request.params.id, callerOf(request))
      return sendSync(reply.code(202), sync)
    },
  )
}
