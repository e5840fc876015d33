import { z } from 'zod'
import { parseSpreadsheetReference } from '../model/spreadsheet-reference.ts'
import { SYNC_STATES, type Sync } from '../model/sync.ts'
import { DEFAULT_CREDENTIAL, type SyncRequestBody } from '../model/sync-request.ts'
import { nextRunAfter, offsetOf, type Timing } from './occurrences.ts'
import type { ScheduleBody } from './schedule-body.ts'
import { isScheduleId } from './schedule-id.ts'

/*
 * What a schedule holds is the same in the domain, in the stored record and on the wire, which hides some of it. Fields
 * that are added later have a default, so that older records can be read.
 */

const instant = z.iso.datetime().describe('ISO 8601, UTC')
const count = z.int().min(0)

const lastSync = z
  .object({
    id: z.string().describe('The sync of the latest run: its own, or one that was active already and that it joined'),
    tick: instant.describe('When the run was due'),
    state: z.enum(SYNC_STATES).describe('How the sync stood when it was last looked at'),
    joined: z.boolean(),
    finishedAt: instant.nullable(),
  })
  .meta({ id: 'ScheduleSync' })
export type LastSync = z.output<typeof lastSync>

const pause = z
  .object({
    reason: z
      .enum(['user', 'failures', 'forbidden'])
      .describe(
        'user: somebody paused it; failures: too many syncs in a row failed; forbidden: whose it is may not have this downloaded any more',
      ),
    code: z.string().nullable().describe('The error code that it was paused for'),
    message: z.string(),
    at: instant,
  })
  .meta({ id: 'SchedulePause' })
export type SchedulePause = z.output<typeof pause>

const fault = z
  .object({
    code: z.string().describe('A code of the error table, such as QUEUE_FULL'),
    detail: z.string(),
    since: instant,
    tries: count,
    nextTryAt: instant.nullable(),
  })
  .meta({ id: 'ScheduleFault' })

export const scheduleFields = z.object({
  id: z.string().refine(isScheduleId),
  state: z.enum(['active', 'paused']),
  revision: z.int().min(1).describe('Grows by one at every change, those of runs included; the ETag'),
  name: z.string(),
  request: z.custom<SyncRequestBody>((value) => typeof value === 'object' && value !== null),
  cron: z.string().nullable(),
  every: z.string().nullable(),
  timeZone: z.string(),
  onChange: z.boolean(),
  jitter: z.string().nullable(),
  nextRunAt: instant.nullable().describe('When it runs next by cron or every; null while it is paused'),
  lastSync: lastSync.nullable(),
  lastSuccess: z.object({ id: z.string(), finishedAt: instant }).nullable(),
  failuresInARow: count.describe('Syncs that failed since one succeeded, or since the schedule was resumed'),
  fault: fault
    .nullable()
    .describe('Why the run that is due has not begun yet, while it is still tried; null when nothing hinders it'),
  pause: pause.nullable().describe('Why it is paused'),
  createdAt: instant,
  updatedAt: instant,
  /** Name of the API key that made it; null without keys. */
  createdBy: z.string().nullable(),
  /** See {@link Timing}. */
  anchor: instant,
  offsetMs: count,
  /** A tick that was claimed and is not settled: its sync, and when another process may take it up. */
  run: z
    .object({
      syncId: z.string(),
      tick: instant,
      trigger: z.enum(['time', 'change']),
      claimedAt: instant,
      tries: count,
      retryAt: instant,
    })
    .nullable(),
  /** When to look how the latest sync has ended, should nobody have said so by then. */
  checkAt: instant.nullable().default(null),
  /** A change of the spreadsheet that waits until no other follows, and until when it does. */
  changed: z
    .object({ at: instant, firstAt: instant, version: z.string().nullable(), dueAt: instant })
    .nullable()
    .default(null),
  /** That it has paused itself, while its webhook is yet to be told. */
  notice: z.object({ tries: count, nextAttemptAt: instant }).nullable().default(null),
})

/** A schedule; immutable, every change makes a new one with the next revision. */
export type Schedule = Readonly<z.output<typeof scheduleFields>>

interface NewSchedule {
  readonly id: string
  readonly body: ScheduleBody
  readonly createdBy: string | null
}

export function createSchedule({ id, body, createdBy }: NewSchedule, now: Date): Schedule {
  const at = now.toISOString()
  const planned = planOf(id, body, at, now)
  return {
    id,
    state: 'active',
    revision: 1,
    ...toFields(body),
    ...planned,
    nextRunAt: firstRun({ ...toFields(body), ...planned }, now),
    lastSync: null,
    lastSuccess: null,
    failuresInARow: 0,
    fault: null,
    pause: null,
    createdAt: at,
    updatedAt: at,
    createdBy,
    run: null,
    checkAt: null,
    changed: null,
    notice: null,
  }
}

