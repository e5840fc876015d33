import { KeyedMutex } from '../concurrency/keyed-mutex.ts'
import { AppError } from '../errors.ts'
import { ACTIVE_STATES, isTerminal, type Sync } from '../model/sync.ts'
import { newSyncId } from '../model/sync-id.ts'
import { isSameDownload, normalizeRequest, type SyncRequestBody, type WebhookFault } from '../model/sync-request.ts'
import type { Clock } from '../ports/clock.ts'
import type { JobRunner } from '../ports/job-runner.ts'
import { everyPage } from '../ports/paginate.ts'
import type { SyncPage, SyncQuery, SyncStorage } from '../ports/sync-storage.ts'
import type { ActiveCount } from './active-count.ts'
import { type Caller, maySee } from './caller.ts'
import { createSync, type NewSync, requestCancel } from './sync.ts'
import { SyncFeed } from './sync-feed.ts'
import { requestRedelivery } from './webhook-delivery.ts'

export interface SyncServiceOptions {
  readonly storage: SyncStorage
  readonly runner: JobRunner
  readonly clock: Clock
  /** Milliseconds for which a finished sync is remembered. */
  readonly statusTtlMs: number
  /** Refuses new syncs while too many are waiting or active; default: never. */
  readonly activeCount?: ActiveCount
  /** Says why a webhook cannot be sent to this URL, `undefined` when it can. Without it none can. */
  readonly faultOfWebhook?: (url: string) => WebhookFault | undefined
}

const NO_WEBHOOKS: WebhookFault = {
  message: 'cannot be called by this service, as WEBHOOK_SECRET is not set',
  hint: 'Set WEBHOOK_SECRET to whsec_ and the base64 of 24 to 64 random bytes, and start the service again.',
}

/** A sync that is to be recorded. */
type Order = Omit<NewSync, 'now'> & { readonly createdBy: string | null }

export interface StartOptions {
  /** Of the sync, should one be recorded; default: a new one. */
  readonly id?: string
  /** The trace that the request belongs to, as `parseTraceparent` answers it. */
  readonly traceparent?: string | undefined
}

/**
 * What users do with syncs. Every method rejects with an AppError that can be shown to them, and takes the caller on
 * whose behalf it is done: of a sync that the caller may not see, each says just what it says of none.
 */
export class SyncService {
  readonly #storage: SyncStorage
  readonly #runner: JobRunner
  readonly #clock: Clock
  readonly #statusTtlMs: number
  readonly #activeCount: ActiveCount | undefined
  readonly #faultOfWebhook: (url: string) => WebhookFault | undefined
  readonly #starting = new KeyedMutex()
  /** Tells of changes as they come. */
  readonly feed: SyncFeed
  #draining = false

  constructor(options: SyncServiceOptions) {
    this.#storage = options.storage
    this.#runner = options.runner
    this.#clock = options.clock
    this.#statusTtlMs = options.statusTtlMs
    this.#activeCount = options.activeCount
    this.feed = new SyncFeed(options.storage, options.clock)
    this.#faultOfWebhook = options.faultOfWebhook ?? (() => NO_WEBHOOKS)
  }

  /**
   * From now on no sync is started here, and nobody waits; what is asked about existing ones is still answered.
   */
  drain(): void {
    this.#draining = true
    this.feed.drain()
  }

  get draining(): boolean {
    return this.#draining
  }

