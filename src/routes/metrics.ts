import type { FastifyInstance, onResponseHookHandler, RouteOptions } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Metrics, RouteCounter } from '../ports/metrics.ts'
import type { Authentication } from './authentication.ts'
import type { Compression } from './compression.ts'
import { sendEncoded } from './encoded-answer.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Asked for by the thousand: counted when the handler is done, as a listener to the end of an answer costs a tenth. */
    readonly isPolled?: boolean
  }
}

/** Counts the answers of every route that is added from now on, by method, path and status. */
export function countAnswers(app: FastifyInstance, metrics: Pick<Metrics, 'route'>): void {
  app.addHook('onRoute', (route) => {
    // Hooks of each route's own find its counter without a lookup.
    const counters = new Map([route.method].flat().map((method) => [method, metrics.route(method, route.url)]))
    const [only] = counters.values()
    if (only !== undefined && route.config?.isPolled) return countPolls(app, route, only)
    const countAnswer: onResponseHookHandler = (request, reply, done) => {
      counters.get(request.method)?.(reply.statusCode, reply.elapsedTime / 1000)
      done()
    }
    route.onResponse = [route.onResponse ?? [], countAnswer].flat()
  })
}

function countPolls(app: FastifyInstance, route: RouteOptions, count: RouteCounter): void {
  const { handler } = route
  route.handler = function (this: FastifyInstance, request, reply) {
    const result: unknown = handler.call(this, request, reply)
    if (!(result instanceof Promise)) {
      // Answered from memory, in microseconds: not worth reading the clock twice.
      count(reply.statusCode, 0)
      return result
    }
    const begun = performance.now()
    return result.then((value: unknown) => {
      count(reply.statusCode, (performance.now() - begun) / 1000)
      return value
    })
  }
  // What throws, here or before the handler, has its status from the error.
  route.errorHandler = (error, request, reply) => {
    app.errorHandler(error, request, reply)
    count(reply.statusCode, 0)
  }
}

const readMetrics = {
  operationId: 'metrics',
  summary: 'Read the counts of this process',
  description:
    'In the text format of Prometheus: names begin with sheetsync_ and end in their unit; those of the process have their usual names.',
  tags: ['operations'],
  response: { 200: { description: 'The counts', content: { 'text/plain': { schema: z.string() } } } },
}

interface MetricsRouteOptions {
  readonly metrics: { readonly contentType: string; text(): Promise<string> }
  readonly compression: Compression
  readonly ownerOf: Authentication['ownerOf']
}

/** What the service counts, for Prometheus. */
export const metricsRoutes: FastifyPluginAsyncZod<MetricsRouteOptions> = async (
  app,
  { metrics, compression, ownerOf },
) => {
  app.get('/metrics', { schema: readMetrics }, async (request, reply) => {
    const text = Buffer.from(await metrics.text())
    return sendEncoded(request, reply.type(metrics.contentType), text, { owner: ownerOf(request), compression })
  })
}
