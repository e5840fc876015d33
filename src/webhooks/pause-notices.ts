import pLimit from 'p-limit'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { WebhookSender } from '../ports/webhook-sender.ts'
import { claimNotice, pauseMessage, postponeNotice, recordNotice } from '../schedules/pause-notice.ts'
import type { ScheduleStore } from '../schedules/schedule-store.ts'

/** Notices under way at once. */
const AT_ONCE = 4

export interface PauseNoticesOptions {
  readonly store: ScheduleStore
  /** Absent where nothing can be signed: notices then wait. */
  readonly sender: WebhookSender | undefined
  readonly clock: Clock
  readonly log: Log
}

/**
 * Tells the webhooks of schedules that they have paused themselves. All it knows lies in the store, so any process may send
 * any notice, and one whose process died is sent by another; it comes at least once, always under the same id.
 */
export class PauseNotices {
  readonly #options: PauseNoticesOptions
  readonly #limit = pLimit(AT_ONCE)
  readonly #underWay = new Map<string, Promise<void>>()
  readonly #closing = new AbortController()

  constructor(options: PauseNoticesOptions) {
    this.#options = options
  }

  /** Sends the notice of this schedule soon, if one is due. */
  notify(id: string): void {
    if (this.#underWay.has(id) || this.#closing.signal.aborted) return
    const sending = this.#limit(() => this.#deliver(id))
      .catch((error: unknown) =>
        this.#options.log.error({ err: error, scheduleId: id }, 'a notice could not be sent; it is tried again later'),
      )
      .finally(() => this.#underWay.delete(id))
    this.#underWay.set(id, sending)
  }

  /** Aborts what is under way; it is due again. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all(this.#underWay.values())
  }

  async #deliver(id: string): Promise<void> {
    const { store, sender, clock, log } = this.#options
    const { signal } = this.#closing
    if (signal.aborted) return
    if (sender === undefined) {
      await store.change(id, postponeNotice)
      return
    }
    let isMine = false
    const claimed = await store.change(id, (schedule, now) => {
      const next = claimNotice(schedule, now)
      isMine = next !== undefined && next.notice !== null
      return next
    })
    const url = claimed?.request.webhook?.url
    if (claimed === undefined || !isMine || url === undefined) return
    const result = await sender.send(new URL(url).href, pauseMessage(claimed), signal).catch((error: unknown) => {
      if (!signal.aborted) throw error
      return undefined
    })
    // A stop: another process takes it up after the lease.
    if (result === undefined) return
    await store.change(id, (schedule, now) => recordNotice(schedule, result, now, Math.random()))
    const fields = { scheduleId: id, host: URL.parse(url)?.host, status: result.status, at: clock.now() }
    if (result.error === null) log.info(fields, 'a webhook was told that its schedule has paused itself')
    else log.warn({ ...fields, reason: result.error }, 'a webhook was not told that its schedule has paused itself')
  }
}
