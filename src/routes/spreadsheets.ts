import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { type KnownTab, selectTab } from '../model/select-tab.ts'
import { type SnapshotManifest, snapshotContents } from '../model/snapshot-manifest.ts'
import { SPREADSHEET_ID_PATTERN } from '../model/spreadsheet-reference.ts'
import { SAMPLE_SPREADSHEET_ID, SNAPSHOT_FORMATS, type SnapshotFormat } from '../model/sync-request.ts'
import { type Caller, maySee } from '../syncs/caller.ts'
import { eraseRows } from '../syncs/row-erasure.ts'
import { fileOf, sendFile } from './file-response.ts'
import { MEDIA_TYPES } from './media-types.ts'
import { jsonResponse, problemResponses, rowsResponses } from './response-schemas.ts'
import type { RouteDependencies } from './route-dependencies.ts'

/** More titles than this in a hint help nobody. */
const TITLES_IN_HINT = 20

const spreadsheetId = z
  .string()
  .regex(SPREADSHEET_ID_PATTERN, 'is not a spreadsheet id: 1 to 128 of A-Z a-z 0-9 _ -')
  .meta({ description: 'The id in the URL of the spreadsheet', example: SAMPLE_SPREADSHEET_ID })

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
  params: z.object({ spreadsheetId }),
  response: { 200: jsonResponse('The manifest', snapshotContents), ...problemResponses(400, 404, 500, 503) },
}

const eraseSpreadsheet = {
  operationId: 'eraseSpreadsheet',
  summary: 'Erase the rows of a spreadsheet',
  description:
    "Removes every snapshot of the spreadsheet that the caller's syncs have made (with an admin key, or without keys: everybody's), and what they have staged. 409 while such a sync is active, 404 when there is nothing. The status of syncs stays; their files are gone. The next sync downloads again, also with `ifUnchanged: skip`. Cut off before the answer, it has erased some snapshots, and none in part: send it again.",
  tags: ['rows'],
  params: z.object({ spreadsheetId }),
  response: { 204: z.undefined().describe('Erased'), ...problemResponses(400, 404, 409, 500, 503) },
}

const getTab = {
  operationId: 'getTab',
  summary: 'Read the rows of a tab',
  description: 'The rows of the newest snapshot that holds the tab in that format. 406 lists the formats there are.',
  tags: ['rows'],
  params: z.object({
    spreadsheetId,
    tab: z
      .string()
      .min(1)
      .max(500, 'is longer than any title')
      .meta({ description: 'The title of the tab now, in whatever case, or gid:N', example: 'gid:0' }),
  }),
  querystring: tabQuery,
  response: { ...rowsResponses('The rows'), ...problemResponses(400, 404, 406, 412, 416, 500, 503) },
}

/**
 * What was downloaded, by spreadsheet. Answers from snapshots alone and never asks Google; to a caller there are no
 * snapshots but those of the syncs that it may see.
 */
export const spreadsheetRoutes: FastifyPluginAsyncZod<RouteDependencies> = async (
  app,
  { service, snapshots, callerOf, ownerOf, fileLimit },
) => {
  app.get('/spreadsheets/:spreadsheetId', { schema: getSpreadsheet }, async (request) => {
    const [latest] = await existing(request.params.spreadsheetId, callerOf(request))
    return latest
  })

  app.delete('/spreadsheets/:spreadsheetId', { schema: eraseSpreadsheet }, async (request, reply) => {
    await eraseRows({ service, snapshots }, request.params.spreadsheetId, callerOf(request))
    return reply.code(204).send()
  })

  app.get('/spreadsheets/:spreadsheetId/tabs/:tab', { schema: getTab }, async (request, reply) => {
    try {
      return await sendTab(request, reply)
    } catch (error) {
      // A newer snapshot took the place of this one between the choice and the open; now it is the one to choose.
      if (!(error instanceof AppError && error.code === 'FILE_NOT_FOUND')) throw error
      return sendTab(request, reply)
    }
  })

  async function sendTab(request: TabRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { tab, spreadsheetId: id } = request.params
    const caller = callerOf(request)
    const manifests = await existing(id, caller)
    const held = selectTab(manifests, tab)
    if (held.outcome === 'no-tab') throw noSuchTab(held.tabs)
    const format = request.query.format ?? wantedFormat(request, held.formats)
    const selection = selectTab(manifests, tab, format)
    if (selection.outcome !== 'found') throw noSuchFormat(held.formats)
    if (request.query.format === undefined) reply.header('vary', 'Accept')
    return sendFile(request, reply, fileOf(snapshots, selection.manifest, selection.file, 'inline'), {
      owner: ownerOf(request),
      fileLimit,
    })
  }

  async function existing(id: string, caller: Caller): Promise<[SnapshotManifest, ...SnapshotManifest[]]> {
    const [latest, ...older] = (await snapshots.list(id)).filter((manifest) => maySee(caller, manifest))
    if (latest === undefined) throw new AppError('SNAPSHOT_NOT_FOUND', `There are no rows of ${id}.`)
    return [latest, ...older]
  }
}

/** Negotiates the format by `Accept` (RFC 9110, section 12.5.1); the order of SNAPSHOT_FORMATS breaks ties. */
function wantedFormat(request: FastifyRequest, held: readonly SnapshotFormat[]): SnapshotFormat {
  const formats = SNAPSHOT_FORMATS.filter((format) => held.includes(format))
  const best = request.accepts().type(formats.map((format) => MEDIA_TYPES[format]))
  const format = formats.find((candidate) => MEDIA_TYPES[candidate] === best)
  if (format === undefined) throw noSuchFormat(formats)
  return format
}

function noSuchTab(tabs: readonly KnownTab[]): AppError {
  const titles = tabs.slice(0, TITLES_IN_HINT).map(({ gid, title }) => `${JSON.stringify(title)} (gid:${gid})`)
  const more = tabs.length > TITLES_IN_HINT ? ` and ${tabs.length - TITLES_IN_HINT} more` : ''
  return new AppError('TAB_NOT_FOUND', 'No snapshot of this spreadsheet holds a tab that has this name now.', {
    hint: `There are ${titles.join(', ')}${more}. A tab that was added or renamed since needs a new sync.`,
  })
}

function noSuchFormat(formats: readonly SnapshotFormat[]): AppError {
  return new AppError('NOT_ACCEPTABLE', 'The tab was not downloaded in this format.', {
    hint: `There is ${formats.join(', ')}; POST /syncs with other formats to have more.`,
  })
}
