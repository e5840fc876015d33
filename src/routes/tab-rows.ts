import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { RowsPage } from '../rows/row-questions.ts'
import { addVary } from './content-codings.ts'
import { MEDIA_TYPES } from './media-types.ts'
import { sendPage } from './page-answer.ts'
import { jsonResponse, problemResponses } from './response-schemas.ts'
import type { RouteDependencies } from './route-dependencies.ts'
import { DEFAULT_ROWS, PAGE_FORMATS, textContent, wantedFormat } from './row-formats.ts'
import { requireQuestions } from './row-requests.ts'
import { tabPath } from './spreadsheets.ts'
import { wholeNumber } from './validation.ts'
import { ofNewest, requireTab, visibleSnapshots } from './visible-snapshots.ts'

/** Rows of one page. */
const MOST_ROWS = 10_000
/** Rows before a page: as many as a spreadsheet has cells. */
const MOST_ROWS_BEFORE = 10_000_000
/** Characters of SQL in a query string, which has 16 KiB with all the rest. */
const MOST_CHARACTERS = 8_000

const text = z.string().min(1, 'must not be empty').max(MOST_CHARACTERS)

/** A parameter that may be given several times. */
const repeatable = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => [value].flat())
  .pipe(z.array(z.string()).max(100, 'are more than 100'))

const rowsQuery = z
  .strictObject({
    select: text.optional().describe('Names of columns, with commas between; all of them without it'),
    where: text
      .optional()
      .describe(
        'A SQL expression over the columns, in the dialect of DuckDB; values go into `param`, and a ? stands for each',
      ),
    param: repeatable.default([]).describe('The value of a ? in `where`; repeat it for the next one'),
    order: text
      .optional()
      .describe(
        'Names of columns, each with asc or desc (and nulls first or last) if need be; rows that are equal then come as in the tab',
      ),
    limit: wholeNumber(1, MOST_ROWS).optional().describe(`Rows of a page, 1 to 10,000; ${DEFAULT_ROWS} without it`),
    offset: wholeNumber(0, MOST_ROWS_BEFORE).optional().describe('Rows before the page'),
    cursor: z.string().min(1).max(1000).optional().describe('nextCursor of the page before, with the same question'),
    count: z.enum(['exact']).optional().describe('exact: tells how many rows there are in all'),
    format: z.enum(PAGE_FORMATS).optional().describe('Without it the Accept header decides'),
  })
  .refine(({ cursor, offset }) => cursor === undefined || offset === undefined, {
    path: ['offset'],
    message: 'cannot be given with a cursor, which has its own',
  })

const rowsPage = z
  .object({
    rows: z.array(z.record(z.string(), z.unknown())),
    nextCursor: z.string().nullable().describe('Pass it as cursor for the next page; null on the last one'),
    count: z.int().min(0).nullable().describe('Rows in all, where count=exact asked for it'),
    syncId: z.string().describe('The sync whose snapshot the rows are of'),
    publishedAt: z.iso.datetime(),
  })
  .meta({ id: 'RowsPage' })

const getRows = {
  operationId: 'getRows',
  summary: 'Ask for some rows of a tab',
  description:
    'The rows that fit, of the newest snapshot that holds the tab; Google is not asked. Types are those of the column schema: dates are DATE, times of day TIME, both TIMESTAMP, durations and columns of several kinds text. Pages of one cursor are all of one snapshot; 410 once that is gone. `Link: <…>; rel="next"` names the next page, and X-Total-Count the rows in all where count=exact asked.',
  tags: ['rows'],
  params: tabPath,
  querystring: rowsQuery,
  response: {
    200: {
      ...jsonResponse('The rows', rowsPage, {
        ETag: 'Of this page of this snapshot',
        Link: 'The next page, rel="next"',
        'X-Total-Count': 'Rows in all, where count=exact asked',
      }),
      content: {
        [MEDIA_TYPES.json]: { schema: rowsPage },
        [MEDIA_TYPES.ndjson]: textContent,
        [MEDIA_TYPES.csv]: textContent,
      },
    },
    304: z.undefined().describe('Nothing has changed'),
    ...problemResponses(400, 404, 406, 409, 410, 422, 429, 500, 501, 503),
  },
}

/** Pages of published rows. Answers from snapshots alone and never asks Google. */
export const tabRowsRoutes: FastifyPluginAsyncZod<RouteDependencies> = async (
  app,
  { snapshots, questions, callerOf, ownerOf, fileLimit, compression },
) => {
  app.get('/spreadsheets/:spreadsheetId/tabs/:tab/rows', { schema: getRows }, async (request, reply) =>
    ofNewest(() => sendRowsPage(request, reply)),
  )

  async function sendRowsPage(request: RowsRequestOf, reply: FastifyReply): Promise<FastifyReply> {
    const { param, count, limit = DEFAULT_ROWS, format: named, ...asked } = request.query
    const { spreadsheetId, tab } = request.params
    if (named === undefined) addVary(reply, 'Accept')
    const format = named ?? wantedFormat(request, PAGE_FORMATS)
    const manifests = await visibleSnapshots(snapshots, spreadsheetId, callerOf(request))
    const latest = requireTab(manifests, tab)
    const page = requireQuestions(questions).page(manifests, latest, {
      ...asked,
      limit,
      params: param,
      count: count === 'exact',
      format,
    })
    return sendPage(request, reply, page, {
      ...{ format, fileLimit, compression, ownerOf },
      detailsOf: ({ nextCursor, count: total = null }) => ({
        beside: besideOf(page, nextCursor, total),
        ...(total === null ? {} : { headers: { 'x-total-count': total } }),
      }),
    })
  }
}

type RowsRequestOf = FastifyRequest<{
  Params: z.output<typeof tabPath>
  Querystring: z.output<typeof rowsQuery>
}>

function besideOf({ manifest }: RowsPage, nextCursor: string | null, count: number | null) {
  const { syncId, publishedAt } = manifest
  return { nextCursor, count, syncId, publishedAt }
}
