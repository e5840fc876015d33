import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import type { Log } from '../ports/log.ts'
import { crossSiteRefusal, type TrustedOrigins } from './cross-site.ts'
import { clip } from './validation.ts'

/** Origins that the log names at most: whoever calls may make up any number of them. */
const ORIGINS_NAMED = 100

const OTHER_ORIGIN = 'a page of another origin may not call; if it is yours, name its origin in CORS_ORIGINS'
const NO_ORIGIN =
  'a page without an origin, such as a file, may not call; serve it by http and name its origin in CORS_ORIGINS'

/** What a browser script may send across origins, beyond what every request has. */
const REQUEST_HEADERS =
  'Authorization, Content-Type, Idempotency-Key, If-None-Match, If-Match, If-Range, Range, Prefer, ' +
  'Last-Event-ID, X-Google-Access-Token, traceparent, tracestate'

/** What it may read. */
const RESPONSE_HEADERS =
  'ETag, Location, Operation-Location, Retry-After, Idempotent-Replayed, Preference-Applied, Content-Disposition, ' +
  'Content-Encoding, Content-Range, Accept-Ranges, X-Request-Id, RateLimit, RateLimit-Policy, WWW-Authenticate, ' +
  'Link, X-Total-Count'

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

/** Logs once for each origin that its pages may not call, which a browser tells nobody but the developer of the page. */
export function logRefusedOrigins(app: FastifyInstance, trusted: TrustedOrigins, log: Log): void {
  if (trusted.corsOrigins.includes('*')) return
  const named = new Set<string>()
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    const { origin } = raw.headers
    if (origin !== undefined && !named.has(origin) && named.size < ORIGINS_NAMED && crossSiteRefusal(raw, trusted)) {
      named.add(origin)
      log.warn({ origin: clip(origin) }, origin === 'null' ? NO_ORIGIN : OTHER_ORIGIN)
    }
    done()
  })
}
