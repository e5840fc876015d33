import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { ManifestTab, SnapshotManifest } from '../model/snapshot-manifest.ts'
import { tabSchema, tabSchemaOf } from '../rows/column-schema-response.ts'
import { jsonSchema } from '../rows/json-schema.ts'
import { typescriptInterface } from '../rows/typescript-interface.ts'
import { prepareAnswer, sendPrepared } from './prepared-answer.ts'
import { problemResponses } from './response-schemas.ts'
import type { RouteDependencies } from './route-dependencies.ts'
import { tabPath } from './spreadsheets.ts'
import { requireTab, visibleSnapshots } from './visible-snapshots.ts'

/** The ways to tell a schema: the media type of each, and how it is written. */
const FORMS = {
  columns: {
    mediaType: 'application/json',
    write: (manifest: SnapshotManifest, tab: ManifestTab) => JSON.stringify(tabSchemaOf(manifest, tab)),
  },
  // https://json-schema.org/draft/2020-12/json-schema-core, section 14.
  'json-schema': {
    mediaType: 'application/schema+json',
    write: (_: SnapshotManifest, tab: ManifestTab) => jsonSchema(tab),
  },
  typescript: { mediaType: 'text/plain', write: (_: SnapshotManifest, tab: ManifestTab) => typescriptInterface(tab) },
} as const

const getTabSchema = {
  operationId: 'getTabSchema',
  summary: 'What the columns of a tab hold',
  description:
    'Type, nullability, counts of each kind, an example and the longest text of every column, counted over all cells of the newest snapshot that holds the tab. `as=json-schema` is a JSON Schema (draft 2020-12) of one row, `as=typescript` an interface. 409 for a snapshot of an earlier release, and where there are too many columns to count.',
  tags: ['rows'],
  params: tabPath,
  querystring: z.strictObject({
    as: z.enum(['columns', 'json-schema', 'typescript']).optional().describe('How it is told; columns without it'),
  }),
  response: {
    200: {
      description: 'The columns, in their order',
      content: {
        [FORMS.columns.mediaType]: { schema: tabSchema },
        [FORMS['json-schema'].mediaType]: { schema: z.record(z.string(), z.unknown()) },
        [FORMS.typescript.mediaType]: { schema: z.string() },
      },
    },
    304: z.undefined().describe('Nothing has changed'),
    ...problemResponses(400, 404, 409, 500, 503),
  },
}

/** The schemas of tabs. Answers from snapshots alone, to each caller from those that it may see. */
export const tabSchemaRoutes: FastifyPluginAsyncZod<RouteDependencies> = async (app, { snapshots, callerOf }) => {
  app.get('/spreadsheets/:spreadsheetId/tabs/:tab/schema', { schema: getTabSchema }, async (request, reply) => {
    const { spreadsheetId, tab } = request.params
    const held = requireTab(await visibleSnapshots(snapshots, spreadsheetId, callerOf(request)), tab)
    const { mediaType, write } = FORMS[request.query.as ?? 'columns']
    const contentType = mediaType.startsWith('text/') ? `${mediaType}; charset=utf-8` : mediaType
    const headers = {
      'content-type': contentType,
      'cache-control': 'private, no-cache',
      'x-content-type-options': 'nosniff',
    }
    return sendPrepared(request, reply, prepareAnswer(Buffer.from(write(held.manifest, held.tab)), headers))
  })
}
