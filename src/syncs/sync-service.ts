import { KeyedMutex } from '../concurrency/keyed-mutex.ts'
import { AppError } from '../errors.ts'
import { type FinishedSync, isTerminal, type Sync } from '../model/sync.ts'
import { newSyncId } from '../model/sync-id.ts'
import { normalizeRequest, type SyncRequestBody } from '../model/sync-request.ts'
import type { TextFault } from '../model/text-fault.ts'
import type { Clock } from '../ports/clock.ts'
import type { JobRunner } from '../ports/job-runner.ts'
import type { Log } from '../ports/log.ts'
import type { SyncPage, SyncQuery, SyncStorage } from '../ports/sync-storage.ts'
import type { AdmissionControl } from './admission-control.ts'
import { ANSWER_MS, inAnswerTime } from './answer-time.ts'
import { type Caller, mayRead, maySee, requireReadable } from './caller.ts'
import { downloadKey, findJoinable } from './joinable-sync.ts'
import { isLive } from './live-sync.ts'
import { createSync, keySync, type NewSync, requestCancel } from './sync.ts'
import { SyncSubscriptions } from './sync-subscriptions.ts'
import { requestRedelivery } from './webhook-delivery.ts'

export interface SyncServiceOptions {
  readonly storage: SyncStorage
  readonly runner: JobRunner
  readonly clock: Clock
  /** Milliseconds for which a finished sync is remembered. */
  readonly statusTtlMs: number
  /** Refuses new syncs while too many are queued or active; default: never. */
  readonly admission?: AdmissionControl
  /** Rejects while no download of this key may begin, as too much is kept already or too little could be; default: never. */
  readonly requireRoom?: (createdBy: string | null) => Promise<void>
  /** Returns why a webhook cannot be sent to this URL, `undefined` when it can. Without it none can. */
  readonly faultOfWebhook?: (url: string) => TextFault | undefined
  /** Called with each sync that answers an idempotency key, before it is removed. */
  readonly rememberEnd?: (sync: FinishedSync) => Promise<void>
  /** Told of subscribers that fail; default: nobody is. */
  readonly log?: Log
}

const NO_WEBHOOKS: TextFault = {
  message: 'cannot be called by this service, as WEBHOOK_SECRET is not set',
  hint: 'Set WEBHOOK_SECRET to whsec_ and the base64 of 24 to 64 random bytes, and start the service again.',
}

export interface StartOptions {
  /** Of the sync, should one be recorded; default: a new one. */
  readonly id?: string
  /** The trace that the request belongs to, as `parseTraceparent` returns it. */
  readonly traceparent?: string | undefined
  /** Whether the sync answers an idempotency key; default: no. */
  readonly keyed?: boolean
}

/** What a caller may see of a page. */
export interface VisiblePage extends SyncPage {
  /** Syncs that were read for it, those that the caller may not see included. */
  readonly looked: number
}

/** A sync as it is recorded, and whether it is yet to be enqueued. */
interface Recorded {
  readonly sync: Sync
  readonly isNew: boolean
}

/**
 * What users do with syncs. Every method rejects with an AppError that can be shown to them, and takes the caller on
 * whose behalf it is done: a sync that the caller may not see is treated as absent. What changes a sync settles within two
 * seconds; when it rejects with STORAGE_UNAVAILABLE the change may have been made all the same.
 */
export class SyncService {
  /** Notifies of changes to syncs as they come. */
  readonly subscriptions: SyncSubscriptions
  readonly #options: SyncServiceOptions
  readonly #faultOfWebhook: (url: string) => TextFault | undefined
  readonly #starting = new KeyedMutex()
  readonly #drain = new AbortController()

  constructor(options: SyncServiceOptions) {
    this.#options = options
    this.#faultOfWebhook = options.faultOfWebhook ?? (() => NO_WEBHOOKS)
    this.subscriptions = new SyncSubscriptions(options.storage, options.clock, options.log)
  }

  /** From now on no sync is started here, and subscriptions end; existing syncs can still be read. */
  drain(): void {
    this.#drain.abort(new AppError('SHUTTING_DOWN', 'This instance is stopping.'))
    this.subscriptions.drain()
  }

