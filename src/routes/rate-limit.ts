import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../errors.ts'
import type { RequestCounts } from './request-counts.ts'

/**
 * GET of these is never counted: whoever watches a sync is not to be punished for it, a load balancer that is answered 429
 * takes the instance for unhealthy, and the page has dozens of files, all in memory.
 */
const UNCOUNTED: ReadonlySet<string> = new Set([
  '/syncs/:id',
  '/syncs/:id/events',
  '/syncs/events',
  '/livez',
  '/readyz',
  '/',
  '/web/:release/*',
])

/** Counts a request and says so in its answer; what comes back is why it is refused, if it is. */
export type RateLimit = (request: FastifyRequest, reply: FastifyReply) => AppError | undefined

/**
 * Limits requests a minute of each owner, by the fields of draft-ietf-httpapi-ratelimit-headers-10: on every route that is
 * added from now on, save those that are polled, which pay nothing for it. What comes back counts the rest: a request that
 * reaches no route, or that is refused before it reaches its own, be that a poll.
 */
export function addRateLimit(
  app: FastifyInstance,
  counts: RequestCounts,
  ownerOf: (request: FastifyRequest) => string,
): RateLimit {
  const policy = `"default";q=${counts.limit};w=60`
  const limitRate: RateLimit = (request, reply) => {
    const { isAllowed, remaining, resetSeconds } = counts.take(ownerOf(request))
    reply.header('ratelimit-policy', policy)
    reply.header('ratelimit', `"default";r=${remaining};t=${resetSeconds}`)
    if (isAllowed) return undefined
    return new AppError('RATE_LIMITED', `${counts.limit} requests a minute are allowed.`, {
      retryAfterSeconds: resetSeconds,
    })
  }
  app.addHook('onRoute', (route) => {
    const isRead = [route.method].flat().every((method) => method === 'GET' || method === 'HEAD')
    if (isRead && UNCOUNTED.has(route.url)) return
    const count = (request: FastifyRequest, reply: FastifyReply, done: (refusal?: AppError) => void) =>
      done(limitRate(request, reply))
    route.onRequest = [count, route.onRequest ?? []].flat()
  })
  return limitRate
}
