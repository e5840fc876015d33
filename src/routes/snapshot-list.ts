import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type SnapshotManifest, snapshotContents } from '../model/snapshot-manifest.ts'
import { SNAPSHOT_FORMATS } from '../model/sync-request.ts'
import { isQueryable } from '../rows/table-source.ts'
import { sendJson } from './encoded-answer.ts'
import { CODING_HEADERS, jsonResponse, problemResponses } from './response-schemas.ts'
import type { RouteDependencies } from './route-dependencies.ts'
import { spreadsheetPath } from './spreadsheets.ts'
import { visibleSnapshots } from './visible-snapshots.ts'

const { spreadsheet, tabs } = snapshotContents.shape

const snapshotList = z
  .object({
    spreadsheet: spreadsheet.pick({ id: true, title: true, url: true }),
    snapshots: z
      .array(
        snapshotContents.pick({ syncId: true, publishedAt: true, consistent: true }).extend({
          tabs: z.array(
            tabs.element.pick({ gid: true, title: true, range: true, rows: true, columns: true }).extend({
              formats: z.array(z.enum(SNAPSHOT_FORMATS)).describe('Those that it was downloaded in'),
              isQueryable: z.boolean().describe('Whether its rows can be asked and compared'),
            }),
          ),
        }),
      )
      .describe('Newest first'),
  })
  .meta({ id: 'SnapshotList' })
export type SnapshotList = z.output<typeof snapshotList>

const listSnapshots = {
  operationId: 'listSnapshots',
  summary: 'Which snapshots there are',
  description:
    'The snapshots that are kept, newest first: of which sync, when, and which tabs. How many are kept is SNAPSHOTS_KEPT.',
  tags: ['rows'],
  params: spreadsheetPath,
  response: {
    200: jsonResponse('The snapshots', snapshotList, CODING_HEADERS),
    ...problemResponses(400, 404, 406, 500, 503),
  },
}

/** What was downloaded of a spreadsheet, by snapshot. */
export const snapshotListRoutes: FastifyPluginAsyncZod<RouteDependencies> = async (
  app,
  { snapshots, callerOf, ownerOf, compression },
) => {
  app.get('/spreadsheets/:spreadsheetId/snapshots', { schema: listSnapshots }, async (request, reply) => {
    const manifests = await visibleSnapshots(snapshots, request.params.spreadsheetId, callerOf(request))
    const { id, title, url } = manifests[0].spreadsheet
    const list: SnapshotList = { spreadsheet: { id, title, url }, snapshots: manifests.map(listed) }
    return sendJson(request, reply, list, { owner: ownerOf(request), compression })
  })
}

function listed({ syncId, publishedAt, consistent, tabs }: SnapshotManifest): SnapshotList['snapshots'][number] {
  return {
    ...{ syncId, publishedAt, consistent },
    tabs: tabs.map((tab) => {
      const { gid, title, range, rows, columns, files } = tab
      const formats = files.map(({ format }) => format)
      return { gid, title, range, rows, columns, formats, isQueryable: isQueryable(tab) }
    }),
  }
}
