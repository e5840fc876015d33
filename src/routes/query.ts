import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { MEDIA_TYPES } from './media-types.ts'
import { jsonResponse, problemResponses } from './response-schemas.ts'
import type { RouteDependencies } from './route-dependencies.ts'
import { DEFAULT_ROWS, QUERY_FORMATS, textContent, wantedFormat } from './row-formats.ts'
import { requireQuestions, untilClosed } from './row-requests.ts'
import { sendRows } from './rows-answer.ts'
import { spreadsheetPath } from './spreadsheets.ts'
import { ofNewest, visibleSnapshots } from './visible-snapshots.ts'

/** Rows of one answer, as far as QUERY_ROWS lets it have them. */
const MOST_ANSWER_ROWS = 1_000_000

const LIMIT = 'must be a whole number from 1 to 1,000,000'

const queryBody = z
  .strictObject({
    sql: z
      .string()
      .min(1, 'must not be empty')
      .max(50_000, 'is longer than 50,000 characters')
      .describe(
        'One SELECT in the dialect of DuckDB; each tab is a table by its title, in double quotes, and by its slug',
      ),
    params: z
      .array(z.union([z.string(), z.number(), z.boolean(), z.null()]))
      .max(1000)
      .default([])
      .describe('Values for the ? in it'),
    limit: z
      .int(LIMIT)
      .min(1, LIMIT)
      .max(MOST_ANSWER_ROWS, LIMIT)
      .default(DEFAULT_ROWS)
      .describe('Rows at the most; `hasMore` says whether there are others'),
    format: z.enum(QUERY_FORMATS).optional().describe('Without it the Accept header decides'),
  })
  .meta({
    id: 'QueryRequest',
    // They run as they stand on the emulator's demo workbook.
    examples: [
      {
        sql: 'SELECT c.Country, count(*) AS orders, sum(o.Total) AS total FROM Orders o JOIN Customers c USING (Customer) WHERE o.Total >= ? GROUP BY ALL ORDER BY total DESC',
        params: [100],
      },
      { sql: 'SHOW TABLES' },
    ],
  })

const queryAnswer = z
  .object({
    rows: z.array(z.record(z.string(), z.unknown())),
    columns: z.array(z.object({ name: z.string(), type: z.string().describe('As DuckDB writes it') })),
    hasMore: z.boolean().describe('Whether there are rows beyond the limit'),
    syncId: z.string().describe('The sync whose snapshot the rows are of'),
    publishedAt: z.iso.datetime(),
  })
  .meta({ id: 'QueryAnswer' })

const query = {
  operationId: 'query',
  summary: 'Ask by SQL',
  description:
    'Runs one SELECT over the tabs of the latest snapshot, and joins across them. Nothing else is run, no other file is read, and time, memory and bytes are limited. Google is not asked.',
  tags: ['rows'],
  params: spreadsheetPath,
  body: queryBody,
  response: {
    200: {
      ...jsonResponse('The rows', queryAnswer),
      content: {
        [MEDIA_TYPES.json]: { schema: queryAnswer },
        [MEDIA_TYPES.ndjson]: textContent,
        [MEDIA_TYPES.csv]: textContent,
        [MEDIA_TYPES.parquet]: textContent,
      },
    },
    ...problemResponses(400, 404, 406, 409, 413, 415, 422, 429, 500, 501, 503),
  },
}

/** Questions by SQL. Answers from snapshots alone and never asks Google. */
export const queryRoutes: FastifyPluginAsyncZod<RouteDependencies> = async (
  app,
  { snapshots, questions, callerOf, ownerOf, fileLimit, compression },
) => {
  app.post('/spreadsheets/:spreadsheetId/query', { schema: query }, async (request, reply) =>
    ofNewest(() => sendAnswer(request, reply)),
  )

  async function sendAnswer(request: QueryRequestOf, reply: FastifyReply): Promise<FastifyReply> {
    const { format: named, ...asked } = request.body
    const format = named ?? wantedFormat(request, QUERY_FORMATS)
    const [latest] = await visibleSnapshots(snapshots, request.params.spreadsheetId, callerOf(request))
    const owner = ownerOf(request)
    const answer = await requireQuestions(questions).query(
      latest,
      { ...asked, format },
      { owner, signal: untilClosed(reply) },
    )
    const { columns, hasMore } = answer
    const beside = { columns, hasMore, syncId: latest.syncId, publishedAt: latest.publishedAt }
    return sendRows(request, reply, answer, { format, fileLimit, compression, owner, beside })
  }
}

type QueryRequestOf = FastifyRequest<{
  Params: z.output<typeof spreadsheetPath>
  Body: z.output<typeof queryBody>
}>
