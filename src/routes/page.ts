import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../errors.ts'
import { isNotModified } from './conditional-requests.ts'
import { acceptableCodings, addVary, codedETag } from './content-codings.ts'
import { onceDone } from './once-done.ts'
import type { Page, PageFile } from './page-files.ts'

/** The addresses hold nothing of anybody's; what the page then calls asks for the key. */
const OPEN = { access: 'open' } as const

/**
 * Shows the page of the service at `/`, and under `/web/RELEASE/` all it needs. What it is made of is read with the first
 * request, and no other file ever.
 */
export const pageRoutes: FastifyPluginAsync = async (app) => {
  const page = onceDone(async (): Promise<Page> => (await import('./page-files.ts')).readPage())
  const schema = { hide: true }
  app.get('/', { schema, config: OPEN }, async (request, reply) =>
    sendFile(request, reply, (await page()).document, 'no-cache'),
  )
  app.get<{ Params: { release: string; '*': string } }>(
    '/web/:release/*',
    { schema, config: OPEN },
    async (request, reply) => {
      const { release, files } = await page()
      const file = request.params.release === release ? files.get(request.params['*']) : undefined
      if (file === undefined) throw new AppError('ROUTE_NOT_FOUND', 'The page of this release has no such file.')
      // The address names the release, so what is behind it never changes.
      return sendFile(request, reply, file, 'public, max-age=31536000, immutable')
    },
  )
}

/** Answers GET and HEAD in a coding that the client accepts; each is made once. */
async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { headers, etag, encoded }: PageFile,
  cacheControl: string,
): Promise<FastifyReply> {
  addVary(reply, 'Accept-Encoding')
  const [best, ...others] = acceptableCodings(request)
  // Made once, so the smallest may take its time.
  const coding = best !== 'identity' && others.includes('br') ? 'br' : best
  const validators = { etag: codedETag(etag, coding) }
  reply.headers({ ...headers, ...validators, 'cache-control': cacheControl })
  const isHead = request.method === 'HEAD'
  if (coding !== 'identity') reply.header('content-encoding', coding)
  const bytes = await encoded(coding)
  if (isNotModified(request.headers, validators)) return reply.code(304).send(isHead ? bytes : undefined)
  return reply.send(bytes)
}
