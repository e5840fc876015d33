import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { obtainable, selectTab } from '../model/select-tab.ts'
import { snapshotContents } from '../model/snapshot-manifest.ts'
import { SPREADSHEET_ID_PATTERN } from '../model/spreadsheet-reference.ts'
import { SAMPLE_SPREADSHEET_ID, SNAPSHOT_FORMATS, type SnapshotFormat } from '../model/sync-request.ts'
import { eraseRows } from '../syncs/row-erasure.ts'
import { addVary } from './content-codings.ts'
import { sendJson } from './encoded-answer.ts'
import { fileOf, sendFile } from './file-response.ts'
import { asOtherForm } from './json-lines.ts'
import { preferredFormat } from './preferred-format.ts'
import { CODING_HEADERS, fileHeaders, jsonResponse, problemResponses, rowsResponses } from './response-schemas.ts'
import type { RouteDependencies } from './route-dependencies.ts'
import { ofNewest, requireTab, visibleSnapshots } from './visible-snapshots.ts'

const spreadsheetId = z
  .string()
  .regex(SPREADSHEET_ID_PATTERN, 'is not a spreadsheet id: 1 to 128 of A-Z a-z 0-9 _ -')
  .meta({ description: 'The id in the URL of the spreadsheet', example: SAMPLE_SPREADSHEET_ID })

/** The path of a spreadsheet. */
export const spreadsheetPath = z.object({ spreadsheetId })

/** The path of a tab. */
export const tabPath = spreadsheetPath.extend({
  tab: z
    .string()
    .min(1, 'must not be empty')
    .max(500, 'is longer than any title')
    .meta({ description: 'The title of the tab now, in whatever case, or gid:N', example: 'gid:0' }),
})

const tabQuery = z.strictObject({
  format: z.enum(SNAPSHOT_FORMATS).optional().describe('The format of the rows; without it the Accept header decides'),
})

/** A checked request for a tab; the plain interface, so that it can be handed on. */
type TabRequest = FastifyRequest<{
  Params: { spreadsheetId: string; tab: string }
  Querystring: { format?: SnapshotFormat | undefined }
}>

const getSpreadsheet = {
  operationId: 'getSpreadsheet',
  summary: 'What the latest snapshot holds',
  description: 'The manifest of the latest snapshot: which tabs, when, of which version.',
  tags: ['rows'],
  params: spreadsheetPath,
  response: {
    200: jsonResponse('The manifest', snapshotContents, CODING_HEADERS),
    ...problemResponses(400, 404, 406, 500, 503),
  },
}

const eraseSpreadsheet = {
  operationId: 'eraseSpreadsheet',
  summary: 'Erase the rows of a spreadsheet',
  description:
    "Removes every snapshot of the spreadsheet that the caller's syncs have made (with an admin key, or without keys: everybody's), and what they have staged. 409 while such a sync is active, 404 when there is nothing. The status of syncs stays; their files are gone. The next sync downloads again, also with `ifUnchanged: skip`. Cut off before the answer, it has erased some snapshots, and none in part: send it again.",
  tags: ['rows'],
  params: spreadsheetPath,
  response: { 204: z.undefined().describe('Erased'), ...problemResponses(400, 404, 409, 500, 503) },
}

const getTab = {
  operationId: 'getTab',
  summary: 'Read the rows of a tab',
  description:
    'The rows of the newest snapshot that holds the tab in that format. JSON and NDJSON are made of each other where only one was downloaded, as the download would have written them; what is made has no ranges. 406 lists the formats there are.',
  tags: ['rows'],
  params: tabPath,
  querystring: tabQuery,
  headers: fileHeaders,
  response: { ...rowsResponses('The rows'), ...problemResponses(400, 404, 406, 412, 416, 500, 503) },
}

/**
 * What was downloaded, by spreadsheet. Answers from snapshots alone and never asks Google; to a caller there are no
 * snapshots but those of the syncs that it may see.
 */
export const spreadsheetRoutes: FastifyPluginAsyncZod<RouteDependencies> = async (
  app,
  { service, snapshots, callerOf, ownerOf, fileLimit, compression },
) => {
  app.get('/spreadsheets/:spreadsheetId', { schema: getSpreadsheet }, async (request, reply) => {
    const [latest] = await visibleSnapshots(snapshots, request.params.spreadsheetId, callerOf(request))
    return sendJson(request, reply, latest, { owner: ownerOf(request), compression })
  })

  app.delete('/spreadsheets/:spreadsheetId', { schema: eraseSpreadsheet }, async (request, reply) => {
    await eraseRows({ service, snapshots }, request.params.spreadsheetId, callerOf(request))
    return reply.code(204).send()
  })

  app.get('/spreadsheets/:spreadsheetId/tabs/:tab', { schema: getTab }, async (request, reply) =>
    ofNewest(() => sendTab(request, reply)),
  )

  async function sendTab(request: TabRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { tab, spreadsheetId: id } = request.params
    const manifests = await visibleSnapshots(snapshots, id, callerOf(request))
    const formats = obtainable(requireTab(manifests, tab).formats)
    const format = request.query.format ?? preferredFormat(request, formats)
    if (format === undefined) throw noSuchFormat(formats)
    const selection = selectTab(manifests, tab, format)
    if (selection.outcome !== 'found') throw noSuchFormat(formats)
    const stored = fileOf(snapshots, selection.manifest, selection.file, 'inline')
    const isOther = (format === 'json' || format === 'ndjson') && format !== stored.format
    if (request.query.format === undefined) addVary(reply, 'Accept')
    const file = isOther ? asOtherForm(stored, format, selection.tab.rows) : stored
    return sendFile(request, reply, file, { owner: ownerOf(request), fileLimit, compression })
  }
}

function noSuchFormat(formats: readonly SnapshotFormat[]): AppError {
  return new AppError('NOT_ACCEPTABLE', 'The tab was not downloaded in this format.', {
    hint: `There is ${formats.join(', ')}; POST /syncs with other formats to have more.`,
  })
}
