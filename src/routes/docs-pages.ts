import { readFile } from 'node:fs/promises'
import type { FastifyHelmetOptions } from '@fastify/helmet'
import type { StaticDocumentSpec } from '@fastify/swagger'
import fastify, { type FastifyPluginAsync } from 'fastify'
import { AppError } from '../errors.ts'
import { onceDone } from './once-done.ts'
import { type PreparedAnswer, prepareEncodedAnswer, sendPrepared } from './prepared-answer.ts'

export type OpenApiDocument = StaticDocumentSpec['document']

/** Security headers of the pages. Nothing comes from elsewhere, and nobody may frame it. */
const PAGE_HEADERS: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      // Swagger UI adds a style of its own to the page, which its next version may change, and draws with data: images.
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  // Whether a host is only reached by TLS is for whoever ends the TLS to say.
  strictTransportSecurity: false,
}

const PREFIX = '/docs'
const PAGES = [PREFIX, `${PREFIX}/`, `${PREFIX}/json`, `${PREFIX}/yaml`]
/** Of one answer, not of the page. */
const NOT_KEPT: ReadonlySet<string> = new Set([
  'connection',
  'date',
  'content-length',
  'etag',
  'last-modified',
  'cache-control',
])

/** Shows an OpenAPI document under /docs, in Swagger UI. Nothing is made or read after the first request. */
export const docsPages: FastifyPluginAsync<{ document: () => Promise<OpenApiDocument> }> = async (
  app,
  { document },
) => {
  const preparedPages = onceDone(async () => renderPages(await document()))
  const schema = { hide: true }
  for (const url of [...PAGES, `${PREFIX}/static/:name`, `${PREFIX}/static/theme/:name`]) {
    app.get<{ Params: { name?: string } }>(url, { schema }, async (request, reply) => {
      const page = (await preparedPages()).get(url.replace(':name', request.params.name ?? ''))
      if (page === undefined) throw new AppError('ROUTE_NOT_FOUND', 'The page has no file of this name.')
      return sendPrepared(request, reply, page)
    })
  }
}

/** What Swagger UI answers with at every address that its page names, by path. It is loaded for this alone. */
async function renderPages(document: OpenApiDocument): Promise<Map<string, PreparedAnswer>> {
  const [{ default: helmet }, { default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('@fastify/helmet'),
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ])
  const pages = fastify()
  await pages.register(helmet, PAGE_HEADERS)
  await pages.register(swagger, { mode: 'static', specification: { document } })
  await pages.register(swaggerUi, {
    routePrefix: PREFIX,
    theme: {
      title: 'Sheetsync API',
      css: [{ filename: 'sheetsync.css', content: await themeFile('sheetsync.css') }],
      js: [{ filename: 'sheetsync.js', content: await themeFile('sheetsync.js') }],
      favicon: [
        {
          filename: 'favicon.svg',
          rel: 'icon',
          type: 'image/svg+xml',
          sizes: 'any',
          content: await readFile(new URL('../../web/favicon.svg', import.meta.url), 'utf8'),
        },
      ],
    },
    uiConfig: { tryItOutEnabled: true, displayRequestDuration: true },
  })
  const rendered = new Map<string, PreparedAnswer>()
  const render = async (path: string) => {
    const { statusCode, rawPayload, headers } = await pages.inject(path)
    if (statusCode !== 200) throw new Error(`Swagger UI answers ${path} with ${statusCode}`)
    const kept = Object.entries(headers).filter(([name]) => !NOT_KEPT.has(name))
    rendered.set(
      path,
      prepareEncodedAnswer(rawPayload, Object.fromEntries(kept.map(([name, value]) => [name, String(value)]))),
    )
    return rawPayload.toString()
  }
  try {
    const [page = ''] = await Promise.all(PAGES.map(render))
    await Promise.all([...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => render(path)))
  } finally {
    await pages.close()
  }
  return rendered
}

function themeFile(name: string): Promise<string> {
  return readFile(new URL(`docs-theme/${name}`, import.meta.url), 'utf8')
}
