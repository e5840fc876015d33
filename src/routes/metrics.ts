import type { FastifyInstance } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Metrics } from '../metrics/metrics.ts'

/** Counts the answers of every route that is added from now on. */
export function countAnswers(app: FastifyInstance, metrics: Pick<Metrics, 'route'>): void {
  app.addHook('onRoute', (route) => {
    // A hook of each route's own finds its counts without a lookup, which polls would pay for.
    const methods = new Map([route.method].flat().map((method) => [method, metrics.route(method, route.url)]))
    const [only] = methods.size === 1 ? methods.values() : []
    const count: typeof route.onResponse = (request, reply, done) => {
      const counts = only ?? methods.get(request.method)
      counts?.answered(reply.statusCode, reply.elapsedTime / 1000)
      done()
    }
    route.onResponse = [...[route.onResponse ?? []].flat(), count]
  })
}

export interface MetricsRouteOptions {
  readonly metrics: { readonly contentType: string; text(): Promise<string> }
}

/** What the service counts, for Prometheus. */
export const metricsRoutes: FastifyPluginAsyncZod<MetricsRouteOptions> = async (app, { metrics }) => {
  app.get(
    '/metrics',
    {
      schema: {
        operationId: 'metrics',
        summary: 'Read the counts of this process',
        description:
          'In the text format of Prometheus: names begin with sheetsync_ and end in their unit; those of the process have their usual names.',
        tags: ['operations'],
        response: {
          200: { description: 'The counts', content: { 'text/plain': { schema: z.string() } } },
        },
      },
      // Text is sent as it is.
      serializerCompiler: () => (text) => String(text),
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  )
}
