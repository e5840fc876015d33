import fastify, { type FastifyInstance, type FastifySchema, type RouteOptions } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { accessRuleOf } from './authorization.ts'
import { docsPages, type OpenApiDocument } from './docs-pages.ts'
import { PROBES } from './foreign-requests.ts'
import { onceDone } from './once-done.ts'
import { OWN_TOKEN_HEADER, takesOwnToken } from './own-tokens.ts'
import { prepareEncodedAnswer, sendPrepared } from './prepared-answer.ts'
import { problemResponse, problemResponses } from './response-schemas.ts'

const SCHEME = 'apiKey'
const TOKEN_SCHEME = 'googleAccessToken'

/** Shows what the schemas of the routes say under /docs and as an OpenAPI document. To be added before the routes. */
export async function addDocs(app: FastifyInstance, version: string): Promise<void> {
  const routes: RouteOptions[] = []
  app.addHook('onRoute', (route) => {
    routes.push(route)
  })
  const document = onceDone(() => documentOf(routes, version))
  const answer = onceDone(async () => {
    const json = { 'content-type': 'application/json; charset=utf-8' }
    return prepareEncodedAnswer(Buffer.from(JSON.stringify(await document())), json)
  })
  await app.register(docsPages, { document })
  app.get('/openapi.json', { schema: { hide: true } }, async (request, reply) =>
    sendPrepared(request, reply, await answer()),
  )
}

/** The OpenAPI document of these routes. What makes it is loaded for this alone: with YAML it is a tenth of the start. */
async function documentOf(routes: readonly RouteOptions[], version: string): Promise<OpenApiDocument> {
  const [{ default: swagger }, { addExamples }] = await Promise.all([
    import('@fastify/swagger'),
    import('./examples/add-examples.ts'),
  ])
  const app = fastify({ exposeHeadRoutes: false })
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => String)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Sheetsync',
        version,
        description:
          'Downloads Google Sheets in the background: start a sync, watch it, read the rows. Every error is application/problem+json with a stable code and, where you can mend it, a hint.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/' }],
      tags: [
        { name: 'syncs', description: 'Start, watch and end downloads' },
        { name: 'schedules', description: 'Have downloads run by themselves' },
        { name: 'rows', description: 'Read what was downloaded' },
        { name: 'credentials', description: 'Which Google account reads' },
        { name: 'operations', description: 'Is the service well' },
      ],
      components: {
        securitySchemes: {
          [SCHEME]: {
            type: 'http',
            scheme: 'bearer',
            description:
              'An API key with the scope that the operation names (admin includes all). Needed where API_KEYS or API_KEYS_FILE is set; a service without keys asks for none.',
          },
          [TOKEN_SCHEME]: {
            type: 'apiKey',
            in: 'header',
            name: OWN_TOKEN_HEADER,
            description:
              "A user's own access token of Google's, where TOKEN_KEY is set and the API key has the right: the sync reads with it. Who sends it sees what was made with that user's tokens and nothing else; who does not sees nothing of that. 401 GOOGLE_TOKEN_EXPIRED once Google does not take it any more.",
          },
        },
      },
    },
    transform: (route) => {
      const schema = withRefusals(route.schema, route.route)
      return withHeaders(schema, jsonSchemaTransform({ ...route, schema }))
    },
    transformObject: (document) => addExamples(tidy(jsonSchemaTransformObject(document))),
  })
  const handler = () => undefined
  for (const { method, url, schema, config } of routes) {
    if (schema !== undefined) app.route({ method, url, schema, ...(config && { config }), handler })
  }
  await app.ready()
  // The plugin's type of a document that is there already knows OpenAPI 3.0 alone.
  const document = app.swagger() as OpenApiDocument
  await app.close()
  return document
}

/** Puts back the headers of answers, which the transformation of the zod schemas leaves out. */
function withHeaders<T extends { readonly schema: object }>(declared: FastifySchema, transformed: T): T {
  const { response = {} } = transformed.schema as { response?: Record<string, { headers?: object }> }
  for (const [status, { headers }] of Object.entries((declared.response ?? {}) as typeof response)) {
    const answer = response[status]
    if (answer !== undefined && headers !== undefined) answer.headers = headers
  }
  return transformed
}

/** Adds to an operation which scope it requires, and how a request is refused before the route has a say. */
function withRefusals(schema: FastifySchema, route: RouteOptions): FastifySchema {
  const rule = accessRuleOf(route)
  const scopes = rule === 'any' ? [] : [rule]
  const ofBody = { 413: problemResponse('The body is too large'), 415: problemResponse('The body is not JSON') }
  return {
    ...schema,
    // The empty one says that a key is not needed everywhere.
    security: rule === 'open' ? [] : [{ [SCHEME]: scopes }, {}, ...(takesOwnToken(route.url) ? withToken(scopes) : [])],
    response: {
      431: problemResponse('The headers are too large'),
      ...(route.method === 'GET' ? {} : ofBody),
      ...(rule === 'open' ? {} : problemResponses(401, 403, 429)),
      ...(PROBES.has(route.url) ? {} : problemResponses(421)),
      ...(schema.response as object),
    },
  }
}

/** The ways in which a request bears a user's own token, beside those in which it does not. */
function withToken(scopes: readonly string[]): Readonly<Record<string, readonly string[]>>[] {
  return [{ [SCHEME]: scopes, [TOKEN_SCHEME]: [] }, { [TOKEN_SCHEME]: [] }]
}

const REFERENCE = /"#\/components\/schemas\/([^"]+)"/g

/**
 * Leaves out the schemas that no operation leads to, and calls the others by their own name: each zod schema comes as
 * what is sent ("XInput") and as what is answered ("X"), though only one of the two is ever used.
 */
function tidy<D extends object>(document: D): D {
  const { paths = {}, components } = document as { paths?: object; components?: { schemas?: Record<string, object> } }
  const schemas = components?.schemas ?? {}
  const used = new Set<string>()
  const follow = (part: object): void => {
    for (const [, name] of JSON.stringify(part).matchAll(REFERENCE)) {
      if (name === undefined || used.has(name)) continue
      used.add(name)
      follow(schemas[name] ?? {})
    }
  }
  follow(paths)
  const ownName = (name: string) => {
    const own = name.replace(/Input$/, '')
    return used.has(own) ? name : own
  }
  const kept = Object.fromEntries([...used].sort().map((name) => [ownName(name), schemas[name]]))
  const tidied = { ...document, components: { ...components, schemas: kept } }
  return JSON.parse(JSON.stringify(tidied).replace(REFERENCE, (_, name) => `"#/components/schemas/${ownName(name)}"`))
}
