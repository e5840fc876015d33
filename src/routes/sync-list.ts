import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { parseSpreadsheetReference } from '../model/spreadsheet-reference.ts'
import { SYNC_STATES, type SyncState } from '../model/sync.ts'
import { syncView, toView } from '../model/sync-view.ts'
import { jsonResponse, problemResponses } from './response-schemas.ts'
import type { RouteDependencies } from './route-dependencies.ts'

const pageOfSyncs = z
  .object({
    syncs: z.array(syncView).describe('Newest first'),
    nextPageToken: z.string().nullable().describe('Pass it as pageToken for the next page; null on the last one'),
  })
  .meta({ id: 'SyncPage' })

const listQuery = z.strictObject({
  state: z
    .string()
    .transform((text, context) => {
      const states = text.split(',')
      const unknown = states.filter((state) => !(SYNC_STATES as readonly string[]).includes(state))
      if (unknown.length === 0) return states as SyncState[]
      context.addIssue({
        code: 'custom',
        message: `must be one or more of ${SYNC_STATES.join(', ')}, separated by commas`,
      })
      return z.NEVER
    })
    .optional()
    .describe(`Only syncs in these states, separated by commas: ${SYNC_STATES.join(', ')}`),
  spreadsheet: z
    .string()
    .max(2048)
    .transform((text, context) => {
      const reference = parseSpreadsheetReference(text)
      if (!('message' in reference)) return reference.id
      context.addIssue({ code: 'custom', message: reference.message, params: { hint: reference.hint } })
      return z.NEVER
    })
    .optional()
    .describe('Only syncs of this spreadsheet: its id, or its URL'),
  pageSize: z
    .string()
    .regex(/^\d{1,4}$/, 'must be a whole number from 1 to 1000')
    .transform(Number)
    .refine((size) => size >= 1 && size <= 1000, 'must be a whole number from 1 to 1000')
    .default(50)
    .describe('How many syncs at the most, 1 to 1000'),
  pageToken: z.string().max(500).optional().describe('nextPageToken of the page before'),
})

const listSyncs = {
  operationId: 'listSyncs',
  summary: 'List syncs',
  description: 'One page of syncs, newest first.',
  tags: ['syncs'],
  querystring: listQuery,
  response: { 200: jsonResponse('One page', pageOfSyncs), ...problemResponses(400, 500, 503) },
}

/** The syncs, page by page. */
export const syncListRoutes: FastifyPluginAsyncZod<RouteDependencies> = async (app, { service, callerOf }) => {
  app.get('/syncs', { schema: listSyncs }, async (request) => {
    const { state, spreadsheet, pageSize, pageToken } = request.query
    const query = {
      pageSize,
      ...(state === undefined ? {} : { states: state }),
      ...(spreadsheet === undefined ? {} : { spreadsheetId: spreadsheet }),
      ...(pageToken === undefined ? {} : { pageToken }),
    }
    const page = await service.list(query, callerOf(request))
    return { syncs: page.syncs.map(toView), nextPageToken: page.nextPageToken ?? null }
  })
}
