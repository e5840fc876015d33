import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ApiKey, mayUse } from '../api-keys.ts'
import { AppError } from '../errors.ts'
import { type AccessRule, accessRuleOf } from './authorization-rules.ts'

const REALM = 'Bearer realm="sheetsync"'

export interface AuthorizationOptions {
  /** The API key that a request bears; `undefined` = everybody may do everything. */
  readonly keyOf: ((request: FastifyRequest) => ApiKey | undefined) | undefined
  /** Whether `/metrics` is shown without a key. */
  readonly openMetrics: boolean
}

/**
 * Gives every route its access rule, and refuses who may not call it before the body is read. To be called before the
 * routes are added, and after what counts requests, so that wrong keys are counted too.
 */
export function addAuthorization(app: FastifyInstance, { keyOf, openMetrics }: AuthorizationOptions): void {
  app.addHook('onRoute', (route) => {
    const rule = openMetrics && route.url === '/metrics' ? 'open' : accessRuleOf(route)
    route.config = { ...route.config, access: rule }
  })
  if (keyOf === undefined) return
  app.addHook('onRequest', (request, reply, done) => {
    // There is nothing behind an unknown address.
    const rule = request.is404 ? 'open' : (request.routeOptions.config.access ?? 'admin')
    done(rule === 'open' ? undefined : refusal(request, reply, rule, keyOf(request)))
  })
}

function refusal(
  request: FastifyRequest,
  reply: FastifyReply,
  scope: Exclude<AccessRule, 'open'>,
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
  if (mayUse(key, scope)) return undefined
  reply.header('www-authenticate', `${REALM}, error="insufficient_scope", scope="${scope}"`)
  return new AppError('API_KEY_SCOPE', `The scope "${scope}" is needed; this key has ${key.scopes.join(', ')}.`, {
    hint: `Use a key whose entry in API_KEYS has the scope ${scope}.`,
  })
}
