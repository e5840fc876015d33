import { AppError } from '../errors.ts'
import { type FinishedSync, isTerminal, type Sync } from '../model/sync.ts'
import type { SyncWebhook } from '../model/sync-parts.ts'
import { stamp } from './sync.ts'
import {
  type AttemptResult,
  claimAttempt,
  isDue,
  PENDING_KEPT_MS,
  rearmWebhook,
  recordAttempt,
  releaseAttempt,
} from './webhook.ts'

/** A sync that has ended and has a webhook; every transition here leaves its state, its rows and its end alone. */
export type Deliverable = FinishedSync & { readonly webhook: SyncWebhook }

export function isPending(sync: Sync): sync is Deliverable {
  return isTerminal(sync) && sync.webhook?.state === 'pending'
}

export function isDeliveryDue(sync: Sync, now: Date): sync is Deliverable {
  return isPending(sync) && isDue(sync.webhook, now)
}

/** Takes the next attempt; see `claimAttempt`. */
export function claimDelivery(sync: Deliverable, now: Date, ttlMs: number): Deliverable {
  return change(sync, claimAttempt(sync.webhook, now), now, ttlMs)
}

export function recordDelivery(
  sync: Deliverable,
  result: AttemptResult,
  now: Date,
  options: { readonly ttlMs: number; readonly random: number },
): Deliverable {
  return change(sync, recordAttempt(sync.webhook, result, now, options.random), now, options.ttlMs)
}

/** Gives the attempt back; the same sync when there is nothing to give back any more. */
export function releaseDelivery(sync: Deliverable, now: Date, ttlMs: number): Deliverable {
  const released = releaseAttempt(sync.webhook, now)
  return released === sync.webhook ? sync : change(sync, released, now, ttlMs)
}

/** Has the webhook of a finished sync sent (again), whatever came of it before. */
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
  return change({ ...sync, webhook }, rearmWebhook(webhook, now), now, ttlMs)
}

/**
 * A pending webhook keeps its sync for as long as attempts may follow. Then it is kept for one TTL more, so that whoever
 * asks finds what came of it, and what the webhook told of.
 */
function change(sync: Deliverable, webhook: SyncWebhook, now: Date, ttlMs: number): Deliverable {
  const updatedAt = stamp(sync, now)
  const settled = webhook.state !== 'pending'
  const kept = settled ? ttlMs : Math.max(ttlMs, PENDING_KEPT_MS)
  const expiresAt = Date.parse(updatedAt) + kept
  return {
    ...sync,
    webhook,
    revision: sync.revision + 1,
    updatedAt,
    expiresAt: new Date(settled ? expiresAt : Math.max(expiresAt, Date.parse(sync.expiresAt))).toISOString(),
  }
}
