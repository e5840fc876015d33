import type { FastifyInstance } from 'fastify'
import { AppError } from '../errors.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY', 'TRACE'] as const

/**
 * Answers the methods that an address does not take with 405 and `Allow` (RFC 9110, section 15.5.6), where Fastify alone
 * would say 404. To be called before the routes are added; what it returns is to be called after.
 */
export function refuseOtherMethods(app: FastifyInstance): () => void {
  const allowed = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const known = allowed.get(url) ?? new Set<string>()
    for (const name of [method].flat()) known.add(name)
    allowed.set(url, known)
  })
  return () => {
    for (const [url, known] of [...allowed]) {
      if (url.includes('*')) continue
      const allow = [...known].join(', ')
      app.route({
        url,
        method: METHODS.filter((method) => !known.has(method)),
        schema: { hide: true },
        config: { access: 'open' },
        onRequest: async (request, reply) => {
          reply.header('allow', allow)
          throw new AppError('METHOD_NOT_ALLOWED', `${request.method} is not allowed here, only ${allow}.`)
        },
        handler: () => undefined,
      })
    }
  }
}
