import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ApiKey, findApiKey, mayUse } from '../api-keys.ts'
import { AppError } from '../errors.ts'
import { ANYONE, type Caller } from '../syncs/caller.ts'
import { type AccessRule, accessRuleOf } from './access-rules.ts'

/** Tells on whose behalf a request comes. To be called in a route whose access rule is not `open`. */
export type CallerOf = (request: FastifyRequest) => Caller

/** RFC 6750, section 2.1; the scheme's name has no case (RFC 9110, section 11.1). */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i

const REALM = 'Bearer realm="sheetsync"'

export interface AccessOptions {
  /** The keys there are; without any, everybody may do everything. */
  readonly keys: readonly ApiKey[]
  /** Whether `/metrics` is shown without a key. */
  readonly openMetrics?: boolean
}

/**
 * Gives every route its access rule, and has each request to it checked before its body is read. To be called before
 * the routes are added. `identify` finds out whose a request is and refuses nobody; `enforce` refuses. What counts
 * requests comes between the two, so that wrong keys are counted too.
 */
export function accessControl(app: FastifyInstance, { keys, openMetrics = false }: AccessOptions) {
  app.addHook('onRoute', (route) => {
    const rule = openMetrics && route.url === '/metrics' ? 'open' : accessRuleOf(route)
    route.config = { ...route.config, access: rule }
  })
  // Without keys no request pays for any of this.
  if (keys.length === 0) return { callerOf: () => ANYONE, keyOf: () => undefined, identify() {}, enforce() {} }

  const known = new WeakMap<FastifyRequest, ApiKey>()
  return {
    callerOf(request: FastifyRequest): Caller {
      const key = known.get(request)
      // An open route has no business with anybody's syncs.
      if (key === undefined) throw new TypeError('this route has no caller')
      return key
    },
    keyOf: (request: FastifyRequest): ApiKey | undefined => known.get(request),
    identify(): void {
      app.addHook('onRequest', (request, _reply, done) => {
        const token = BEARER.exec(request.headers.authorization ?? '')?.[1]
        const key = token === undefined ? undefined : findApiKey(keys, token)
        if (key !== undefined) known.set(request, key)
        done()
      })
    },
    enforce(): void {
      app.addHook('onRequest', (request, reply, done) => {
        // There is nothing behind an unknown address.
        const rule = request.is404 ? 'open' : (request.routeOptions.config.access ?? 'admin')
        done(rule === 'open' ? undefined : refusal(request, reply, rule, known.get(request)))
      })
    },
  }
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
    // RFC 6750, section 3.1: who sent no key is told of no error.
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
