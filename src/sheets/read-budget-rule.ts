import type { ReadEnd } from '../ports/read-budget.ts'

/** Google counts reads by the minute (Sheets API, "Usage limits"), and its minute is not the clock's. */
export const WINDOW_MS = 60_000

/** Milliseconds after which a read that nobody called done is free again: the process that took it has died. */
export const ABANDONED_MS = 600_000

/** A sync that took fewer reads than this in the window is small, and never waits for the pace of the large ones. */
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

/** The reads of one credential, as they stand. Times are milliseconds on whichever clock counts them. */
export interface ReadState extends Throttle {
  readonly taken: readonly TakenRead[]
}

/** Nothing read, and nothing refused. */
export const UNUSED: ReadState = {
  taken: [],
  lastGrant: 0,
  refusals: 0,
  pausedUntil: 0,
  changedAt: 0,
  slowdown: -1,
}

/** Takes the read for this key, or tells how many milliseconds to wait. `limit`: the reads a minute of the credential. */
export function takeRead(
  stored: ReadState,
  { limit, key, read }: { readonly limit: number; readonly key: string; readonly read: string },
  now: number,
): { readonly state: ReadState } | { readonly waitMs: number } {
  const state = asOf(stored, now)
  const waitMs = readableAt(state, limit, key, now) - now
  if (waitMs > 0)
    return { waitMs: isProbing(state) || waitMs === Infinity ? Math.min(waitMs, UNKNOWN_WAIT_MS) : waitMs }
  const taken = [...state.taken, { read, key, isUnderWay: true, freedAt: now + ABANDONED_MS }]
  return { state: { ...state, taken, lastGrant: now, probe: state.refusals > 0 ? read : undefined } }
}

/** What the end of a read makes of the state; `undefined` when it is not under way. */
export function endRead(
  stored: ReadState,
  read: string,
  end: ReadEnd,
  now: number,
  random = Math.random,
): ReadState | undefined {
  const present = asOf(stored, now)
  const ended = present.taken.find((one) => one.read === read && one.isUnderWay)
  if (ended === undefined) return undefined
  const state = read === present.probe ? { ...present, probe: undefined } : present
  const others = state.taken.filter((one) => one !== ended)
  // Service Control, which counts for Google's APIs, allocates nothing to a call that it refuses (QuotaMode NORMAL).
  if (end.kind === 'refused') return { ...refused(state, ended, end.retryAfterMs, now, random), taken: others }
  const taken = [...others, { ...ended, isUnderWay: false, freedAt: now + WINDOW_MS }]
  if (!isProbe(state, ended) || end.kind === 'unanswered') return { ...state, taken }
  return { ...state, taken, refusals: 0, probe: undefined, changedAt: now }
}

/** Begins a pause, or after a refused probe the next longer one. */
function refused(state: ReadState, read: TakenRead, retryAfterMs = 0, now: number, random: () => number): ReadState {
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
 * When this key may read, as things stand; infinite while only reads under way can free one. Large keys leave a small
 * reserve and, in the second half of the window's reads, keep a pace that makes them last until the next come back.
 */
function readableAt(state: ReadState, limit: number, key: string, now: number): number {
  const { taken, lastGrant, refusals, pausedUntil } = state
  const free = limit - taken.length
  const own = taken.filter((read) => read.key === key).length
  const isSmall = own < Math.min(SMALL, limit / 4)
  const spare = free - (isSmall ? 0 : reserveOf(limit))
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

/**
 * Without the reads that are free again. A time further ahead than it could be shows that the clock was set back: such a
 * pause and such reads are over, as nobody knows how long they had still to go.
 */
function asOf(state: ReadState, now: number): ReadState {
  const isSetBack = state.changedAt > now
  return {
    ...state,
    taken: state.taken.filter(
      ({ isUnderWay, freedAt }) => freedAt > now && freedAt <= now + (isUnderWay ? ABANDONED_MS : WINDOW_MS),
    ),
    lastGrant: Math.min(state.lastGrant, now),
    pausedUntil: isSetBack ? now : state.pausedUntil,
    // A probe is what was granted after it.
    changedAt: isSetBack ? now - 1 : state.changedAt,
  }
}
