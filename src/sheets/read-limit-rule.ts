import type { ReadEnd } from '../ports/read-budget.ts'

/** Google counts reads by the minute (Sheets API, "Usage limits"), and its minute is not the clock's. */
export const WINDOW_MS = 60_000

/** Milliseconds after which a read that nobody called done is free again: the process that took it has died. */
export const ABANDONED_MS = 600_000

/** Who took fewer reads than this in the window is small, and never waits for the pace of the large ones. */
const SMALL = 8

/** Milliseconds to wait before the next try while only reads under way can free one, and nobody knows when. */
const UNKNOWN_WAIT_MS = 1000

/** The longest pause that Google did not ask for (Google, "Resolve time-based quota errors": exponential backoff). */
const LONGEST_PAUSE_MS = 64_000

/** Google refuses at once: a probe that has no answer for so long was let through, or its process has died. */
const PROBE_MS = 30_000

/** A read under way (`freedAt`: when it counts as abandoned), or done less than a window ago (when it is free again). */
export interface TakenRead {
  readonly read: string
  readonly account: string
  readonly key: string
  readonly isUnderWay: boolean
  readonly freedAt: number
}

/**
 * What Google's refusals have led to. A read that it refuses begins a pause, in which nobody reads: of 1 s, or what Google
 * asks for if that is longer. When it is over one read is granted, the probe. If Google refuses that too the next pause is
 * twice as long; if it answers the pause ends.
 */
export interface Throttle {
  readonly lastGrant: number
  /** Refusals in a row, of which several at once count as one; 0 while no pause is on. */
  readonly refusals: number
  /** When the next probe may go, while a pause is on. */
  readonly pausedUntil: number
  /** The probe under way, which went at `lastGrant`, as nobody else reads in a pause. */
  readonly probe?: string | undefined
  /** While a pause is on, when Google last refused; else when the latest pause ended. What was sent before says nothing. */
  readonly changedAt: number
  /** How often the pace was halved, as of the end of the latest pause; less than 0 is no pace. */
  readonly slowdown: number
}

/** Nothing refused. */
export const UNTHROTTLED: Throttle = { lastGrant: 0, refusals: 0, pausedUntil: 0, changedAt: 0, slowdown: -1 }

/** The next read that is wanted of a limit. */
interface ReadWanted {
  /** The reads a minute that Google allows. */
  readonly limit: number
  /** Whether who wants it is small: then neither the reserve nor the pace holds it back. */
  readonly isSmall: boolean
  /** Whether nobody waits for it. */
  readonly background: boolean
}

/** Whether one who took so many reads in the window is small beside the limit. */
export function isSmall(reads: number, limit: number): boolean {
  return reads < Math.min(SMALL, limit / 4)
}

/** How many milliseconds to wait before the next try to take a read; 0 when one may be taken now. */
export function waitMsOf(throttle: Throttle, taken: readonly TakenRead[], wanted: ReadWanted, now: number): number {
  const waitMs = Math.max(0, readableAt(throttle, taken, wanted, now) - now)
  return isProbing(throttle) || waitMs === Infinity ? Math.min(waitMs, UNKNOWN_WAIT_MS) : waitMs
}

/** After a read was taken, which is the probe while a pause is on. */
export function afterGrant(throttle: Throttle, read: string, now: number): Throttle {
  return { ...throttle, lastGrant: now, probe: throttle.refusals > 0 ? read : undefined }
}

/** After a read under way has ended. */
export function afterEnd(stored: Throttle, read: TakenRead, end: ReadEnd, now: number, random: () => number): Throttle {
  const throttle = read.read === stored.probe ? { ...stored, probe: undefined } : stored
  if (end.kind === 'refused') return refused(throttle, read, end.retryAfterMs, now, random)
  if (!isProbe(throttle, read) || end.kind === 'unanswered') return throttle
  return { ...throttle, refusals: 0, probe: undefined, changedAt: now }
}

/** Begins a pause, or after a refused probe the next longer one. */
function refused(state: Throttle, read: TakenRead, retryAfterMs = 0, now: number, random: () => number): Throttle {
  const { refusals, changedAt } = state
  const pausedUntil = Math.max(state.pausedUntil, now + Math.min(retryAfterMs, ABANDONED_MS))
  const isLate = refusals > 0 ? !isProbe(state, read) : grantedAt(read) < changedAt
  if (isLate) return { ...state, pausedUntil }
  // One at a time probes, so there is no crowd to spread; the jitter parts only those who share no budget.
  const backoffMs = Math.min(1000 * 2 ** refusals * (1 + random() / 4), LONGEST_PAUSE_MS)
  return {
    ...state,
    refusals: refusals + 1,
    pausedUntil: Math.max(pausedUntil, now + backoffMs),
    probe: undefined,
    changedAt: now,
    slowdown: refusals > 0 ? state.slowdown : Math.max(0, slowdownAt(state, now) + 1),
  }
}

