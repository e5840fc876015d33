import type { Clock } from '../clock.ts'
import { AppError } from '../errors.ts'
import type { JobRunner } from '../jobs/job-runner.ts'
import type { SyncPage, SyncQuery, SyncStorage } from '../storage/sync-storage.ts'
import { KeyedMutex } from './keyed-mutex.ts'
import { createSync, isTerminal, requestCancel, type Sync } from './sync.ts'
import { newSyncId } from './sync-id.ts'
import {
  isSameDownload,
  normalizeRequest,
  type SyncRequest,
  type SyncRequestBody,
  type WebhookFault,
} from './sync-request.ts'
import { ACTIVE_STATES } from './sync-schema.ts'
import { requestRedelivery } from './webhook-delivery.ts'

export interface SyncServiceOptions {
  readonly storage: SyncStorage
  readonly runner: JobRunner
  readonly clock: Clock
  /** Milliseconds for which a finished sync is remembered. */
  readonly statusTtlMs: number
  /** Says why a webhook cannot be sent to this URL, `undefined` when it can. Without it none can. */
  readonly faultOfWebhook?: (url: string) => WebhookFault | undefined
}

const NO_WEBHOOKS: WebhookFault = {
  message: 'cannot be called by this service, as WEBHOOK_SECRET is not set',
  hint: 'Set WEBHOOK_SECRET to whsec_ and the base64 of 24 to 64 random bytes, and start the service again.',
}

/** What is new in a sync that is to be recorded. */
interface Order {
  readonly spreadsheetId: string
  readonly request: SyncRequest
  readonly labels: Readonly<Record<string, string>>
  readonly webhookUrl?: string | undefined
  readonly retryOf?: string
}

/** What users do with syncs. Every method rejects with an AppError that can be shown to them. */
export class SyncService {
  readonly #storage: SyncStorage
  readonly #runner: JobRunner
  readonly #clock: Clock
  readonly #statusTtlMs: number
  readonly #faultOfWebhook: (url: string) => WebhookFault | undefined
  readonly #starting = new KeyedMutex()
  #draining = false

  constructor(options: SyncServiceOptions) {
    this.#storage = options.storage
    this.#runner = options.runner
    this.#clock = options.clock
    this.#statusTtlMs = options.statusTtlMs
    this.#faultOfWebhook = options.faultOfWebhook ?? (() => NO_WEBHOOKS)
  }

  /** From now on no sync is started here; what is asked about existing ones is still answered. */
  drain(): void {
    this.#draining = true
  }

  get draining(): boolean {
    return this.#draining
  }

