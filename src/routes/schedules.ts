import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { SAMPLE_SPREADSHEET_ID } from '../model/sync-request.ts'
import { syncView } from '../model/sync-view.ts'
import type { Schedule } from '../schedules/schedule.ts'
import { mergePatch, scheduleBody, schedulePatch } from '../schedules/schedule-body.ts'
import { scheduleView, toScheduleView } from '../schedules/schedule-view.ts'
import { ifMatchRevisions, revisionETag } from './conditional-requests.ts'
import { jsonResponse, problemResponses } from './response-schemas.ts'
import type { RouteDependencies } from './route-dependencies.ts'
import { accepted, sendSync } from './sync-response.ts'
import {
  checkBody,
  documentOnly,
  pageSizeParam,
  pageTokenParam,
  scheduleIdParam,
  spreadsheetParam,
} from './validation.ts'

/** What may be said of a schedule before the settings are known, which say more; for the document. */
const documentedBody = scheduleBody({ everyMinMs: 0, faultOfWebhook: () => undefined, now: () => new Date() }).meta({
  id: 'ScheduleBody',
  examples: [
    {
      name: 'Prices, every morning',
      request: { spreadsheet: SAMPLE_SPREADSHEET_ID, formats: ['json', 'csv'] },
      cron: '0 6 * * 1-5',
      timeZone: 'Europe/Berlin',
    },
    {
      name: 'Stock',
      request: { spreadsheet: SAMPLE_SPREADSHEET_ID, ifUnchanged: 'skip', maxAge: '1h' },
      every: '5m',
    },
  ],
})

const schedulePath = z.object({
  id: scheduleIdParam.describe('The id of a schedule, as POST /schedules answered it'),
})
const ifMatch = z.object({ 'if-match': z.string().optional().describe('Only in this revision: its ETag') })
const withETag = { ETag: 'Its revision, for If-Match' }

const createSchedule = {
  operationId: 'createSchedule',
  summary: 'Save a schedule',
  description:
    'Saves a request and when to run it: by cron in a time zone, every so often, or when the spreadsheet changes. Each run is an ordinary sync with scheduleId. Runs that were missed collapse into one, and a run that comes while the sync of the one before is active joins it.',
  tags: ['schedules'],
  body: documentOnly(documentedBody),
  response: {
    201: jsonResponse('The schedule, recorded durably', scheduleView, { Location: 'Where it is', ...withETag }),
    ...problemResponses(400, 413, 415, 422, 429, 500, 503),
  },
}

const listSchedules = {
  operationId: 'listSchedules',
  summary: 'List schedules',
  description:
    'One page of schedules, newest first. A page may hold fewer than pageSize; nextPageToken says whether more follow.',
  tags: ['schedules'],
  querystring: z.strictObject({
    spreadsheet: spreadsheetParam.describe('Only schedules of this spreadsheet: its id, or its URL'),
    pageSize: pageSizeParam.describe('How many schedules at the most, 1 to 1000'),
    pageToken: pageTokenParam,
  }),
  response: {
    200: jsonResponse(
      'One page',
      z
        .object({
          schedules: z.array(scheduleView).describe('Newest first'),
          nextPageToken: z.string().nullable().describe('Pass it as pageToken for the next page; null on the last one'),
        })
        .meta({ id: 'SchedulePage' }),
    ),
    ...problemResponses(400, 500, 503),
  },
}

const getSchedule = {
  operationId: 'getSchedule',
  summary: 'Read a schedule',
  description: 'The schedule, when it runs next, and how its latest sync stands.',
  tags: ['schedules'],
  params: schedulePath,
  response: { 200: jsonResponse('The schedule', scheduleView, withETag), ...problemResponses(400, 404, 500, 503) },
}

const patchSchedule = {
  operationId: 'patchSchedule',
  summary: 'Change a schedule',
  description:
    'Merges the fields that are given into the schedule (RFC 7396), and checks what comes of it as a whole. To go from cron to every, send "cron": null beside it. A sync that is under way goes on as it was asked for.',
  tags: ['schedules'],
  params: schedulePath,
  headers: ifMatch,
  body: documentOnly(schedulePatch),
  response: {
    200: jsonResponse('The schedule as it is now', scheduleView, withETag),
    ...problemResponses(400, 404, 412, 413, 415, 422, 500, 503),
  },
}

