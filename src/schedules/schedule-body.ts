import { z } from 'zod'
import { durationMs, writtenDuration } from '../model/duration.ts'
import { syncRequestBody } from '../model/sync-request.ts'
import type { TextFault } from '../model/text-fault.ts'
import { faultOfCron, isTimeZone } from './occurrences.ts'

const DURATION_MESSAGE = 'must be a duration such as 30s, 5m, 2h or 1d'

/** The longest that runs may be apart or put off: a year, and a day. */
const LONGEST_EVERY_MS = 366 * 86_400_000
const LONGEST_JITTER_MS = 86_400_000

const duration = z.string().refine((text) => durationMs(text) !== undefined, DURATION_MESSAGE)

const fields = z.strictObject({
  name: z
    .string()
    .min(1, 'must not be empty')
    .max(200, 'is longer than 200 characters')
    .refine((text) => !/\p{Cc}/u.test(text), 'has control characters')
    .describe('What people call it'),
  request: syncRequestBody,
  cron: z
    .string()
    .max(200, 'is longer than 200 characters')
    .nullish()
    .describe('When it runs: five fields of cron, or a nickname such as @daily; not together with every'),
  every: duration
    .refine((text) => (durationMs(text) ?? 0) <= LONGEST_EVERY_MS, 'must be 366d or less')
    .nullish()
    .describe('A duration from one run to the next: 15m, 2h, 1d; not together with cron'),
  timeZone: z
    .string()
    .refine(isTimeZone, 'is not the IANA name of a time zone, such as Europe/Berlin')
    .default('UTC')
    .describe('The zone of the fields of cron, by its IANA name'),
  onChange: z.boolean().default(false).describe('Run when the spreadsheet has changed'),
  jitter: duration
    .refine((text) => (durationMs(text) ?? 0) <= LONGEST_JITTER_MS, 'must be 1d or less')
    .nullish()
    .describe(
      'By how much each run may be put off, always the same for one schedule, so that many do not come at once. Default: a tenth of the interval, 30s at the most',
    ),
})

/** A checked body of POST /schedules: what a person says of a schedule. */
export type ScheduleBody = z.output<typeof fields>

/** What the settings and the drivers say of schedules, beside what is always so. */
export interface ScheduleRules {
  /** The least milliseconds between two runs. */
  readonly everyMinMs: number
  /** Why a webhook cannot be sent to this URL; `undefined` when it can. */
  readonly faultOfWebhook: (url: string) => TextFault | undefined
  /** Why `onChange` cannot be had for this request here; `undefined` when it can. */
  readonly faultOfOnChange?: ((request: ScheduleBody['request']) => TextFault | undefined) | undefined
  readonly now: () => Date
}

interface Fault extends TextFault {
  readonly path: readonly (string | number)[]
}

/** The body of POST /schedules, and what PATCH leaves, as these rules have it. Every field at fault is found at once. */
export function scheduleBody(rules: ScheduleRules) {
  const together = z.check<ScheduleBody>(({ value, issues }) => {
    for (const { path, message, hint } of faultsTogether(value, rules)) {
      issues.push({ code: 'custom', path: [...path], message, params: { hint }, input: value, continue: true })
    }
  })
  // Also when a field by itself is at fault: that says nothing of the others.
  together._zod.def.when = () => true
  return fields.check(together)
}

/** What PATCH takes: fields of a schedule to be changed; what it leaves is checked as a whole. */
export const schedulePatch = z
  .object({
    name: fields.shape.name,
    request: z.looseObject({}).describe('Fields of the request to be changed; null takes one away'),
    cron: z.string().nullable(),
    every: z.string().nullable(),
    timeZone: z.string(),
    onChange: z.boolean(),
    jitter: z.string().nullable(),
  })
  .partial()
  .meta({
    id: 'SchedulePatch',
    description: 'A JSON merge patch (RFC 7396); what is null goes back to its default',
    examples: [{ cron: null, every: '15m' }],
  })

/** What no field shows by itself. The body may have faults of any kind. */
function faultsTogether(body: Partial<Record<keyof ScheduleBody, unknown>>, rules: ScheduleRules): Fault[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return []
  const { cron, every, timeZone, onChange } = body
  const faults: Fault[] = []
  const add = (path: Fault['path'], fault: TextFault | undefined) => {
    if (fault !== undefined) faults.push({ path, ...fault })
  }
  const [hasCron, hasEvery] = [cron, every].map((value) => value !== undefined && value !== null)
  if (hasCron && hasEvery) {
    add(['every'], { message: 'cannot be used together with cron', hint: 'Send either cron or every.' })
  }
  if (!hasCron && !hasEvery && (onChange === false || onChange === undefined)) {
    add(['cron'], {
      message: 'is missing, as are every and onChange: it would never run',
      hint: 'Send one of cron ("0 6 * * *"), every ("15m") and onChange (true).',
    })
  }
  if (typeof cron === 'string' && cron.length <= 200) {
    const zone = typeof timeZone === 'string' && isTimeZone(timeZone) ? timeZone : 'UTC'
    add(['cron'], faultOfCron(cron, zone, rules.everyMinMs, rules.now()))
  }
  const everyMs = typeof every === 'string' ? durationMs(every) : undefined
  if (everyMs !== undefined && everyMs < rules.everyMinMs) {
    const least = writtenDuration(rules.everyMinMs)
    add(['every'], { message: `must be ${least} or more`, hint: 'The operator may lower SCHEDULE_EVERY_MIN.' })
  }
  const { data: request } = syncRequestBody.safeParse(body.request)
  if (request?.webhook !== undefined) {
    add(['request', 'webhook', 'url'], rules.faultOfWebhook(new URL(request.webhook.url).href))
  }
  if (request !== undefined && onChange === true) add(['onChange'], rules.faultOfOnChange?.(request))
  return faults
}

/** Deeper than anything in a schedule; what is nested further is taken as it stands, and no field that we know. */
const DEEPEST = 6

/** What a JSON merge patch (RFC 7396) makes of a value. */
export function mergePatch(target: unknown, patch: unknown, depth = 0): unknown {
  if (!isObject(patch) || depth > DEEPEST) return patch
  const merged: Record<string, unknown> = Object.assign(Object.create(null), isObject(target) ? target : {})
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name]
    else merged[name] = mergePatch(merged[name], value, depth + 1)
  }
  return { ...merged }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
