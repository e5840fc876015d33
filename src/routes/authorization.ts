import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { ApiKey } from '../api-keys.ts'
import { AppError } from '../errors.ts'
import type { Scope } from '../syncs/caller.ts'
import type { Authentication } from './authentication.ts'
import type { RateLimit } from './rate-limit.ts'

/** What an address requires of its caller where API keys are set: a key with a scope, any key, or nothing. */
export type AccessRule = Scope | 'any' | 'open'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set from the table for each route; a route that is no operation of its own may bring it. */
    access?: AccessRule
  }
}

/** What each address requires. A route that is missing here stops the start, so that nothing new is open by mistake. */
const ACCESS_RULES: Readonly<Record<string, AccessRule>> = {
  'GET /livez': 'open',
  'GET /readyz': 'open',
  'GET /openapi.json': 'open',
  // Numbers about every key's syncs.
  'GET /metrics': 'admin',
  // Of its own rights every key may know.
  'GET /me': 'any',
  'POST /syncs': 'write',
  'GET /syncs': 'read',
  'GET /syncs/events': 'read',
  'GET /syncs/:id': 'read',
  'DELETE /syncs/:id': 'write',
  'POST /syncs/:id/cancel': 'write',
  'POST /syncs/:id/retry': 'write',
  'POST /syncs/:id/webhook/redeliver': 'write',
  'GET /syncs/:id/events': 'read',
  'GET /syncs/:id/files': 'read',
  'GET /syncs/:id/files/:name': 'read',
  'POST /schedules': 'write',
  'GET /schedules': 'read',
  'GET /schedules/:id': 'read',
  'PATCH /schedules/:id': 'write',
  'DELETE /schedules/:id': 'write',
  'POST /schedules/:id/run': 'write',
  'POST /schedules/:id/pause': 'write',
  'POST /schedules/:id/resume': 'write',
  'GET /status': 'read',
  'GET /credentials': 'read',
  'GET /spreadsheets/:spreadsheetId': 'read',
  'GET /spreadsheets/:spreadsheetId/snapshots': 'read',
  'DELETE /spreadsheets/:spreadsheetId': 'write',
  'GET /spreadsheets/:spreadsheetId/tabs/:tab': 'read',
  'GET /spreadsheets/:spreadsheetId/tabs/:tab/rows': 'read',
  'GET /spreadsheets/:spreadsheetId/tabs/:tab/changes': 'read',
  'POST /spreadsheets/:spreadsheetId/query': 'read',
  'GET /spreadsheets/:spreadsheetId/tabs/:tab/schema': 'read',
  // Google bears no key of ours; what it sends is checked by its channel and token.
  'POST /google/notifications': 'open',
}

const REALM = 'Bearer realm="sheetsync"'

/** What a route requires of its caller. Throws for one without a rule. */
export function accessRuleOf({ method, url, config }: Pick<RouteOptions, 'method' | 'url' | 'config'>): AccessRule {
  if (config?.access !== undefined) return config.access
  // The page explains the interface, and holds nothing of anybody's.
  if (url === '/docs' || url.startsWith('/docs/')) return 'open'
  const verb = [method].flat()[0]
  // A browser sends a CORS preflight without any header of ours.
  if (verb === 'OPTIONS') return 'open'
  const operation = `${verb === 'HEAD' ? 'GET' : verb} ${url}`
  const rule = ACCESS_RULES[operation]
  if (rule === undefined) throw new TypeError(`${operation} has no rule in ACCESS_RULES: who may call it?`)
  return rule
}

/**
 * Gives every route its access rule, `/metrics` none if `openMetrics`, and refuses who may not call it before the body
 * is read. To be called before the routes are added.
 */
export function addAuthorization(
  app: FastifyInstance,
  /**
   * `keyOf`: the API key that a request bears; `undefined` = everybody may do everything. `limitRate` counts who is
   * refused, so that keys cannot be tried without end.
   */
  {
    keyOf,
    openMetrics,
    limitRate,
  }: { keyOf: Authentication['keyOf'] | undefined; openMetrics: boolean; limitRate?: RateLimit | undefined },
): void {
  app.addHook('onRoute', (route) => {
    const rule = openMetrics && route.url === '/metrics' ? 'open' : accessRuleOf(route)
    route.config = { ...route.config, access: rule }
  })
  if (keyOf === undefined) return
  app.addHook('onRequest', (request, reply, done) => {
    // There is nothing behind an unknown address.
    const rule = request.is404 ? 'open' : (request.routeOptions.config.access ?? 'admin')
    const refused = rule === 'open' ? undefined : refusal(request, reply, rule, keyOf(request))
    done(refused && (limitRate?.(request, reply) ?? refused))
  })
}

function refusal(
  request: FastifyRequest,
  reply: FastifyReply,
  rule: Exclude<AccessRule, 'open'>,
  key: ApiKey | undefined,
): AppError | undefined {
  if (key === undefined) {
    const header = request.headers.authorization
    if (header !== undefined && /^bearer +\S/i.test(header)) {
      reply.header('www-authenticate', `${REALM}, error="invalid_token"`)
      return new AppError('API_KEY_INVALID', 'The Authorization header holds no key of this service.')
    }
    // RFC 6750, section 3.1: without credentials in the request no error code is sent.
    reply.header('www-authenticate', REALM)
    return new AppError(
      'API_KEY_MISSING',
      header === undefined
        ? 'The request has no Authorization header.'
        : 'The Authorization header holds no Bearer token.',
    )
  }
  if (rule === 'any' || key.scopes.includes(rule) || key.scopes.includes('admin')) return undefined
  reply.header('www-authenticate', `${REALM}, error="insufficient_scope", scope="${rule}"`)
  return new AppError('API_KEY_SCOPE', `The scope "${rule}" is needed; this key has ${key.scopes.join(', ')}.`, {
    hint: `Use a key whose entry (in API_KEYS or its file) has the scope ${rule}.`,
  })
}
