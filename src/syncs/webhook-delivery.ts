import { AppError } from '../errors.ts'
import { type FinishedSync, isTerminal, type Sync, type SyncWebhook } from '../model/sync.ts'
import { stamp } from './change-time.ts'

const SECOND = 1000
const HOUR = 3600 * SECOND

/** Milliseconds for which a sync is kept for its webhook; longer than all its attempts with the longest waits. */
export const PENDING_KEPT_MS = 7 * 86_400_000

/**
 * Milliseconds from one failed attempt to the next, before jitter; after the last attempt it has failed for good. 5 and
 * 30 seconds, 2, 10 and 30 minutes, 1, 2, 5 and 10 hours.
 */
export const RETRY_DELAYS_MS: readonly number[] = [5, 30, 120, 600, 1800, 3600, 7200, 18_000, 36_000].map(
  (seconds) => seconds * SECOND,
)
export const MOST_TRIES = RETRY_DELAYS_MS.length + 1

/** The longest wait that a receiver can ask for with Retry-After. */
export const LONGEST_RETRY_AFTER_MS = 10 * HOUR

/**
 * Milliseconds for which an attempt under way is its sender's alone: the time limit of an attempt, and what it may take to
 * record it. A sender that dies meanwhile is followed by another one then.
 */
export const ATTEMPT_LEASE_MS = 30 * SECOND

/** Attempts that the log of a webhook holds. */
const ATTEMPTS_KEPT = 10

/** A redelivery is refused while the webhook was sent so many times in so many milliseconds. */
const SENT_OFTEN = { times: 5, withinMs: 60 * SECOND }

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

/** A sync that has ended and has a webhook; every transition here leaves its state, its rows and its end alone. */
export type Deliverable = FinishedSync & { readonly webhook: SyncWebhook }

/** The webhook of a new sync, which is sent once that has ended. */
export function waitingWebhook(url: string): SyncWebhook {
  return { url, state: 'waiting', endRevision: null, tries: 0, nextAttemptAt: null, attempts: [] }
}

/** The webhook of a sync that ends with this revision at this time (ISO 8601): the first attempt is due at once. */
export function pendingWebhook(webhook: SyncWebhook, endRevision: number, finishedAt: string): SyncWebhook {
  return { ...webhook, state: 'pending', endRevision, nextAttemptAt: finishedAt }
}

/** Milliseconds for which a sync is kept whose webhook is pending. */
export function pendingKeptMs(ttlMs: number): number {
  return Math.max(ttlMs, PENDING_KEPT_MS)
}

export function isPending(sync: Sync): sync is Deliverable {
  return isTerminal(sync) && sync.webhook?.state === 'pending'
}

/** Whether it is time to try. A time further ahead than any wait means a wall clock that was set back, so it counts too. */
export function isDeliveryDue(sync: Sync, now: Date): sync is Deliverable {
  if (!isPending(sync) || sync.webhook.nextAttemptAt === null) return false
  const ahead = Date.parse(sync.webhook.nextAttemptAt) - now.getTime()
  return ahead <= 0 || ahead > 2 * LONGEST_RETRY_AFTER_MS
}

/**
 * Takes the next attempt: whoever stores this is its only sender for {@link ATTEMPT_LEASE_MS}. Failed for good, when
 * the sender of the last attempt died before it could record the result.
 */
export function claimDelivery(sync: Deliverable, now: Date, ttlMs: number): Deliverable {
  const { tries } = sync.webhook
  if (tries >= MOST_TRIES) return change(sync, { state: 'failed', nextAttemptAt: null }, now, ttlMs)
  return change(sync, { tries: tries + 1, nextAttemptAt: after(now, ATTEMPT_LEASE_MS) }, now, ttlMs)
}

/**
 * Notes what an attempt has met, and decides what follows: any 2xx delivers, 410 and the last attempt end it, everything
 * else is tried again later, see {@link nextAttempt}.
 */
