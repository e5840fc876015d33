import type { Schedule, ScheduleBody, Sync } from '../../client/src/types.ts'
import { toListed } from './listed-sync.ts'

/** When a schedule runs, in a few words: `every 15m`, `0 6 * * 1-5, Europe/Berlin, and on change`. */
export function ruleWords({
  cron,
  every,
  timeZone,
  onChange,
}: Pick<Schedule, 'cron' | 'every' | 'timeZone' | 'onChange'>): string {
  const rule = every !== null ? `every ${every}` : cron !== null ? `${cron}, ${timeZone}` : ''
  if (!onChange) return rule
  return rule === '' ? 'on change' : `${rule}, and on change`
}

/** One run of a schedule, as its timeline shows it. */
export interface Run {
  readonly id: string
  readonly state: Sync['state']
  readonly at: string
  readonly tookMs: number | null
  readonly rows: number
  /** Rows added and removed, where both are known. */
  readonly changed: { readonly added: number; readonly removed: number } | null
  readonly outcome: Sync['outcome']
  readonly error: string | null
}

export function runOf(sync: Sync): Run {
  const { id, state, createdAt, startedAt, finishedAt, progress, outcome, changed, error } = {
    ...toListed(sync),
    createdAt: sync.tick ?? sync.createdAt,
  }
  const tookMs = startedAt === null || finishedAt === null ? null : Date.parse(finishedAt) - Date.parse(startedAt)
  return { id, state, at: createdAt, tookMs, rows: progress.rowsDone, changed, outcome, error: error?.title ?? null }
}

/** Heights of the bars of a run, 0 to 1: rows added go up, rows removed go down. The largest of all runs is 1. */
export function barsOf(runs: readonly Run[]): readonly { readonly added: number; readonly removed: number }[] {
  const most = Math.max(1, ...runs.flatMap(({ changed }) => (changed === null ? [] : [changed.added, changed.removed])))
  // What is few beside what is many stays to be seen.
  const height = (value: number) => (value === 0 ? 0 : Math.max(0.12, Math.sqrt(value / most)))
  return runs.map(({ changed }) => ({ added: height(changed?.added ?? 0), removed: height(changed?.removed ?? 0) }))
}

/** What is typed into the form of a new schedule. */
export interface ScheduleForm {
  readonly name: string
  readonly spreadsheet: string
  readonly kind: 'every' | 'cron'
  readonly every: string
  readonly cron: string
  readonly timeZone: string
}

export function emptyForm(): ScheduleForm {
  return { name: '', spreadsheet: '', kind: 'every', every: '1h', cron: '0 6 * * 1-5', timeZone: ownTimeZone() }
}

function ownTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'
}

/** The body of `POST /schedules`; the service says what is wrong with it. */
export function scheduleBody({ name, spreadsheet, kind, every, cron, timeZone }: ScheduleForm): ScheduleBody {
  const rule = kind === 'every' ? { every: every.trim() } : { cron: cron.trim(), timeZone: timeZone.trim() }
  return { name: name.trim(), request: { spreadsheet: spreadsheet.trim() }, ...rule }
}
