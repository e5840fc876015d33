import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { jsonResponse, problemResponses } from './response-schemas.ts'

const health = z.object({ status: z.literal('ok') })

export interface HealthOptions {
  /** Resolves when requests can be served; rejects with an AppError that says why not. */
  readonly checkReady: () => Promise<void>
}

const liveness = {
  operationId: 'livez',
  summary: 'Is the process alive',
  description: 'Depends on nothing else; restart the process when this does not answer.',
  tags: ['operations'],
  response: { 200: jsonResponse('It is', health) },
}

const readiness = {
  operationId: 'readyz',
  summary: 'Can requests be served',
  description:
    'Whether syncs can be recorded now, what an earlier process left was found, and the service is not stopping.',
  tags: ['operations'],
  response: { 200: jsonResponse('They can', health), ...problemResponses(503) },
}

/** Liveness, which depends on nothing, and readiness, which checks the storage. */
export const healthRoutes: FastifyPluginAsyncZod<HealthOptions> = async (app, { checkReady }) => {
  app.get('/livez', { schema: liveness }, async () => ({ status: 'ok' as const }))
  app.get('/readyz', { schema: readiness }, async () => {
    await checkReady()
    return { status: 'ok' as const }
  })
}
