import { PeriodicTask } from '../concurrency/periodic-task.ts'
import type { Sync } from '../model/sync.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { paginate, type SyncStorage } from '../ports/sync-storage.ts'
import type { SendResult, WebhookSender } from '../ports/webhook-sender.ts'
import {
  ATTEMPT_LEASE_MS,
  type AttemptResult,
  claimDelivery,
  type Deliverable,
  isDeliveryDue,
  isPending,
  recordDelivery,
  releaseDelivery,
} from '../syncs/webhook-delivery.ts'
import { AttemptLimit } from './attempt-limit.ts'
import { webhookMessage } from './message.ts'

/** Milliseconds between two scans for webhooks that are due, so by how much an attempt may be late. */
export const SCAN_INTERVAL_MS = 5000

/** A scan that takes long, as very many are pending, is followed by a pause of so many times that. */
const PAUSE_PER_SCAN = 10

/** Attempts under way at once, in all and of one owner to one host; and how many of one owner begin in a second. */
const LIMITS = { total: 64, perHost: 4, perSecond: 20, burst: 100 }

/** Milliseconds that a stop waits for the answers of attempts under way. */
const DRAIN_MS = 3000

/** Milliseconds between two tries to record what an attempt has met, while the storage refuses. */
const RECORD_RETRY_MS = 1000

export interface WebhookDelivererOptions {
  readonly storage: SyncStorage
  readonly sender: WebhookSender
  readonly clock: Clock
  readonly log: Log
  /** Milliseconds for which a sync is remembered once its webhook is delivered or has failed. */
  readonly statusTtlMs: number
  /** From 0 up to 1, for jitter. Default: Math.random. */
  readonly random?: () => number
}

/**
 * Sends the webhooks of syncs that have ended, and tries again those that were not taken. All it knows lies in the storage:
 * any process may send any webhook, a process that dies is followed by another. An attempt is claimed by a
 * compare-and-set, so two do not send the same one side by side; but one that was sent and not recorded is sent again.
 * A message comes at least once, always under the same id.
 */
export class WebhookDeliverer {
  readonly #options: WebhookDelivererOptions
  readonly #limit: AttemptLimit
  /** By sync: attempts that wait for their turn or are under way. */
  readonly #attempts = new Map<string, Promise<void>>()
  readonly #scanning: PeriodicTask
  /** Aborted when no attempt begins any more. */
  readonly #closing = new AbortController()
  /** Aborted when attempts under way are aborted too. */
  readonly #leaving = new AbortController()

