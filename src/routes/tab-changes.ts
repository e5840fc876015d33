import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { HeldTab } from '../rows/chosen-snapshot.ts'
import { sendPage } from './page-answer.ts'
import { jsonResponse, problemResponses } from './response-schemas.ts'
import type { RouteDependencies } from './route-dependencies.ts'
import { requireQuestions } from './row-requests.ts'
import { tabPath } from './spreadsheets.ts'
import { wholeNumber } from './validation.ts'
import { ofNewest, requireTab, visibleSnapshots } from './visible-snapshots.ts'

/** Changes of one page. */
const MOST_CHANGES = 1000

const changesQuery = z.strictObject({
  since: z
    .string()
    .min(1)
    .max(100)
    .describe('The sync whose snapshot the rows are compared with; a 404 lists those there are'),
  key: z
    .string()
    .min(1, 'must not be empty')
    .max(8000)
    .optional()
    .describe('Names of the columns that tell rows apart, with commas between; without it rows are compared whole'),
  limit: wholeNumber(1, MOST_CHANGES).optional().describe('Changes of a page, 1 to 1,000; 100 without it'),
  cursor: z.string().min(1).max(1000).optional().describe('nextCursor of the page before, with the same since and key'),
})

const snapshotOf = z.object({ syncId: z.string(), publishedAt: z.iso.datetime() })
const cells = z.record(z.string(), z.unknown())
const count = z.int().min(0)

const changes = z
  .object({
    changes: z.array(
      z.discriminatedUnion('change', [
        z.object({ change: z.literal('added'), row: cells.describe('With all its columns') }),
        z.object({ change: z.literal('removed'), row: cells.describe('With all the columns it had') }),
        z.object({
          change: z.literal('changed'),
          key: cells,
          columns: z.record(z.string(), z.object({ old: z.unknown(), new: z.unknown() })),
        }),
      ]),
    ),
    since: snapshotOf,
    until: snapshotOf,
    key: z.array(z.string()).nullable().describe('null where rows are compared whole'),
    columns: z
      .object({ added: z.array(z.string()), removed: z.array(z.string()) })
      .describe('Columns that only one of the snapshots has; no rows are compared by them'),
    counts: z.object({ added: count, removed: count, changed: count }).describe('Of all pages together'),
    duplicateKeys: z
      .object({ count, examples: z.array(z.object({ key: cells, since: count, until: count })) })
      .describe('Keys that several rows of a snapshot have; their rows are compared whole'),
    nextCursor: z.string().nullable().describe('Pass it as cursor for the next page; null on the last one'),
  })
  .meta({ id: 'TabChanges' })

const getTabChanges = {
  operationId: 'getTabChanges',
  summary: 'What has changed in a tab since an earlier sync',
  description:
    'Compares the newest snapshot that holds the tab with that of an earlier sync; Google is not asked. Without a key rows are compared whole, wherever they stand: a row that was put in above marks one row. With a key a row that is there in both with other cells is changed, with the old and the new value of each such column. They come by their place now, removed ones by where they stood. Pages of one cursor are all of the same two snapshots.',
  tags: ['rows'],
  params: tabPath,
  querystring: changesQuery,
  response: {
    200: jsonResponse('The changes', changes, {
      ETag: 'Of this page of these two snapshots',
      Link: 'The next page, rel="next"',
    }),
    304: z.undefined().describe('Nothing has changed'),
    ...problemResponses(400, 404, 409, 410, 422, 429, 500, 501, 503),
  },
}

/** Changes between published rows. Answers from snapshots alone and never asks Google. */
export const tabChangesRoutes: FastifyPluginAsyncZod<RouteDependencies> = async (
  app,
  { snapshots, questions, callerOf, ownerOf, fileLimit, compression },
) => {
  app.get('/spreadsheets/:spreadsheetId/tabs/:tab/changes', { schema: getTabChanges }, async (request, reply) =>
    ofNewest(() => sendChanges(request, reply)),
  )

  async function sendChanges(request: ChangesRequestOf, reply: FastifyReply): Promise<FastifyReply> {
    const { spreadsheetId, tab } = request.params
    const manifests = await visibleSnapshots(snapshots, spreadsheetId, callerOf(request))
    const latest = requireTab(manifests, tab)
    const { limit = 100, ...asked } = request.query
    const page = requireQuestions(questions).changes(manifests, latest, { ...asked, limit })
    const { key, columns } = page
    return sendPage(request, reply, page, {
      ...{ member: 'changes', format: 'json', fileLimit, compression, ownerOf },
      detailsOf: ({ nextCursor, counts, duplicateKeys }) => ({
        beside: {
          ...{ since: named(page.since), until: named(page.until), key, columns },
          ...{ counts, duplicateKeys, nextCursor },
        },
      }),
    })
  }
}

type ChangesRequestOf = FastifyRequest<{
  Params: z.output<typeof tabPath>
  Querystring: z.output<typeof changesQuery>
}>

function named({ manifest: { syncId, publishedAt } }: HeldTab) {
  return { syncId, publishedAt }
}