const deleteSchedule = {
  operationId: 'deleteSchedule',
  summary: 'Remove a schedule',
  description: 'Removes a schedule. Its syncs stay, and one that is under way goes on.',
  tags: ['schedules'],
  params: schedulePath,
  headers: ifMatch,
  response: { 204: z.undefined().describe('Removed'), ...problemResponses(400, 404, 412, 500, 503) },
}

const runSchedule = {
  operationId: 'runSchedule',
  summary: 'Run a schedule now',
  description: 'Starts its sync at once, also while it is paused; when it runs next stays as it is.',
  tags: ['schedules'],
  params: schedulePath,
  response: {
    202: jsonResponse('The sync', syncView, { Location: 'Where the sync can be watched', ETag: 'Its revision' }),
    ...problemResponses(400, 404, 422, 429, 500, 503, 507),
  },
}

const pauseSchedule = {
  operationId: 'pauseSchedule',
  summary: 'Pause a schedule',
  description: 'It runs no more until it is resumed. A sync that is under way goes on.',
  tags: ['schedules'],
  params: schedulePath,
  response: {
    200: jsonResponse('The schedule, paused', scheduleView, withETag),
    ...problemResponses(400, 404, 500, 503),
  },
}

const resumeSchedule = {
  operationId: 'resumeSchedule',
  summary: 'Resume a schedule',
  description: 'It runs again from its next occurrence on; failures are counted anew.',
  tags: ['schedules'],
  params: schedulePath,
  response: {
    200: jsonResponse('The schedule, active', scheduleView, withETag),
    ...problemResponses(400, 404, 500, 503),
  },
}

/** Saved requests, when they run, and what came of it. */
export const scheduleRoutes: FastifyPluginAsyncZod<RouteDependencies> = async (app, { schedules, callerOf }) => {
  if (schedules === undefined) return
  const { body: bodySchema } = schedules

  app.post('/schedules', { schema: createSchedule }, async (request, reply) => {
    const schedule = await schedules.create(checkBody(bodySchema, request.body), callerOf(request))
    return sendSchedule(reply.code(201).header('location', `/schedules/${schedule.id}`), schedule)
  })

  app.get('/schedules', { schema: listSchedules }, async (request, reply) => {
    const { spreadsheet: spreadsheetId, ...page } = request.query
    const { schedules: found, nextPageToken = null } = await schedules.list(
      { spreadsheetId, ...page },
      callerOf(request),
    )
    return sendJson(reply, { schedules: found.map(toScheduleView), nextPageToken })
  })

  app.get('/schedules/:id', { schema: getSchedule }, async (request, reply) =>
    sendSchedule(reply, await schedules.find(request.params.id, callerOf(request))),
  )

  app.patch('/schedules/:id', { schema: patchSchedule }, async (request, reply) => {
    const { params, headers, body: patch } = request
    // What is no object would take the place of the whole schedule.
    checkBody(z.looseObject({}), patch)
    const revised = await schedules.revise(
      params.id,
      callerOf(request),
      (body) => checkBody(bodySchema, mergePatch(body, patch)),
      ifMatchRevisions(headers['if-match']),
    )
    return sendSchedule(reply, revised)
  })

  app.delete('/schedules/:id', { schema: deleteSchedule }, async (request, reply) => {
    await schedules.remove(request.params.id, callerOf(request), ifMatchRevisions(request.headers['if-match']))
    return reply.code(204).send()
  })

  app.post('/schedules/:id/run', { schema: runSchedule }, async (request, reply) => {
    const sync = await schedules.run(request.params.id, callerOf(request))
    return sendSync(accepted(reply, sync), sync)
  })

  app.post('/schedules/:id/pause', { schema: pauseSchedule }, async (request, reply) =>
    sendSchedule(reply, await schedules.pause(request.params.id, callerOf(request))),
  )

  app.post('/schedules/:id/resume', { schema: resumeSchedule }, async (request, reply) =>
    sendSchedule(reply, await schedules.resume(request.params.id, callerOf(request))),
  )
}

function sendSchedule(reply: FastifyReply, schedule: Schedule): FastifyReply {
  return sendJson(reply.header('etag', revisionETag(schedule)), toScheduleView(schedule))
}

/** What is stored was checked when it came; another release may have checked it by other rules. */
function sendJson(reply: FastifyReply, body: unknown): FastifyReply {
  return reply
    .header('cache-control', 'private, no-cache')
    .header('content-type', 'application/json; charset=utf-8')
    .send(Buffer.from(JSON.stringify(body)))
}
