import { createHash } from 'node:crypto'
import { Cron } from 'croner'
import { durationMs } from '../model/duration.ts'
import type { TextFault } from '../model/text-fault.ts'

/** When a schedule runs by itself. */
export interface Timing {
  /** Five fields, or a nickname such as `@daily`. */
  readonly cron: string | null
  /** A duration; it counts time that passes, whatever clocks on walls do. */
  readonly every: string | null
  /** IANA name of the zone that the fields of `cron` are of. */
  readonly timeZone: string
  /** ISO 8601: what the multiples of `every` are counted from. */
  readonly anchor: string
  /** Milliseconds by which each run comes after its occurrence. */
  readonly offsetMs: number
}

const NICKNAME = /^@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)$/i

const CRON_HINT =
  'Five fields: minute, hour, day of month, month, day of week, such as "0 6 * * 1-5" for six in the morning on weekdays; or @hourly, @daily, @weekly, @monthly, @yearly.'

/** Occurrences that are looked at to tell how near two of a cron expression come: a day of an hourly one. */
const LOOKED_AT = 25

/** What the delay by which a schedule is spread may be at the most, unless its jitter is set. */
const DEFAULT_JITTER = { ofInterval: 0.1, ms: 30_000 }

/** What is wrong with a cron expression in a zone: that it is none, never comes, or comes oftener than every `leastMs`. */
export function faultOfCron(cron: string, timeZone: string, leastMs: number, now: Date): TextFault | undefined {
  const fields = cron.trim().split(/\s+/)
  if (fields.length !== 5 && !(fields.length === 1 && NICKNAME.test(cron.trim()))) {
    return { message: `must have five fields, not ${cron.trim() === '' ? 0 : fields.length}`, hint: CRON_HINT }
  }
  try {
    const interval = shortestInterval(cron, timeZone, now)
    if (interval === undefined) return { message: 'never comes', hint: CRON_HINT }
    if (interval >= leastMs) return undefined
    return {
      message: 'comes oftener than this service allows',
      hint: `At least ${leastMs / 1000} s must lie between two runs.`,
    }
  } catch (error) {
    return { message: `is not a cron expression: ${reasonOf(error)}`, hint: CRON_HINT }
  }
}

/** Whether this is the IANA name of a time zone that this Node knows. */
export function isTimeZone(name: string): boolean {
  // Intl also takes offsets, which know no summer time.
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** When a run comes that is after this time, and the first of them; `undefined` where none comes by itself. */
export function nextRunAfter(timing: Timing, after: Date): Date | undefined {
  const { cron, every, timeZone, anchor, offsetMs } = timing
  const from = after.getTime() - offsetMs
  if (cron !== null) {
    const next = open(cron, timeZone).nextRun(new Date(from))
    return next === null ? undefined : new Date(next.getTime() + offsetMs)
  }
  const interval = every === null ? undefined : durationMs(every)
  if (interval === undefined) return undefined
  const begin = Date.parse(anchor)
  const count = Math.floor((from - begin) / interval) + 1
  return new Date(begin + count * interval + offsetMs)
}

/**
 * By how many milliseconds the runs of this schedule are put off, so that those of many do not come at once: always as
 * long for one id, below `jitter`, or by default below a tenth of the interval and 30 s.
 */
export function offsetOf(
  id: string,
  { cron, every, timeZone }: Pick<Timing, 'cron' | 'every' | 'timeZone'>,
  jitter: string | null,
  now: Date,
): number {
  const interval = every === null ? cron && shortestInterval(cron, timeZone, now) : durationMs(every)
  if (typeof interval !== 'number') return 0
  const { ofInterval, ms } = DEFAULT_JITTER
  const most = jitter === null ? Math.min(ms, interval * ofInterval) : (durationMs(jitter) ?? 0)
  const share = createHash('sha256').update(id).digest().readUInt32BE() / 2 ** 32
  return Math.floor(share * most)
}

/** Milliseconds between the two of the next occurrences that are nearest to each other; infinite for a last one. */
function shortestInterval(cron: string, timeZone: string, now: Date): number | undefined {
  const times = open(cron, timeZone)
    .nextRuns(LOOKED_AT, now)
    .map((at) => at.getTime())
  if (times.length === 0) return undefined
  return Math.min(...times.slice(1).map((at, n) => at - (times[n] ?? at)))
}

function open(cron: string, timeZone: string): Cron {
  return new Cron(cron, { timezone: timeZone, paused: true, mode: '5-part' })
}

/** Of croner's messages, without its name for itself. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) throw error
  return error.message.replace(/^CronPattern: /, '').replace(/\.$/, '')
}
