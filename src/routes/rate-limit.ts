import rateLimit, { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import { AppError } from '../errors.ts'
import type { Authentication } from './authentication.ts'

const WINDOW_MS = 60_000
/** Keys and addresses that are counted at a time; the one unseen the longest is forgotten first. */
const COUNTED_AT_MOST = 10_000
/** A load balancer that is answered 429 takes the instance for unhealthy. */
const EXEMPT: ReadonlySet<string | undefined> = new Set(['/livez', '/readyz'])

/**
 * Limits requests a minute: of each API key, and of each address for those without a key. The plugin counts; what it
 * would say is a draft of old, so the fields are written here as draft-ietf-httpapi-ratelimit-headers-10 has them.
 */
export async function addRateLimit(
  app: FastifyInstance,
  requestsPerMinute: number,
  keyOf: Authentication['keyOf'],
): Promise<void> {
  await app.register(rateLimit, { global: false, cache: COUNTED_AT_MOST })
  const count = app.createRateLimit({
    max: requestsPerMinute,
    timeWindow: WINDOW_MS,
    keyGenerator(request) {
      const key = keyOf(request)
      return key === undefined ? `address ${normalizeIP(request.ip)}` : `key ${key.name}`
    },
  })
  const policy = `"default";q=${requestsPerMinute};w=${WINDOW_MS / 1000}`
  app.addHook('onRequest', async (request, reply) => {
    if (EXEMPT.has(request.routeOptions.url)) return
    const state = await count(request)
    if (state.isAllowed) return
    reply.header('ratelimit-policy', policy)
    reply.header('ratelimit', `"default";r=${state.remaining};t=${state.ttlInSeconds}`)
    if (!state.isExceeded) return
    throw new AppError('RATE_LIMITED', `${requestsPerMinute} requests a minute are allowed.`, {
      retryAfterSeconds: Math.max(1, state.ttlInSeconds),
    })
  })
}