  /**
   * Records a sync durably, then has it run. While the caller's own same download of the spreadsheet is active, resolves
   * to that one instead, unless the request says `ifActive: start`, or has a webhook that the active one would not call. `id`: of the sync, should one be recorded; rejects
   * with SYNC_EXISTS if it is taken.
   */
  async start(
    body: SyncRequestBody,
    caller: Caller,
    { id = newSyncId(), traceparent }: StartOptions = {},
  ): Promise<Sync> {
    const { spreadsheetId, request } = normalizeRequest(body)
    const webhookUrl = body.webhook === undefined ? undefined : this.#checkedWebhook(body.webhook.url)
    const order: Order = {
      id,
      spreadsheetId,
      request,
      labels: body.labels,
      createdBy: caller.name,
      webhookUrl,
      traceparent,
    }
    if (request.ifActive === 'start') return this.#record(order)
    // One at a time for each spreadsheet, or two equal requests at once would both find nothing to join.
    return this.#starting.run(spreadsheetId, async () => {
      this.#refuseWhileDraining()
      return (await this.#findActive(order)) ?? this.#record(order)
    })
  }

  /** The sync as it is now: at once when it is in memory, otherwise as a promise. Polling takes this way. */
  peek(id: string, caller: Caller): Sync | Promise<Sync> {
    const found = this.#storage.peek(id)
    return found instanceof Promise ? found.then((sync) => visible(sync, id, caller)) : visible(found, id, caller)
  }

  /** The sync, if this caller may see it; otherwise SYNC_NOT_FOUND, as when there is none. */
  async find(id: string, caller: Caller): Promise<Sync> {
    return visible(await this.#storage.get(id), id, caller)
  }

  list(query: Omit<SyncQuery, 'createdBy'>, caller: Caller): Promise<SyncPage> {
    return this.#storage.list({ ...query, ...ownedBy(caller) })
  }

  /** Asks a sync to end; `already` tells that it had been cancelled before. Rejects with SYNC_FINISHED if it ended otherwise. */
  async cancel(id: string, caller: Caller): Promise<{ readonly sync: Sync; readonly already: boolean }> {
    for (;;) {
      const sync = await this.find(id, caller)
      const next = requestCancel(sync, this.#clock.now(), this.#statusTtlMs)
      const changed = next !== sync
      if (!changed || (await this.#storage.replace(next, sync.revision))) {
        this.#runner.hintCancel(id)
        return { sync: next, already: sync.state === 'cancelled' }
      }
    }
  }

  /** Starts the same download once more under a new id. It belongs to whom the first one belonged. */
  async retry(id: string, caller: Caller): Promise<Sync> {
    const sync = await this.find(id, caller)
    if (sync.state !== 'failed' && sync.state !== 'cancelled') {
      throw new AppError('SYNC_NOT_RETRYABLE', `The sync is ${sync.state}.`)
    }
    const { spreadsheet, request, labels, createdBy, webhook } = sync
    const order = { id: newSyncId(), spreadsheetId: spreadsheet.id, request, labels, createdBy }
    return this.#record({ ...order, webhookUrl: webhook?.url, retryOf: sync.id })
  }

  /** Has the webhook of a finished sync sent (again). Rejects with WEBHOOK_NOT_DELIVERABLE when that cannot be. */
  async redeliver(id: string, caller: Caller): Promise<Sync> {
    for (;;) {
      const sync = await this.find(id, caller)
      const next = requestRedelivery(sync, this.#clock.now(), this.#statusTtlMs)
      const fault = this.#faultOfWebhook(next.webhook.url)
      if (fault !== undefined) {
        throw new AppError('WEBHOOK_NOT_DELIVERABLE', `Its URL ${fault.message}.`, { hint: fault.hint })
      }
      if (await this.#storage.replace(next, sync.revision)) return next
    }
  }

  /** Forgets a finished sync; its snapshot stays. `ifRevisions`: only while its revision is one of these. */
  async remove(id: string, caller: Caller, ifRevisions?: readonly number[]): Promise<void> {
    for (;;) {
      const sync = await this.find(id, caller)
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

  async #findActive({ spreadsheetId, request, createdBy, webhookUrl }: Order): Promise<Sync | undefined> {
    // Not even an administrator's: what is joined must go on when others cancel what is theirs.
    const own = createdBy === null ? {} : { createdBy }
    for await (const syncs of everyPage(this.#storage, { states: ACTIVE_STATES, spreadsheetId, ...own })) {
      const same = syncs.find(
        (sync) =>
          // A sync that is being cancelled will not deliver, so nobody is made to wait for it.
          sync.state !== 'cancelling' &&
          isSameDownload(sync.request, request) &&
          // It tells one URL of its end; who wants another told would wait for ever.
          (webhookUrl === undefined || webhookUrl === sync.webhook?.url),
      )
      if (same !== undefined) return same
    }
    return undefined
  }

  async #record(order: Order): Promise<Sync> {
    this.#refuseWhileDraining()
    const sync = createSync({ ...order, now: this.#clock.now() })
    const create = () => this.#storage.create(sync)
    await (this.#activeCount === undefined ? create() : this.#activeCount.admit(order.createdBy, create))
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

function visible(sync: Sync | undefined, id: string, caller: Caller): Sync {
  return sync !== undefined && maySee(caller, sync) ? sync : notFound(id)
}

function ownedBy({ name, seesAll }: Caller): { readonly createdBy?: string } {
  return seesAll || name === null ? {} : { createdBy: name }
}

function notFound(id: string): never {
  throw new AppError('SYNC_NOT_FOUND', `No sync has the id ${id}.`)
}
