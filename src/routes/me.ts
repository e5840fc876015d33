import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { DEFAULT_CREDENTIAL } from '../model/sync-request.ts'
import { SCOPES } from '../syncs/caller.ts'
import type { Authentication } from './authentication.ts'
import { jsonResponse, problemResponses } from './response-schemas.ts'

/** What of the rights of keys the settings allow at all. */
export interface Offers {
  readonly tokens: boolean
  readonly actAs: boolean
}

const me = z
  .object({
    name: z.string().nullable().describe('Name of the API key; null where none is needed'),
    scopes: z.array(z.enum(SCOPES)).describe('What it may do; admin includes the others'),
    seesAll: z.boolean().describe('Whether it sees the syncs and rows of others too'),
    keyed: z.boolean().describe('Whether this service asks for API keys'),
    spreadsheets: z.array(z.string()).nullable().describe('Ids of the only spreadsheets that it may use; null: all'),
    credentials: z
      .union([z.literal('all'), z.array(z.string())])
      .describe('Names of the credentials that it may use, be they there or not; or all'),
    tokens: z.boolean().describe("Whether its syncs may read with users' own tokens, here and now"),
    actAs: z.boolean().describe('Whether its syncs may have credentials act for people, here and now'),
  })
  .meta({ id: 'Me' })
export type Me = z.output<typeof me>

const readMe = {
  operationId: 'me',
  summary: 'Who am I',
  description: 'What the API key of the request may do, whatever its scopes are; without keys, what everybody may.',
  tags: ['operations'],
  response: { 200: jsonResponse('Its rights', me), ...problemResponses(500, 503) },
}

interface MeOptions extends Pick<Authentication, 'callerOf' | 'keyOf'> {
  /** Default: nothing of them. */
  readonly offers: Offers | undefined
}

/** The rights of whoever asks. */
export const meRoutes: FastifyPluginAsyncZod<MeOptions> = async (
  app,
  { callerOf, keyOf, offers = { tokens: false, actAs: false } },
) => {
  app.get('/me', { schema: readMe }, async (request, reply) => {
    const { name, seesAll, spreadsheets, credentials, mayUseTokens, mayActAs } = callerOf(request)
    const key = keyOf(request)
    reply.header('cache-control', 'no-store')
    return {
      name,
      scopes: [...(key?.scopes ?? SCOPES)],
      seesAll,
      keyed: key !== undefined,
      spreadsheets: spreadsheets === undefined ? null : [...spreadsheets],
      credentials: credentials === 'all' ? ('all' as const) : [...(credentials ?? [DEFAULT_CREDENTIAL])],
      tokens: mayUseTokens === true && offers.tokens,
      actAs: mayActAs === true && offers.actAs,
    }
  })
}
