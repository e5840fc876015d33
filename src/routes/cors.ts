import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'

/** What a browser script may send across origins, beyond what every request has. */
const REQUEST_HEADERS =
  'Authorization, Content-Type, Idempotency-Key, If-None-Match, If-Match, If-Range, Range, Prefer, ' +
  'Last-Event-ID, traceparent, tracestate'

/** What it may read. */
const RESPONSE_HEADERS =
  'ETag, Location, Operation-Location, Retry-After, Idempotent-Replayed, Preference-Applied, Content-Disposition, ' +
  'Content-Range, Accept-Ranges, X-Request-Id, RateLimit, RateLimit-Policy, WWW-Authenticate'

/** Lets browser scripts of these origins call, `*` for any. */
export async function addCors(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return
  await app.register(cors, {
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    allowedHeaders: REQUEST_HEADERS,
    exposedHeaders: RESPONSE_HEADERS,
    maxAge: 600,
  })
}
