import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../errors.ts'
import { invalidRequest } from '../model/invalid-request.ts'
import type { Caller } from '../syncs/caller.ts'
import type { TokenKeys } from '../tokens/token-keys.ts'
import type { TokenOwners } from '../tokens/token-owners.ts'
import type { Authentication } from './authentication.ts'
import { addVary } from './content-codings.ts'
import type { RateLimit } from './rate-limit.ts'

/** The header that bears a user's own access token of Google's. */
export const OWN_TOKEN_HEADER = 'X-Google-Access-Token'
const HEADER = 'x-google-access-token'
const FIELD = `header ${HEADER}`

/** RFC 6749, appendix A.12: visible characters; Google's have 2,048 at the most. */
const TOKEN = /^[\x21-\x7e]{1,4096}$/

/** The routes that are about syncs and their rows take it. */
const TAKES = /^\/(?:syncs|spreadsheets)(?:\/|$)/
/** Nobody brings a new one when a schedule runs. */
const REFUSES = /^\/schedules(?:\/|$)/

/** Whether requests to this address may bear a user's own token. */
export function takesOwnToken(url: string): boolean {
  return TAKES.test(url)
}

export interface OwnTokens {
  readonly keys: TokenKeys
  readonly owners: TokenOwners
}

/**
 * Finds out, before a route is called, whose own token a request bears. What comes back is `callerOf` for the routes; a
 * request without such a token pays next to nothing. Without `tokens` the header is refused. To be called before the routes
 * are added.
 */
export function addOwnTokens(
  app: FastifyInstance,
  {
    callerOf,
    tokens,
    limitRate,
  }: Pick<Authentication, 'callerOf'> & { tokens: OwnTokens | undefined; limitRate?: RateLimit | undefined },
): Authentication['callerOf'] {
  const callers = new WeakMap<FastifyRequest, Caller>()

  async function identify(request: FastifyRequest, reply: FastifyReply, header: string | string[]): Promise<void> {
    // A HEAD route has the hooks of its GET route twice.
    if (callers.has(request)) return
    const caller = callerOf(request)
    if (tokens === undefined) {
      throw new AppError('TOKENS_NOT_ALLOWED', "This service takes no users' own tokens, as TOKEN_KEY is not set.")
    }
    if (caller.mayUseTokens !== true) {
      throw new AppError('TOKENS_NOT_ALLOWED', `The API key ${caller.name} may not use users' own tokens.`)
    }
    const token = String(header)
    if (!TOKEN.test(token)) {
      const message = 'is no access token: 1 to 4,096 visible characters without spaces, once'
      throw invalidRequest([{ field: FIELD, message, hint: 'Send the access token alone, without "Bearer".' }])
    }
    addVary(reply, OWN_TOKEN_HEADER)
    reply.header('cache-control', 'private, no-cache')
    const { keys, owners } = tokens
    const known = owners.peek(token)
    // Also where requests are not counted: each question is Google's to answer.
    const refusal = known === undefined ? limitRate?.(request, reply) : undefined
    if (refusal !== undefined) throw refusal
    const identities = known ?? (await owners.find(token))
    callers.set(request, { ...caller, identities, sealToken: (syncId) => keys.seal(token, syncId) })
  }

  const take = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    const header = request.headers[HEADER]
    if (header === undefined) done()
    else identify(request, reply, header).then(() => done(), done)
  }
  const refuse = (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void) => {
    if (request.headers[HEADER] === undefined) return done()
    const message = 'cannot be used with schedules: nobody brings a new token when one runs'
    const hint = 'Share the spreadsheet with an account of the service, and leave the header out.'
    return done(invalidRequest([{ field: FIELD, message, hint }]))
  }
  app.addHook('onRoute', (route) => {
    const hook = TAKES.test(route.url) ? take : REFUSES.test(route.url) ? refuse : undefined
    if (hook !== undefined) route.preHandler = [hook, route.preHandler ?? []].flat()
  })
  return (request) => {
    // What is about no sync shows each the same, whatever token comes with it.
    if (request.headers[HEADER] === undefined || !TAKES.test(request.routeOptions.url ?? '')) return callerOf(request)
    const caller = callers.get(request)
    // Never the caller without its token: that one sees other things.
    if (caller === undefined) throw new TypeError('a token of a user was not looked at')
    return caller
  }
}