  constructor(options: WebhookDelivererOptions) {
    this.#options = options
    const { clock, log } = options
    this.#limit = new AttemptLimit({ ...LIMITS, clock })
    this.#scanning = new PeriodicTask({
      clock,
      intervalMs: (tookMs) => Math.max(SCAN_INTERVAL_MS, PAUSE_PER_SCAN * tookMs),
      run: (signal) => this.#scan(signal),
      onError: (error) => log.error({ err: error }, 'the look for webhooks failed; it is repeated'),
    })
  }

  /** Begins to scan for webhooks that are due, those that an earlier process left among them. */
  start(): void {
    this.#scanning.start()
  }

  /** Takes note that the webhook of a sync may have just become due. Without this the next scan finds it. */
  notify(sync: Sync): void {
    if (this.#closing.signal.aborted || this.#attempts.has(sync.id) || !isPending(sync)) return
    const { id, createdBy } = sync
    const to = { owner: createdBy ?? '', host: hostOf(sync) }
    const attempt = this.#limit.run(to, () => this.#deliver(id), this.#closing.signal)
    this.#attempts.set(
      id,
      attempt.finally(() => this.#attempts.delete(id)),
    )
  }

  /** Begins no attempt any more, and waits a little for those under way; what is not answered by then is due again. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#scanning.stop()
    const done = new AbortController()
    void this.#options.clock.sleep(DRAIN_MS, done.signal).then(() => this.#leaving.abort())
    await Promise.all(this.#attempts.values())
    done.abort()
  }

  /** One attempt, if it is due and nobody else has it; resolves to whether it was answered, if it was made. Never rejects. */
  async #deliver(id: string): Promise<boolean | undefined> {
    const { storage, sender, clock, log, statusTtlMs } = this.#options
    if (this.#closing.signal.aborted) return undefined
    try {
      const sync = await storage.get(id)
      if (sync === undefined || !isDeliveryDue(sync, clock.now()) || this.#closing.signal.aborted) return undefined
      const claimed = claimDelivery(sync, clock.now(), statusTtlMs)
      // Another process has it, or it was forgotten.
      if (!(await storage.replace(claimed, sync.revision))) return undefined
      if (!isPending(claimed)) {
        log.warn({ syncId: id, tries: sync.webhook.tries }, 'a webhook was given up')
        return undefined
      }
      const at = clock.now()
      const began = clock.monotonic()
      let result: SendResult
      try {
        result = await sender.send(claimed.webhook.url, webhookMessage(claimed), this.#leaving.signal)
      } catch (error) {
        if (!this.#leaving.signal.aborted) throw error
        await this.#record(id, (latest) => releaseDelivery(latest, clock.now(), statusTtlMs))
        return undefined
      }
      const attempt: AttemptResult = { ...result, at, durationMs: Math.round(clock.monotonic() - began) }
      const options = { ttlMs: statusTtlMs, random: (this.#options.random ?? Math.random)() }
      const recorded = await this.#record(id, (latest) => recordDelivery(latest, attempt, clock.now(), options))
      logAttempt(log, recorded, attempt)
      return result.status !== null
    } catch (error) {
      // The outermost boundary of a background task: whatever one webhook met must not end the service and all the others.
      log.error({ err: error, syncId: id }, 'a webhook could not be sent; it is tried again with a later scan')
      return undefined
    }
  }

  /** Stores a change of the sync as it is by now; undefined when it was forgotten meanwhile. */
  async #record(id: string, transition: (sync: Deliverable) => Deliverable): Promise<Deliverable | undefined> {
    const { storage, clock, log } = this.#options
    const began = clock.monotonic()
    for (;;) {
      try {
        const latest = await storage.get(id)
        if (latest === undefined || latest.finishedAt === null || latest.webhook === null) return undefined
        const next = transition(latest as Deliverable)
        if (next === latest || (await storage.replace(next, latest.revision))) return next
      } catch (error) {
        // After the lease another sender may have begun; then it is sent once more, which is better than never.
        if (this.#closing.signal.aborted || clock.monotonic() - began > ATTEMPT_LEASE_MS) throw error
        log.warn({ err: error, syncId: id }, 'what a webhook has met could not be recorded; trying again')
        await clock.sleep(RECORD_RETRY_MS, this.#closing.signal)
      }
    }
  }

  async #scan(signal: AbortSignal): Promise<void> {
    const { storage, clock } = this.#options
    const due: Deliverable[] = []
    for await (const sync of paginate(storage, { webhook: 'pending', signal })) {
      if (isDeliveryDue(sync, clock.now())) due.push(sync)
      if (signal.aborted) return
    }
    // Pages come newest first; what ended first is delivered first.
    for (const sync of due.reverse()) this.notify(sync)
  }
}

/** The host is named and nothing else: path and query of a webhook may hold its receiver's secret. */
function hostOf({ webhook }: Deliverable): string {
  return URL.parse(webhook.url)?.host ?? ''
}

function logAttempt(log: Log, sync: Deliverable | undefined, { status, error, durationMs }: AttemptResult): void {
  if (sync === undefined) return
  const { state, tries, nextAttemptAt } = sync.webhook
  const fields = { syncId: sync.id, host: hostOf(sync), status, durationMs, tries, nextAttemptAt }
  if (error === null) log.info(fields, 'webhook delivered')
  else log.warn({ ...fields, reason: error }, state === 'failed' ? 'a webhook was given up' : 'a webhook was not taken')
}