  get draining(): boolean {
    return this.#drain.signal.aborted
  }

  /**
   * Records a sync durably, then enqueues it. While the caller's own same download of the spreadsheet is active, resolves
   * to that one instead, unless the request says `ifActive: start`, or has a webhook that the active one would not call.
   * Rejects with SYNC_EXISTS if a sync is to be recorded and its `id` is taken.
   */
  async start(
    body: SyncRequestBody,
    caller: Caller,
    { id = newSyncId(), traceparent, keyed }: StartOptions = {},
  ): Promise<Sync> {
    const webhookUrl = body.webhook === undefined ? undefined : this.#checkedWebhook(body.webhook.url)
    const { labels } = body
    const fresh = { id, ...normalizeRequest(body), labels, createdBy: caller.name, webhookUrl, traceparent, keyed }
    requireReadable(caller, fresh.spreadsheetId)
    if (body.ifActive === 'start') return this.#start((signal) => this.#create(fresh, signal))
    // One at a time of each download, or two equal requests at once would both find nothing to join.
    return this.#start((signal) =>
      this.#starting.run(downloadKey(fresh), async () => {
        signal.throwIfAborted()
        this.#refuseWhileDraining()
        const active = await findJoinable(this.#options.storage, fresh, this.#drain.signal)
        if (active === undefined) return this.#create(fresh, signal)
        return { sync: keyed === true ? await this.#key(active) : active, isNew: false }
      }),
    )
  }

  /** The sync as it is now: at once when it is in memory, otherwise as a promise. Polling takes this way. */
  peek(id: string, caller: Caller): Sync | Promise<Sync> {
    const found = this.#options.storage.peek(id)
    return found instanceof Promise ? found.then((sync) => visible(sync, id, caller)) : visible(found, id, caller)
  }

  /** The sync, if this caller may see it; otherwise SYNC_NOT_FOUND, as when there is none. */
  async find(id: string, caller: Caller): Promise<Sync> {
    return visible(await this.#options.storage.get(id), id, caller)
  }

  /**
   * One page of what the caller may see. Where that is several spreadsheets out of more, a page may hold fewer syncs than
   * asked for, even none, and more may follow: one page of the storage is read for each.
   */
  async list(query: Omit<SyncQuery, 'createdBy'>, caller: Caller): Promise<VisiblePage> {
    const createdBy = caller.seesAll ? undefined : (caller.name ?? undefined)
    const [first, second] = query.spreadsheetId === undefined ? (caller.spreadsheets ?? []) : [query.spreadsheetId]
    const spreadsheetId = second === undefined ? first : undefined
    if (spreadsheetId !== undefined && !mayRead(caller, spreadsheetId)) return { syncs: [], looked: 0 }
    const page = await this.#options.storage.list({ ...query, spreadsheetId, createdBy, signal: this.#drain.signal })
    return { ...page, syncs: page.syncs.filter((sync) => maySee(caller, sync)), looked: page.syncs.length }
  }

  /** Whether somebody may still go on with a sync, whoever's it is. */
  isLive(id: string): Promise<boolean> {
    return isLive(this.#options.storage, id)
  }

  /** Cancels a sync; `already`: it had been cancelled before. Rejects with SYNC_FINISHED if it ended otherwise. */
  async cancel(id: string, caller: Caller): Promise<{ readonly sync: Sync; readonly already: boolean }> {
    const { storage, runner, clock, statusTtlMs } = this.#options
    return inAnswerTime(clock, async () => {
      for (;;) {
        const sync = await this.find(id, caller)
        const next = requestCancel(sync, clock.now(), statusTtlMs)
        if (next === sync || (await storage.replace(next, sync.revision))) {
          runner.notifyCancel(id)
          return { sync: next, already: sync.state === 'cancelled' }
        }
      }
    })
  }

  /** Starts the same download once more under a new id. It belongs to whom the first one belonged. */
  async retry(id: string, caller: Caller): Promise<Sync> {
    return this.#start(async (signal) => {
      const sync = await this.find(id, caller)
      if (sync.state !== 'failed' && sync.state !== 'cancelled') {
        throw new AppError('SYNC_NOT_RETRYABLE', `The sync is ${sync.state}.`)
      }
      const { spreadsheet, request, labels, createdBy, webhook } = sync
      const fresh = { id: newSyncId(), spreadsheetId: spreadsheet.id, request, labels, createdBy }
      return this.#create({ ...fresh, webhookUrl: webhook?.url, retryOf: sync.id }, signal)
    })
  }

  /**
   * Has the webhook of a finished sync sent (again), once however often that is asked for before it is. Rejects with
   * WEBHOOK_NOT_DELIVERABLE when that cannot be, and with WEBHOOK_SENT_OFTEN when it was of late.
   */
  async redeliver(id: string, caller: Caller): Promise<Sync> {
    const { storage, clock, statusTtlMs } = this.#options
    return inAnswerTime(clock, async () => {
      for (;;) {
        const sync = await this.find(id, caller)
        const next = requestRedelivery(sync, clock.now(), statusTtlMs)
        const fault = this.#faultOfWebhook(next.webhook.url)
        if (fault !== undefined) {
          throw new AppError('WEBHOOK_NOT_DELIVERABLE', `Its URL ${fault.message}.`, { hint: fault.hint })
        }
        if (next === sync || (await storage.replace(next, sync.revision))) return next
      }
    })
  }

  /** Forgets a finished sync; its snapshot stays. `ifRevisions`: only while its revision is one of these. */
  async remove(id: string, caller: Caller, ifRevisions?: readonly number[]): Promise<void> {
    const { storage, clock, rememberEnd } = this.#options
    return inAnswerTime(clock, async () => {
      for (;;) {
        const sync = await this.find(id, caller)
        if (ifRevisions !== undefined && !ifRevisions.includes(sync.revision)) {
          const detail = `The revision of the sync is ${sync.revision}, not what If-Match names.`
          throw new AppError('PRECONDITION_FAILED', detail)
        }
        if (!isTerminal(sync)) {
          throw new AppError('SYNC_ACTIVE', `The sync is ${sync.state}; only a finished sync can be deleted.`)
        }
        if (sync.keyed) await rememberEnd?.(sync)
        if (await storage.remove(id, sync.revision)) return
      }
    })
  }

  /** Has the end of an active sync remembered, unless it has ended meanwhile. */
  async #key(active: Sync): Promise<Sync> {
    const { storage, clock } = this.#options
    for (let sync: Sync | undefined = active; sync !== undefined; sync = await storage.get(active.id)) {
      if (sync.keyed || isTerminal(sync)) return sync
      const next = keySync(sync, clock.now())
      if (await storage.replace(next, sync.revision)) return next
    }
    return active
  }

  /** Enqueues what is new for as long as there is time: it is recorded, so the scan finds it if the queue hangs. */
  async #start(record: (signal: AbortSignal) => Promise<Recorded>): Promise<Sync> {
    const { runner, clock } = this.#options
    const until = clock.monotonic() + ANSWER_MS
    const { sync, isNew } = await inAnswerTime(clock, record)
    if (!isNew) return sync
    const enqueued = new AbortController()
    const enqueuing = runner.enqueue(sync.id).finally(() => enqueued.abort())
    await Promise.race([enqueuing, clock.sleep(until - clock.monotonic(), enqueued.signal)])
    return sync
  }

  async #create(fresh: NewSync, signal: AbortSignal): Promise<Recorded> {
    this.#refuseWhileDraining()
    const { storage, clock, admission, requireRoom } = this.#options
    await requireRoom?.(fresh.createdBy)
    const sync = createSync(fresh, clock.now())
    const create = async () => {
      signal.throwIfAborted()
      await storage.create(sync)
    }
    await (admission?.admit(sync.createdBy, create) ?? create())
    return { sync, isNew: true }
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
    if (this.draining) throw new AppError('SHUTTING_DOWN', 'This instance is stopping and starts no more syncs.')
  }
}

function visible(sync: Sync | undefined, id: string, caller: Caller): Sync {
  if (sync !== undefined && maySee(caller, sync)) return sync
  throw new AppError('SYNC_NOT_FOUND', `No sync has the id ${id}.`)
}