  /**
   * Records a sync durably, then has it run. While the same download of the spreadsheet is active, resolves to that
   * one instead, unless the request says `ifActive: start`, or has a webhook that the active one would not call.
   */
  async start(body: SyncRequestBody): Promise<Sync> {
    const { spreadsheetId, request } = normalizeRequest(body)
    const webhookUrl = body.webhook === undefined ? undefined : this.#checkedWebhook(body.webhook.url)
    const order: Order = { spreadsheetId, request, labels: body.labels, webhookUrl }
    if (request.ifActive === 'start') return this.#record(order)
    // One at a time for each spreadsheet, or two equal requests at once would both find nothing to join.
    return this.#starting.run(spreadsheetId, async () => {
      this.#refuseWhileDraining()
      return (await this.#findActive(order)) ?? this.#record(order)
    })
  }

  /** The sync as it is now: at once when it is in memory, otherwise as a promise. Polling takes this way. */
  peek(id: string): Sync | Promise<Sync> {
    const found = this.#storage.peek(id)
    return found instanceof Promise ? found.then((sync) => sync ?? notFound(id)) : (found ?? notFound(id))
  }

  async find(id: string): Promise<Sync> {
    return (await this.#storage.get(id)) ?? notFound(id)
  }

  list(query: SyncQuery): Promise<SyncPage> {
    return this.#storage.list(query)
  }

  /** Asks a sync to end; `already` tells that it had been cancelled before. Rejects with SYNC_FINISHED if it ended otherwise. */
  async cancel(id: string): Promise<{ readonly sync: Sync; readonly already: boolean }> {
    for (;;) {
      const sync = await this.find(id)
      const next = requestCancel(sync, this.#clock.now(), this.#statusTtlMs)
      const changed = next !== sync
      if (!changed || (await this.#storage.replace(next, sync.revision))) {
        this.#runner.hintCancel(id)
        return { sync: next, already: sync.state === 'cancelled' }
      }
    }
  }

  /** Starts the same download once more under a new id. */
  async retry(id: string): Promise<Sync> {
    const sync = await this.find(id)
    if (sync.state !== 'failed' && sync.state !== 'cancelled') {
      throw new AppError('SYNC_NOT_RETRYABLE', `The sync is ${sync.state}.`)
    }
    return this.#record({
      spreadsheetId: sync.spreadsheet.id,
      request: sync.request,
      labels: sync.labels,
      webhookUrl: sync.webhook?.url,
      retryOf: sync.id,
    })
  }

  /** Has the webhook of a finished sync sent (again). Rejects with WEBHOOK_NOT_DELIVERABLE when that cannot be. */
  async redeliver(id: string): Promise<Sync> {
    for (;;) {
      const sync = await this.find(id)
      const next = requestRedelivery(sync, this.#clock.now(), this.#statusTtlMs)
      const fault = this.#faultOfWebhook(next.webhook.url)
      if (fault !== undefined) {
        throw new AppError('WEBHOOK_NOT_DELIVERABLE', `Its URL ${fault.message}.`, { hint: fault.hint })
      }
      if (await this.#storage.replace(next, sync.revision)) return next
    }
  }

  /** Forgets a finished sync; its snapshot stays. `ifRevisions`: only while its revision is one of these. */
  async remove(id: string, ifRevisions?: readonly number[]): Promise<void> {
    for (;;) {
      const sync = await this.find(id)
      if (ifRevisions !== undefined && !ifRevisions.includes(sync.revision)) {
        throw new AppError(
          'PRECONDITION_FAILED',
          `The revision of the sync is ${sync.revision}, not what If-Match names.`,
        )
      }
      if (!isTerminal(sync))
        throw new AppError('SYNC_ACTIVE', `The sync is ${sync.state}; only a finished sync can be deleted.`)
      if (await this.#storage.remove(id, sync.revision)) return
    }
  }

  async #findActive({ spreadsheetId, request, webhookUrl }: Order): Promise<Sync | undefined> {
    let pageToken: string | undefined
    do {
      const page: SyncPage = await this.#storage.list({
        states: ACTIVE_STATES,
        spreadsheetId,
        pageSize: 1000,
        ...(pageToken === undefined ? {} : { pageToken }),
      })
      const same = page.syncs.find(
        (sync) =>
          // A sync that is being cancelled will not deliver, so nobody is made to wait for it.
          sync.state !== 'cancelling' &&
          isSameDownload(sync.request, request) &&
          // It tells one URL of its end; who wants another told would wait for ever.
          (webhookUrl === undefined || webhookUrl === sync.webhook?.url),
      )
      if (same !== undefined) return same
      pageToken = page.nextPageToken
    } while (pageToken !== undefined)
    return undefined
  }

  async #record(order: Order): Promise<Sync> {
    this.#refuseWhileDraining()
    const sync = createSync({ ...order, id: newSyncId(), now: this.#clock.now() })
    await this.#storage.create(sync)
    await this.#runner.enqueue(sync.id)
    return sync
  }

  /** The URL in its one spelling. Throws VALIDATION_FAILED when nothing could be sent to it. */
  #checkedWebhook(text: string): string {
    const { href } = new URL(text)
    const fault = this.#faultOfWebhook(href)
    if (fault === undefined) return href
    throw new AppError('VALIDATION_FAILED', 'The request is not valid: webhook.url.', {
      errors: [{ field: 'webhook.url', ...fault }],
      hint: 'errors[] says what is wrong with each field.',
    })
  }

  #refuseWhileDraining(): void {
    if (this.#draining) throw new AppError('SHUTTING_DOWN', 'This instance is stopping and starts no more syncs.')
  }
}

function notFound(id: string): never {
  throw new AppError('SYNC_NOT_FOUND', `No sync has the id ${id}.`)
}
