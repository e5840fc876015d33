import type { SendResult, WebhookMessage } from '../ports/webhook-sender.ts'
import { ATTEMPT_LEASE_MS, after, MOST_TRIES, nextAttempt } from '../syncs/webhook-delivery.ts'
import { advance, type Schedule, spreadsheetOf } from './schedule.ts'

/** Milliseconds after which a notice is looked at again that no process here can send. */
const UNSENDABLE_MS = 3_600_000

/** The message that a schedule has paused itself, and why; the rest is for whoever may read the schedule. */
export function pauseMessage(schedule: Schedule): WebhookMessage {
  const { id, name, pause, failuresInARow } = schedule
  return {
    id: `${id}-paused-${Date.parse(pause?.at ?? schedule.updatedAt)}`,
    body: JSON.stringify({
      type: 'schedule.paused',
      timestamp: pause?.at,
      data: {
        id,
        name,
        reason: pause?.reason,
        errorCode: pause?.code ?? null,
        failuresInARow,
        spreadsheetId: spreadsheetOf(schedule),
        href: `/schedules/${id}`,
      },
    }),
  }
}

/** Takes the next attempt to send the notice: whoever stores this is its only sender for a while. `undefined` when none is due. */
export function claimNotice(schedule: Schedule, now: Date): Schedule | undefined {
  const { notice } = schedule
  if (notice === null || Date.parse(notice.nextAttemptAt) > now.getTime()) return undefined
  if (notice.tries >= MOST_TRIES) return advance(schedule, now, { notice: null })
  return advance(schedule, now, { notice: { tries: notice.tries + 1, nextAttemptAt: after(now, ATTEMPT_LEASE_MS) } })
}

/**
 * Notes what an attempt has met, by the same rules as for the webhook of a sync: any 2xx delivers, 410 and the last attempt
 * end it. `random` from 0 to 1.
 */
export function recordNotice(schedule: Schedule, result: SendResult, now: Date, random: number): Schedule {
  const { notice } = schedule
  if (notice === null) return schedule
  const nextAttemptAt = result.error === null ? null : nextAttempt(notice.tries, result, now, random)
  return advance(schedule, now, { notice: nextAttemptAt === null ? null : { ...notice, nextAttemptAt } })
}

/** Leaves a notice for later that cannot be sent from here: no secret is set that would sign it. */
export function postponeNotice(schedule: Schedule, now: Date): Schedule {
  const { notice } = schedule
  return notice === null
    ? schedule
    : advance(schedule, now, { notice: { ...notice, nextAttemptAt: after(now, UNSENDABLE_MS) } })
}
