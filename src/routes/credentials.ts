import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { CREDENTIAL_HEALTH, CREDENTIAL_KINDS, type CredentialState } from '../ports/credentials.ts'
import { mayUseCredential } from '../syncs/caller.ts'
import { jsonResponse, problemResponses } from './response-schemas.ts'
import type { RouteDependencies } from './route-dependencies.ts'

const credential: z.ZodType<CredentialState> = z
  .object({
    name: z.string().describe('What POST /syncs takes as "credential"'),
    account: z
      .string()
      .nullable()
      .describe('E-mail address to share spreadsheets with; null where there is none, or it is not known'),
    kind: z
      .enum(CREDENTIAL_KINDS)
      .describe('other: of another kind, or one that cannot be read; none: nothing, which only an emulator takes'),
    project: z.string().nullable().describe('The Google Cloud project that calls are charged to; null where not known'),
    health: z
      .enum(CREDENTIAL_HEALTH)
      .describe('By the latest use in the process that answers; failing also where the key file cannot be read'),
    error: z
      .object({
        code: z.string(),
        detail: z.string(),
        hint: z.string().nullable(),
        at: z.iso.datetime(),
      })
      .nullable()
      .describe('Why it is failing'),
    lastUsedAt: z.iso.datetime().nullable().describe('By the process that answers'),
  })
  .meta({ id: 'Credential' })

const listCredentials = {
  operationId: 'listCredentials',
  summary: 'List Google credentials',
  description:
    'The Google credentials that syncs of the caller may read with, by name: whom to share spreadsheets with, and how each fared in the process that answers. Nothing that is secret is shown.',
  tags: ['credentials'],
  response: {
    200: jsonResponse(
      'The credentials',
      z
        .object({ credentials: z.array(credential).describe('default first, the others by name') })
        .meta({ id: 'CredentialList' }),
    ),
    ...problemResponses(500, 503),
  },
}

/** Which Google credentials there are, for whoever may use them. */
export const credentialRoutes: FastifyPluginAsyncZod<RouteDependencies> = async (app, { credentials, callerOf }) => {
  if (credentials === undefined) return
  app.get('/credentials', { schema: listCredentials }, async (request, reply) => {
    const caller = callerOf(request)
    const found = await credentials.list((name) => mayUseCredential(caller, name))
    return reply.header('cache-control', 'no-cache').send({ credentials: [...found] })
  })
}
