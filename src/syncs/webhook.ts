import type { SyncWebhook } from '../model/sync-parts.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** Milliseconds from one failed attempt to the next, before jitter; after the last attempt it has failed for good. */
export const RETRY_DELAYS_MS: readonly number[] = [
  5 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
]
export const MOST_TRIES = RETRY_DELAYS_MS.length + 1

/** The longest wait that a receiver can ask for with Retry-After. */
export const LONGEST_RETRY_AFTER_MS = 10 * HOUR

/**
 * Milliseconds for which an attempt under way is its sender's alone: the time limit of an attempt, and what it may take to
 * record it. A sender that dies meanwhile is followed by another one then.
 */
export const ATTEMPT_LEASE_MS = 30 * SECOND

/** Milliseconds for which a sync is kept for its webhook; longer than all its attempts with the longest waits. */
export const PENDING_KEPT_MS = 7 * 24 * HOUR

/** Attempts that the log of a webhook holds. */
const ATTEMPTS_KEPT = 10

/** What one attempt to deliver has met. */
export interface AttemptResult {
  readonly at: Date
  /** HTTP status of the answer; null when there was none. */
  readonly status: number | null
  /** Why it is no success, in words for the caller; null for one. */
  readonly error: string | null
  readonly durationMs: number
  /** What the receiver asked for with Retry-After, from the end of the attempt on. */
  readonly retryAfterMs?: number
}

export function newWebhook(url: string): SyncWebhook {
  return { url, state: 'waiting', endRevision: null, tries: 0, nextAttemptAt: null, attempts: [] }
}

/** The webhook of a sync that has ended in this revision: due at once. */
export function armWebhook(webhook: SyncWebhook, endRevision: number, now: string): SyncWebhook {
  return { ...webhook, state: 'pending', endRevision, tries: 0, nextAttemptAt: now }
}

/** Whether it is time to try. A time further ahead than any wait means a wall clock that was set back, so it counts too. */
export function isDue(webhook: SyncWebhook, now: Date): boolean {
  if (webhook.state !== 'pending' || webhook.nextAttemptAt === null) return false
  const ahead = Date.parse(webhook.nextAttemptAt) - now.getTime()
  return ahead <= 0 || ahead > 2 * LONGEST_RETRY_AFTER_MS
}

/**
 * Takes the next attempt: whoever stores this is its only sender for {@link ATTEMPT_LEASE_MS}. Failed for good, when
 * the sender of the last attempt died before it could tell what came of it.
 */
export function claimAttempt(webhook: SyncWebhook, now: Date): SyncWebhook {
  if (webhook.tries >= MOST_TRIES) return { ...webhook, state: 'failed', nextAttemptAt: null }
  return { ...webhook, tries: webhook.tries + 1, nextAttemptAt: after(now, ATTEMPT_LEASE_MS) }
}

/** Gives an attempt back that was broken off on this side; the next one is due at once. */
export function releaseAttempt(webhook: SyncWebhook, now: Date): SyncWebhook {
  if (webhook.state !== 'pending') return webhook
  return { ...webhook, tries: Math.max(0, webhook.tries - 1), nextAttemptAt: now.toISOString() }
}

/**
 * Notes what an attempt has met, and decides what follows: any 2xx delivers, 410 and the last attempt end it, everything
 * else is tried again later. Jitter (`random` from 0 to 1) spreads those who failed together by a fifth to either side.
 */
export function recordAttempt(webhook: SyncWebhook, result: AttemptResult, now: Date, random: number): SyncWebhook {
  const { at, status, error, durationMs, retryAfterMs = 0 } = result
  const attempts = [...webhook.attempts, { at: at.toISOString(), status, error, durationMs }].slice(-ATTEMPTS_KEPT)
  if (error === null) return { ...webhook, attempts, state: 'delivered', nextAttemptAt: null }
  // Another sender, after our lease had run out, was faster; what it found stands.
  if (webhook.state !== 'pending') return { ...webhook, attempts }
  const delay = RETRY_DELAYS_MS[Math.max(0, webhook.tries - 1)]
  if (delay === undefined || status === 410) return { ...webhook, attempts, state: 'failed', nextAttemptAt: null }
  const wait = Math.max(delay * (0.8 + 0.4 * random), Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS))
  return { ...webhook, attempts, nextAttemptAt: after(now, wait) }
}

/** Has the message sent once more, from the first attempt of the schedule on; its log stays. */
export function rearmWebhook(webhook: SyncWebhook, now: Date): SyncWebhook {
  return { ...webhook, state: 'pending', tries: 0, nextAttemptAt: now.toISOString() }
}

function after(now: Date, ms: number): string {
  return new Date(now.getTime() + Math.round(ms)).toISOString()
}
