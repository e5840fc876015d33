import type { AppError } from '../errors.ts'
import { isTerminal, type Sync } from '../model/sync.ts'
import { addChange, type DebounceLimits, debounceEnd } from './change-debounce.ts'
import { nextRunAfter } from './occurrences.ts'
import { advance, lastSyncOf, pauseSchedule, type Schedule } from './schedule.ts'

/** Milliseconds after which a claimed run that is not settled is taken up by whoever finds it: its process has died, or sleeps. */
export const TAKE_UP_MS = 10_000

/** The waits after a run was refused, in milliseconds: the first, each twice the one before, and the longest. */
const REFUSED_WAIT = { firstMs: 5000, longestMs: 300_000 }

/** Milliseconds between two looks at a sync that has not ended, should nobody say that it has: fewer for a short one. */
const CHECK = { leastMs: 10_000, mostMs: 120_000 }

/** A next run that is further ahead than it could be, by so many milliseconds, shows that the clock was set back. */
export const SET_BACK_MS = 30_000

export type ClaimedSchedule = Schedule & { readonly run: NonNullable<Schedule['run']> }

/**
 * Claims what is due: whoever stores this starts that sync and settles the run. Occurrences that were missed meanwhile
 * collapse into this one. A run that nobody has settled is taken up under its own sync id, so that it is not started twice;
 * it stands for a later occurrence too that has come by then. `undefined` when nothing is due.
 */
export function claimRun(schedule: Schedule, newSyncId: string, now: Date): ClaimedSchedule | undefined {
  const { state, run, changed, nextRunAt } = schedule
  const isDue = (at: string | null | undefined): at is string =>
    typeof at === 'string' && Date.parse(at) <= now.getTime()
  const claimedAt = now.toISOString()
  const retryAt = new Date(now.getTime() + TAKE_UP_MS).toISOString()
  const isTick = state === 'active' && isDue(nextRunAt)
  const after = isTick ? (nextRunAfter(schedule, now)?.toISOString() ?? null) : nextRunAt
  if (run !== null) {
    if (!isDue(run.retryAt)) return undefined
    const taken = { ...run, claimedAt, retryAt, ...(isTick && { tick: nextRunAt, trigger: 'time' as const, tries: 0 }) }
    return { ...advance(schedule, now, { nextRunAt: after }), run: taken }
  }
  if (state !== 'active') return undefined
  const tick = isTick ? nextRunAt : changed?.dueAt
  if (!isDue(tick)) return undefined
  const trigger = isTick ? 'time' : 'change'
  // What is read from now on holds the change that was waited with.
  const claimed = advance(schedule, now, { nextRunAt: after, changed: null })
  return { ...claimed, run: { syncId: newSyncId, tick, trigger, claimedAt, tries: 0, retryAt } }
}

/** Whether the run is still the one of this sync, and not settled. */
export function isClaimed({ run }: Schedule, syncId: string): boolean {
  return run?.syncId === syncId
}

/** Notes which sync the run has: its own, or one that it joined. `undefined` when another process has settled it. */
export function settleRun(
  schedule: Schedule,
  syncId: string,
  sync: Sync,
  now: Date,
  rules: EndRules,
): Schedule | undefined {
  if (schedule.run?.syncId !== syncId) return undefined
  const { tick } = schedule.run
  return noteSync({ ...schedule, run: null }, sync, { tick, joined: sync.id !== syncId }, now, rules)
}

/** Notes the latest sync of a schedule, how it was come by, and how it has ended, if it has. */
export function noteSync(
  schedule: Schedule,
  sync: Sync,
  { tick, joined }: { readonly tick: string; readonly joined: boolean },
  now: Date,
  rules: EndRules,
): Schedule {
  const lastSync = { ...lastSyncOf(sync, tick, joined), finishedAt: null }
  const noted = advance(schedule, now, { fault: null, lastSync, checkAt: nextCheck(tick, now, rules) })
  return noteSyncEnd(noted, sync, now, rules)
}

/** Gives the run up without a sync. `undefined` when another process has settled it. */
export function dropRun(schedule: Schedule, syncId: string, now: Date): Schedule | undefined {
  return isClaimed(schedule, syncId) ? advance(schedule, now, { run: null, fault: null }) : undefined
}

/** Lets any process take the run up at once: this one is stopping. */
export function releaseRun(schedule: Schedule, syncId: string, now: Date): Schedule | undefined {
  const { run } = schedule
  return run?.syncId === syncId ? advance(schedule, now, { run: { ...run, retryAt: now.toISOString() } }) : undefined
}

/**
 * Notes that the service had no room for the run. It is tried again, later and later, and given up when the next one is
 * due. `random`, from 0 up to 1, spreads those that were refused together.
 */
