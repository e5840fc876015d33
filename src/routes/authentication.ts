import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type ApiKey, findApiKey, type KeyRing } from '../api-keys.ts'
import { ANYONE, type Caller } from '../syncs/caller.ts'
import { networkOf } from './client-network.ts'

/** RFC 6750, section 2.1; the scheme's name has no case (RFC 9110, section 11.1). */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i

export interface Authentication {
  /** On whose behalf a request comes. To be called in a route whose access rule is not `open`. */
  readonly callerOf: (request: FastifyRequest) => Caller
  /** The API key that a request bears, if it is a known one. */
  readonly keyOf: (request: FastifyRequest) => ApiKey | undefined
  /** Whether the key that a request bore is none any more, or has other rights by now. */
  readonly isRevoked: (request: FastifyRequest) => boolean
  /** What a request counts for: its API key, or without a known one the network that it comes from. */
  readonly ownerOf: (request: FastifyRequest) => string
}

const ownerByAddress = (request: FastifyRequest) => `address ${networkOf(request.ip)}`

/** Finds out whose each request is before its body is read, and refuses nobody. To be called before the routes are added. */
export function addAuthentication(app: FastifyInstance, keys: KeyRing): Authentication {
  // Without keys no request pays for any of this.
  if (!keys.keyed) {
    return { callerOf: () => ANYONE, keyOf: () => undefined, isRevoked: () => false, ownerOf: ownerByAddress }
  }

  const authenticated = new WeakMap<FastifyRequest, ApiKey>()
  app.addHook('onRequest', (request, _reply, done) => {
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1]
    const key = token === undefined ? undefined : findApiKey(keys.current, token)
    if (key !== undefined) authenticated.set(request, key)
    done()
  })
  return {
    callerOf(request) {
      const key = authenticated.get(request)
      // An open route has no business with anybody's syncs.
      if (key === undefined) throw new TypeError('this route has no caller')
      return key
    },
    keyOf: (request) => authenticated.get(request),
    isRevoked(request) {
      const key = authenticated.get(request)
      return key !== undefined && !keys.current.includes(key)
    },
    ownerOf(request) {
      const key = authenticated.get(request)
      return key === undefined ? ownerByAddress(request) : `key ${key.name}`
    },
  }
}
