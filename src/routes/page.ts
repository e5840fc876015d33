import type { FastifyPluginAsync } from 'fastify'
import { AppError } from '../errors.ts'
import { onceDone } from './once-done.ts'
import type { Page } from './page-files.ts'
import { sendPrepared } from './prepared-answer.ts'

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
    sendPrepared(request, reply, (await page()).document),
  )
  app.get<{ Params: { release: string; '*': string } }>(
    '/web/:release/*',
    { schema, config: OPEN },
    async (request, reply) => {
      const { release, files } = await page()
      const file = request.params.release === release ? files.get(request.params['*']) : undefined
      if (file === undefined) throw new AppError('ROUTE_NOT_FOUND', 'The page of this release has no such file.')
      return sendPrepared(request, reply, file)
    },
  )
}