export function refuseRun(
  schedule: Schedule,
  syncId: string,
  { code, message: detail, retryAfterSeconds = 0 }: AppError,
  now: Date,
  random: number,
): Schedule | undefined {
  const { run, nextRunAt, fault } = schedule
  if (run?.syncId !== syncId) return undefined
  const backoffMs = Math.min(REFUSED_WAIT.firstMs * 2 ** run.tries, REFUSED_WAIT.longestMs) * (0.8 + 0.4 * random)
  const until = now.getTime() + Math.max(backoffMs, retryAfterSeconds * 1000)
  const next = nextRunAt === null ? Number.POSITIVE_INFINITY : Math.max(now.getTime(), Date.parse(nextRunAt))
  const retryAt = new Date(Math.min(until, next)).toISOString()
  const tries = run.tries + 1
  const since = fault?.since ?? now.toISOString()
  return advance(schedule, now, {
    run: { ...run, tries, retryAt },
    fault: { code, detail, since, tries, nextTryAt: retryAt },
  })
}

/** Counts a run that could not be started, and cannot be while nothing is changed, as one that has failed. */
export function failRun(
  schedule: Schedule,
  syncId: string,
  { code, message: detail }: AppError,
  now: Date,
  { failuresMax }: EndRules,
): Schedule | undefined {
  if (!isClaimed(schedule, syncId)) return undefined
  const fault = { code, detail, since: now.toISOString(), tries: 1, nextTryAt: null }
  const failed = advance(schedule, now, { run: null, fault, failuresInARow: schedule.failuresInARow + 1 })
  return failed.failuresInARow < failuresMax ? failed : pausedFor(failed, code, detail, now)
}

export interface EndRules {
  /** After so many syncs in a row that failed the schedule pauses itself. */
  readonly failuresMax: number
  /** Milliseconds for which a sync that has ended can be looked at. */
  readonly statusTtlMs: number
}

/** Notes how the latest sync has ended. The same schedule when it is not the latest, or that is noted. */
export function noteSyncEnd(schedule: Schedule, sync: Sync, now: Date, rules: EndRules): Schedule {
  if (!isTerminal(sync)) return schedule
  // It ended before its run could be settled.
  const settled = settleRun(schedule, sync.id, sync, now, rules)
  if (settled !== undefined) return settled
  const { lastSync } = schedule
  if (lastSync?.id !== sync.id || lastSync.finishedAt !== null) return schedule
  const failuresInARow = sync.state === 'succeeded' ? 0 : schedule.failuresInARow + (sync.state === 'failed' ? 1 : 0)
  const ended = advance(schedule, now, {
    lastSync: { ...lastSync, state: sync.state, finishedAt: sync.finishedAt },
    lastSuccess: sync.state === 'succeeded' ? { id: sync.id, finishedAt: sync.finishedAt } : schedule.lastSuccess,
    failuresInARow,
    checkAt: null,
  })
  if (sync.state !== 'failed' || failuresInARow < rules.failuresMax) return ended
  return pausedFor(ended, sync.error.code, sync.error.detail, now)
}

/** Notes that the latest sync has not ended yet; looks again later. `isGone`: nobody will ever tell how it ended. */
export function postponeCheck(schedule: Schedule, now: Date, isGone: boolean, rules: EndRules): Schedule {
  const { lastSync } = schedule
  if (lastSync === null) return schedule
  return advance(schedule, now, { checkAt: isGone ? null : nextCheck(lastSync.tick, now, rules) })
}

/** Notes a change of the spreadsheet, which is followed by a run once no other has come for a while. */
export function noteChanged(
  schedule: Schedule,
  change: { readonly at: Date; readonly version: string | null },
  now: Date,
  limits: DebounceLimits,
): Schedule {
  if (!schedule.onChange || schedule.state !== 'active') return schedule
  const pending = addChange(schedule.changed, change)
  return advance(schedule, now, { changed: { ...pending, dueAt: debounceEnd(pending, limits).toISOString() } })
}

/** After the clock was set back: its next run is the one that comes next by the clock as it is. */
export function reckonAnew(schedule: Schedule, now: Date): Schedule {
  const { state, nextRunAt, updatedAt } = schedule
  if (state !== 'active' || nextRunAt === null) return schedule
  // What was reckoned at an earlier time than this still stands; nearly all pass here.
  if (Date.parse(updatedAt) - now.getTime() <= SET_BACK_MS) return schedule
  const next = nextRunAfter(schedule, now)
  if (next === undefined || Date.parse(nextRunAt) - next.getTime() <= SET_BACK_MS) return schedule
  return advance(schedule, now, { nextRunAt: next.toISOString() })
}

function pausedFor(schedule: Schedule, code: string, detail: string, now: Date): Schedule {
  const message = `The last ${schedule.failuresInARow} runs failed, the latest with ${code}: ${detail}`
  return pauseSchedule(schedule, { reason: 'failures', code, message }, now)
}

/** Sooner while the run is young, and well before the status of a sync that has ended is forgotten. */
function nextCheck(tick: string, now: Date, { statusTtlMs }: EndRules): string {
  const age = now.getTime() - Date.parse(tick)
  const most = Math.min(CHECK.mostMs, statusTtlMs / 2)
  return new Date(now.getTime() + Math.max(1000, Math.min(Math.max(age / 2, CHECK.leastMs), most))).toISOString()
}
