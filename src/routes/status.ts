import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { SyncState } from '../model/sync.ts'
import type { Status } from '../status/service-status.ts'
import type { Caller } from '../syncs/caller.ts'
import type { Authentication } from './authentication.ts'
import { jsonResponse, problemResponses } from './response-schemas.ts'

const whole = z.int().min(0)
const instant = z.iso.datetime()

const byState = {
  queued: whole,
  running: whole,
  cancelling: whole,
  interrupted: whole,
  succeeded: whole,
  failed: whole,
  cancelled: whole,
} satisfies Record<SyncState, unknown>

const serviceStatus = z
  .object({
    instance: z.string().describe('The process that answers'),
    role: z.string().describe('What it does: all, api or worker'),
    version: z.string(),
    uptimeSeconds: whole,
    budgets: z
      .array(
        z.object({
          name: z.string().describe('The credential, "NAME as PERSON", or "token …" for users who bring their own'),
          project: z.string().describe('The Google Cloud project, whose reads are limited too'),
          limit: whole.describe('Reads a minute'),
          used: whole.describe('Those that count now'),
          waiting: whole.describe('Reads that wait in the process that answers'),
          waitingUntil: instant.nullable().describe('When the next read is tried; null: at once'),
        }),
      )
      .nullable()
      .describe(
        'Accounts that have read within the last minute, wait or are paused, and whose credential the key may use',
      ),
    queue: z
      .object({
        queued: whole.describe('Syncs that wait for their turn, interrupted ones among them'),
        running: whole,
        waiting: whole.describe("Of those that run: that wait for Google's quota"),
      })
      .nullable()
      .describe('Those that the key may see, in all processes'),
    syncs: z
      .object(byState)
      .nullable()
      .describe("Everybody's whose status is kept, by state, the history apart; null for keys that are not admin"),
    storage: z.object({
      kind: z.enum(['file', 'redis', 'postgres']),
      healthy: z.boolean().describe('Whether syncs can be recorded now'),
      error: z.object({ code: z.string(), detail: z.string() }).nullable(),
    }),
    instances: z
      .array(
        z.object({
          id: z.string(),
          role: z.string(),
          host: z.string(),
          since: instant,
          lastSeenAt: instant.describe('They say every 15 s that they are there, and are taken for gone after 50'),
        }),
      )
      .nullable()
      .describe('The processes that share the storage; empty for keys that are not admin'),
    schedules: z
      .object({ active: whole, paused: whole })
      .nullable()
      .describe("Everybody's, as of a minute ago; null for keys that are not admin"),
  })
  .meta({ id: 'ServiceStatus' })
export type ServiceStatus = z.output<typeof serviceStatus>

const readStatus = {
  operationId: 'status',
  summary: 'How the service stands',
  description:
    "Google's budgets, the queue, the storage, the processes. Admin keys, and everybody where there are no keys, see all of it; others their own syncs and the budgets of credentials that they may use. What could not be told within 1.5 s is null.",
  tags: ['operations'],
  response: { 200: jsonResponse('How it stands', serviceStatus), ...problemResponses(500, 503) },
}

interface StatusOptions extends Pick<Authentication, 'callerOf'> {
  readonly status: (caller: Caller) => Promise<Status>
}

/** How the service stands, for who looks after it. */
export const statusRoutes: FastifyPluginAsyncZod<StatusOptions> = async (app, { status, callerOf }) => {
  app.get('/status', { schema: readStatus }, async (request, reply) => {
    reply.header('cache-control', 'no-store')
    return toWire(await status(callerOf(request)))
  })
}

function toWire({ budgets, instances, storage, ...status }: Status): ServiceStatus {
  const iso = (at: number) => new Date(at).toISOString()
  return {
    ...status,
    budgets:
      budgets?.map(({ name, project, limit, used, waiting, waitingUntil }) => ({
        ...{ name, project, limit, used, waiting },
        waitingUntil: waitingUntil?.toISOString() ?? null,
      })) ?? null,
    storage: { ...storage, kind: storage.kind as ServiceStatus['storage']['kind'] },
    instances:
      instances?.map(({ id, role, host, since, seenAt }) => ({
        ...{ id, role, host },
        ...{ since: iso(since), lastSeenAt: iso(seenAt) },
      })) ?? null,
  }
}