/**
 * When a read may be taken, as things stand; infinite while only reads under way can free one. Large ones leave a small
 * reserve (those that nobody waits for a third of all reads) and, in the second half of the window's reads, keep a pace that
 * makes them last until the next come back.
 */
function readableAt(
  state: Throttle,
  taken: readonly TakenRead[],
  { limit, isSmall, background }: ReadWanted,
  now: number,
): number {
  const { lastGrant, refusals, pausedUntil } = state
  const free = limit - taken.length
  const reserve = background ? Math.floor(limit / 3) : reserveOf(limit)
  const spare = free - (isSmall ? 0 : reserve)
  const freed = Math.max(spare <= 0 ? freedAt(taken, 1 - spare) : now, pausedUntil)
  if (refusals > 0) return isProbing(state) ? Math.max(freed, lastGrant + PROBE_MS) : freed
  const paced = Math.max(freed, lastGrant + paceMs(state, limit, now))
  if (spare <= 0 || isSmall || free > limit / 2) return paced
  const back = Math.min(freedAt(taken, 1), now + WINDOW_MS)
  return Math.max(paced, Math.min(lastGrant + (back - now) / spare, back))
}

function isProbing({ refusals, probe }: Throttle): boolean {
  return refusals > 0 && probe !== undefined
}

/** Whether this read under way tries whether Google still refuses, or did before another one took its place. */
function isProbe({ refusals, changedAt }: Throttle, read: TakenRead): boolean {
  return refusals > 0 && grantedAt(read) > changedAt
}

/** Whether no refusal has any effect any more. */
export function isQuiet(throttle: Throttle, now: number): boolean {
  return throttle.refusals === 0 && throttle.pausedUntil <= now && slowdownAt(throttle, now) < 0
}

function grantedAt({ freedAt }: TakenRead): number {
  return freedAt - ABANDONED_MS
}

/**
 * Milliseconds between two reads after a pause. What Google has refused comes back one by one, as each read turns a minute
 * old, so a burst would only be refused again: all keep an even pace for a minute, and half of it if that was too fast,
 * which is undone minute by minute. So a credential that others use as well, or whose limit is lower than what is set,
 * settles near what Google grants, with few refusals.
 */
function paceMs(state: Throttle, limit: number, now: number): number {
  const slowdown = slowdownAt(state, now)
  return slowdown < 0 ? 0 : Math.min((WINDOW_MS / limit) * 2 ** slowdown, WINDOW_MS)
}

function slowdownAt({ slowdown, changedAt }: Throttle, now: number): number {
  return Math.max(-1, slowdown - Math.floor((now - changedAt) / WINDOW_MS))
}

/** How many reads are kept for small keys. */
function reserveOf(limit: number): number {
  return Math.min(4, Math.floor(limit / 10))
}

/** When so many of the reads taken will be free again. Those under way are freed only if nobody ever calls them done. */
function freedAt(taken: readonly TakenRead[], count: number): number {
  const ends = taken.map((read) => (read.isUnderWay ? Infinity : read.freedAt)).sort((one, other) => one - other)
  return ends[count - 1] ?? Infinity
}

/** Without the reads that are free again, and those whose time shows that the clock was set back. */
export function stillTaken(taken: readonly TakenRead[], now: number): readonly TakenRead[] {
  return taken.filter(
    ({ isUnderWay, freedAt }) => freedAt > now && freedAt <= now + (isUnderWay ? ABANDONED_MS : WINDOW_MS),
  )
}

/**
 * The throttle by the present clock. A time further ahead than it could be shows that the clock was set back: such a pause
 * is over, as nobody knows how long it had still to go.
 */
export function throttleAsOf<T extends Throttle>(throttle: T, now: number): T {
  const isSetBack = throttle.changedAt > now
  return {
    ...throttle,
    lastGrant: Math.min(throttle.lastGrant, now),
    pausedUntil: isSetBack ? now : throttle.pausedUntil,
    // A probe is what was granted after it.
    changedAt: isSetBack ? now - 1 : throttle.changedAt,
  }
}