export function recordDelivery(
  sync: Deliverable,
  result: AttemptResult,
  now: Date,
  { ttlMs, random }: { readonly ttlMs: number; readonly random: number },
): Deliverable {
  const { at, status, error, durationMs } = result
  const { webhook } = sync
  const attempts = [...webhook.attempts, { at: at.toISOString(), status, error, durationMs }].slice(-ATTEMPTS_KEPT)
  if (error === null) return change(sync, { attempts, state: 'delivered', nextAttemptAt: null }, now, ttlMs)
  // Another sender, after our lease had run out, was faster; what it found stands.
  if (webhook.state !== 'pending') return change(sync, { attempts }, now, ttlMs)
  const nextAttemptAt = nextAttempt(webhook.tries, result, now, random)
  if (nextAttemptAt === null) return change(sync, { attempts, state: 'failed', nextAttemptAt }, now, ttlMs)
  return change(sync, { attempts, nextAttemptAt }, now, ttlMs)
}

/**
 * When to try again after an attempt that failed, ISO 8601; null when it was the last one. Jitter (`random` from 0 to 1)
 * spreads those who failed together by a fifth to either side.
 */
export function nextAttempt(
  tries: number,
  { status, retryAfterMs = 0 }: Pick<AttemptResult, 'status' | 'retryAfterMs'>,
  now: Date,
  random: number,
): string | null {
  const delay = RETRY_DELAYS_MS[Math.max(0, tries - 1)]
  if (delay === undefined || status === 410) return null
  return after(now, Math.max(delay * (0.8 + 0.4 * random), Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS)))
}

/** Gives back an attempt that was aborted on this side; the next one is due at once. Returns the same sync if not pending. */
export function releaseDelivery(sync: Deliverable, now: Date, ttlMs: number): Deliverable {
  if (!isPending(sync)) return sync
  const tries = Math.max(0, sync.webhook.tries - 1)
  return change(sync, { tries, nextAttemptAt: now.toISOString() }, now, ttlMs)
}

/**
 * Has the webhook of a finished sync sent (again), from the first attempt of the schedule on; its log stays. Returns the
 * same sync while the first attempt has yet to begin. Throws WEBHOOK_SENT_OFTEN while its log has many of late.
 */
export function requestRedelivery(sync: Sync, now: Date, ttlMs: number): Deliverable {
  const { webhook } = sync
  if (webhook === null) {
    throw new AppError('WEBHOOK_NOT_DELIVERABLE', 'The sync has no webhook.', {
      hint: 'A webhook is named when the sync is started: POST /syncs with "webhook": {"url": "https://…"}.',
    })
  }
  if (!isTerminal(sync)) {
    throw new AppError('WEBHOOK_NOT_DELIVERABLE', `The sync is ${sync.state}; its webhook is sent once it has ended.`)
  }
  if (isDeliveryDue(sync, now) && sync.webhook.tries === 0) return sync
  refuseIfSentOften(webhook, now)
  const again = { state: 'pending', tries: 0, nextAttemptAt: now.toISOString() } as const
  return change({ ...sync, webhook }, again, now, ttlMs)
}

function refuseIfSentOften({ attempts }: SyncWebhook, now: Date): void {
  const { times, withinMs } = SENT_OFTEN
  // One further away than that, in either direction, says nothing: the wall clock may have been set.
  const waits = attempts.map(({ at }) => Date.parse(at) + withinMs - now.getTime())
  const recent = waits.filter((ms) => ms > 0 && ms <= withinMs)
  const oldest = recent.at(-times)
  if (oldest === undefined) return
  const detail = `The webhook was sent ${recent.length} times within ${withinMs / SECOND} s.`
  throw new AppError('WEBHOOK_SENT_OFTEN', detail, { retryAfterSeconds: Math.ceil(oldest / SECOND) })
}

/**
 * A pending webhook keeps its sync for as long as attempts may follow. Then it is kept for one TTL more, so that whoever
 * polls finds what came of it, and what the webhook was about.
 */
function change(sync: Deliverable, changes: Partial<SyncWebhook>, now: Date, ttlMs: number): Deliverable {
  const webhook = { ...sync.webhook, ...changes }
  const updatedAt = stamp(sync, now)
  const isSettled = webhook.state !== 'pending'
  const keptUntil = Date.parse(updatedAt) + (isSettled ? ttlMs : pendingKeptMs(ttlMs))
  const expiresAt = isSettled ? keptUntil : Math.max(keptUntil, Date.parse(sync.expiresAt))
  return { ...sync, webhook, revision: sync.revision + 1, updatedAt, expiresAt: new Date(expiresAt).toISOString() }
}

/** ISO 8601. */
export function after(now: Date, ms: number): string {
  return new Date(now.getTime() + Math.round(ms)).toISOString()
}
