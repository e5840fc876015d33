import { parseRetryAfter } from '../retry-after.ts'

/** The longest pause between two tries of a call. */
const LONGEST_MS = 64_000

/**
 * Milliseconds to wait before a call is made again: full jitter below `min(2^n s + up to 1 s, 64 s)` (Google,
 * "Resolve time-based quota errors": exponential backoff), or what the other side asked for, if that is longer.
 */
export function backoffMs(
  attempt: number,
  {
    retryAfterMs = 0,
    random = Math.random,
  }: { readonly retryAfterMs?: number | undefined; readonly random?: () => number } = {},
): number {
  const ceiling = Math.min(2 ** attempt * 1000 + random() * 1000, LONGEST_MS)
  return Math.max(retryAfterMs, Math.round(random() * ceiling))
}

/** Milliseconds that a `Retry-After` header asks to wait; `undefined` when it asks for none. */
export function retryAfterMs(header: unknown, now: Date): number | undefined {
  return parseRetryAfter(header, now) || undefined
}

/** Milliseconds until the wall-clock minute turns, when Google refills its quotas. */
export function untilNextMinuteMs(now: Date): number {
  return 60_000 - (now.getTime() % 60_000)
}
