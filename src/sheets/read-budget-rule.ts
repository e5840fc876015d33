/** Google refills its quotas each minute (Sheets API, "Usage limits"). */
export const WINDOW_MS = 60_000

/** Milliseconds after which a read that nobody called done is free again: the process that took it has died. */
export const ABANDONED_MS = 600_000

/** A sync that took fewer reads than this in the window is small, and never waits for the pace of the large ones. */
const SMALL = 8

/** Milliseconds to wait before the next try while only reads under way can free one, and nobody knows when. */
const UNKNOWN_WAIT_MS = 1000

/** The reads of one credential, as they stand. Times are milliseconds on whichever clock counts them. */
export interface ReadState {
  /** Reads a minute that the credential has. */
  readonly limit: number
  /** Reads under way (`until` infinite) or done less than a window ago; `until` is when they are free again. */
  readonly taken: readonly { readonly key: string; readonly until: number }[]
  readonly lastGrant: number
  readonly pausedUntil: number
}

/**
 * When this key may read, as things stand; infinite while only reads under way can free one. Large keys leave a small
 * reserve and, in the second half of the window's reads, keep a pace that makes them last until the next come back.
 * The one rule of every budget: of one process (quota.ts) and of all instances (shared-read-budget.ts).
 */
function readableAt({ limit, taken, lastGrant, pausedUntil }: ReadState, key: string, now: number): number {
  const free = limit - taken.length
  const own = taken.filter((read) => read.key === key).length
  const isSmall = own < Math.min(SMALL, limit / 4)
  const spare = free - (isSmall ? 0 : reserveOf(limit))
  let at = now
  if (spare <= 0) {
    at = freedAt(taken, 1 - spare)
  } else if (!isSmall && free <= limit / 2) {
    const back = Math.min(freedAt(taken, 1), now + WINDOW_MS)
    at = Math.min(Math.max(now, lastGrant + (back - now) / spare), back)
  }
  return Math.max(at, pausedUntil)
}

/** The same in milliseconds from now, none or less for a read that is free; while nobody knows it, a wait for the next try. */
export function waitMsOf(state: ReadState, key: string, now: number): number {
  const waitMs = readableAt(state, key, now) - now
  return Number.isFinite(waitMs) ? waitMs : UNKNOWN_WAIT_MS
}

/** How many reads are kept for small keys. */
function reserveOf(limit: number): number {
  return Math.min(4, Math.floor(limit / 10))
}

/** When so many of the reads taken will be free again. */
function freedAt(taken: ReadState['taken'], count: number): number {
  const ends = taken.map(({ until }) => until).sort((one, other) => one - other)
  return ends[count - 1] ?? Number.POSITIVE_INFINITY
}
