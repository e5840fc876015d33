import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { syncView } from '../syncs/sync-schema.ts'
import type { SyncService } from '../syncs/sync-service.ts'
import { jsonAnswer, problemAnswers } from './problems.ts'
import { sendSync } from './sync-reply.ts'
import { syncIdParam } from './validation.ts'

/** The webhook of a sync, once it has ended. */
export const syncWebhookRoutes: FastifyPluginAsyncZod<{ service: SyncService }> = async (app, { service }) => {
  app.post(
    '/syncs/:id/webhook/redeliver',
    {
      schema: {
        operationId: 'redeliverWebhook',
        summary: 'Send the webhook again',
        description:
          'Has the webhook of a finished sync sent at once, whatever came of it before, with the whole schedule of retries. The message keeps its webhook-id.',
        tags: ['syncs'],
        params: z.object({ id: syncIdParam }),
        response: {
          202: jsonAnswer('It will be sent; webhook.attempts shows what comes of it', syncView),
          ...problemAnswers(400, 404, 409, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const sync = await service.redeliver(request.params.id)
      return sendSync(reply.code(202), sync)
    },
  )
}