/** The schedule as the body says it. When it runs is reckoned anew only where that has changed. */
export function reviseSchedule(schedule: Schedule, body: ScheduleBody, now: Date): Schedule {
  const fields = toFields(body)
  const names = ['cron', 'every', 'timeZone', 'jitter'] as const
  if (names.every((name) => fields[name] === schedule[name])) return advance(schedule, now, fields)
  const at = fields.every === schedule.every ? schedule.anchor : now.toISOString()
  const planned = planOf(schedule.id, body, at, now)
  const nextRunAt = schedule.state === 'active' ? firstRun({ ...fields, ...planned }, now) : null
  return advance(schedule, now, { ...fields, ...planned, nextRunAt })
}

/** Runs no more until it is resumed. What is claimed already is brought to its end. Returns a paused one as it is. */
export function pauseSchedule(schedule: Schedule, why: Omit<SchedulePause, 'at'>, now: Date): Schedule {
  if (schedule.state === 'paused') return schedule
  const notice =
    why.reason === 'user' || schedule.request.webhook === undefined
      ? null
      : { tries: 0, nextAttemptAt: now.toISOString() }
  const ended = { nextRunAt: null, changed: null, fault: null, notice }
  return advance(schedule, now, { state: 'paused', pause: { ...why, at: now.toISOString() }, ...ended })
}

/** Runs again from its next occurrence on, with no failure counted. Returns an active one as it is. */
export function resumeSchedule(schedule: Schedule, now: Date): Schedule {
  if (schedule.state === 'active') return schedule
  const nextRunAt = nextRunAfter(schedule, now)?.toISOString() ?? null
  return advance(schedule, now, { state: 'active', pause: null, failuresInARow: 0, nextRunAt, notice: null })
}

/** The body that would make this schedule. */
export function bodyOf({ name, request, cron, every, timeZone, onChange, jitter }: Schedule): ScheduleBody {
  return { name, request, cron, every, timeZone, onChange, jitter }
}

/** Id of the spreadsheet that a checked request names. */
export function spreadsheetOf({ request }: Pick<Schedule, 'request'>): string {
  const reference = parseSpreadsheetReference(request.spreadsheet)
  return 'id' in reference ? reference.id : ''
}

/** The name of the credential that a checked request is read with. */
export function credentialOf({ request }: Pick<Schedule, 'request'>): string {
  return request.credential ?? DEFAULT_CREDENTIAL
}

/** When the schedule wants to be looked at next; `undefined`: not before somebody changes it. */
export function lookAt({ run, nextRunAt, changed, checkAt, notice }: Schedule): string | undefined {
  // While a run is claimed, what comes next waits for it.
  const runs = run === null ? [nextRunAt, changed?.dueAt] : [run.retryAt]
  const times = [...runs, checkAt, notice?.nextAttemptAt]
  return times.filter((at) => typeof at === 'string').sort()[0]
}

type Changes = Partial<Omit<Schedule, 'id' | 'revision' | 'createdAt' | 'updatedAt' | 'createdBy'>>

/** A wall clock that was set back must not make it look as if it had changed before it was made. */
export function advance(schedule: Schedule, now: Date, changes: Changes): Schedule {
  const updatedAt = new Date(Math.max(now.getTime(), Date.parse(schedule.createdAt))).toISOString()
  return { ...schedule, ...changes, revision: schedule.revision + 1, updatedAt }
}

/** How the sync of a run stands. */
export function lastSyncOf({ id, state, finishedAt }: Sync, tick: string, joined: boolean): LastSync {
  return { id, tick, state, joined, finishedAt }
}

function toFields({ name, request, cron, every, timeZone, onChange, jitter }: ScheduleBody) {
  return { name, request, cron: cron ?? null, every: every ?? null, timeZone, onChange, jitter: jitter ?? null }
}

function planOf(id: string, body: ScheduleBody, anchor: string, now: Date): Pick<Timing, 'anchor' | 'offsetMs'> {
  const { cron, every, timeZone, jitter } = toFields(body)
  return { anchor, offsetMs: offsetOf(id, { cron, every, timeZone }, jitter, now) }
}

/** One interval from now at the soonest, where it runs by interval: whoever makes it can have it run at once. */
function firstRun(timing: Timing, now: Date): string | null {
  const begin = new Date(Date.parse(timing.anchor) + timing.offsetMs)
  const after = timing.every !== null && begin > now ? begin : now
  return nextRunAfter(timing, after)?.toISOString() ?? null
}
