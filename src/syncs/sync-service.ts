import { AppError } from '../errors.ts'
import { type FinishedSync, isRemembered, isTerminal, SYNC_STATES, type Sync, type SyncState } from '../model/sync.ts'
import type { SyncRequestBody } from '../model/sync-request.ts'
import type { TextFault } from '../model/text-fault.ts'
import type { SyncPage, SyncQuery, SyncSight } from '../ports/sync-storage.ts'
import { inAnswerTime } from './answer-time.ts'
import { type Caller, mayRead, maySee } from './caller.ts'
import { requireRevision } from './expected-revision.ts'
import { isLive } from './live-sync.ts'
import type { NewSync } from './new-sync.ts'
import { requestCancel } from './sync.ts'
import { SyncListSubscriptions } from './sync-list-subscriptions.ts'
import { type StartOptions, SyncStarts, type SyncStartsOptions } from './sync-starts.ts'
import { SyncSubscriptions } from './sync-subscriptions.ts'
import { requestRedelivery } from './webhook-delivery.ts'

export interface SyncServiceOptions extends Omit<SyncStartsOptions, 'faultOfWebhook' | 'draining'> {
  /** Milliseconds for which a finished sync is remembered. */
  readonly statusTtlMs: number
  /** Returns why a webhook cannot be sent to this URL, `undefined` when it can. Without it none can. */
  readonly faultOfWebhook?: (url: string) => TextFault | undefined
  /** Called with each sync of which `isRemembered` is true, before it is removed. */
  readonly rememberEnd?: (sync: FinishedSync) => Promise<void>
}

const NO_WEBHOOKS: TextFault = {
  message: 'cannot be called by this service, as WEBHOOK_SECRET is not set',
  hint: 'Set WEBHOOK_SECRET to whsec_ and the base64 of 24 to 64 random bytes, and start the service again.',
}

/**
 * What users do with syncs. Every method rejects with an AppError that can be shown to them, and takes the caller on
 * whose behalf it is done: a sync that the caller may not see is treated as absent. What changes a sync settles within two
 * seconds; when it rejects with STORAGE_UNAVAILABLE the change may have been made all the same.
 */
export class SyncService {
  /** Notifies of changes to syncs as they come. */
  readonly subscriptions: SyncSubscriptions
  /** Notifies of changes to lists of syncs. */
  readonly listSubscriptions: SyncListSubscriptions
  readonly #options: SyncServiceOptions
  readonly #faultOfWebhook: (url: string) => TextFault | undefined
  readonly #starts: SyncStarts
  readonly #drain = new AbortController()

  constructor(options: SyncServiceOptions) {
    this.#options = options
    this.#faultOfWebhook = options.faultOfWebhook ?? (() => NO_WEBHOOKS)
    const draining = this.#drain.signal
    this.#starts = new SyncStarts({ ...options, faultOfWebhook: this.#faultOfWebhook, draining })
    this.subscriptions = new SyncSubscriptions(options.storage, options.clock, options.log)
    this.listSubscriptions = new SyncListSubscriptions(options.storage, options.clock, options.log)
  }

  /** From now on no sync is started here, and subscriptions end; existing syncs can still be read. */
  drain(): void {
    this.#drain.abort(new AppError('SHUTTING_DOWN', 'This instance is stopping.'))
    this.subscriptions.drain()
    this.listSubscriptions.drain()
  }

  /** Why a webhook cannot be sent to this URL; `undefined` when it can. */
  faultOfWebhook(url: string): TextFault | undefined {
    return this.#faultOfWebhook(url)
  }

  get draining(): boolean {
    return this.#drain.signal.aborted
  }

  /** See {@link SyncStarts.requireAllowed}. */
  requireAllowed(fresh: Pick<NewSync, 'spreadsheetId' | 'request'>, caller: Caller): void {
    this.#starts.requireAllowed(fresh, caller)
  }

  /** See {@link SyncStarts.requireStartable}. */
  requireStartable(fresh: Pick<NewSync, 'spreadsheetId' | 'request'>, caller: Caller): Promise<void> {
    return this.#starts.requireStartable(fresh, caller)
  }

  /** See {@link SyncStarts.start}. */
  start(body: SyncRequestBody, caller: Caller, options?: StartOptions): Promise<Sync> {
    return this.#starts.start(body, caller, options)
  }

  /** See {@link SyncStarts.retry}. */
  retry(id: string, caller: Caller): Promise<Sync> {
    return this.#starts.retry(() => this.find(id, caller), caller)
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
   * One page of what the caller may see. Where others' syncs lie between, and in a search, a page may hold fewer syncs than
   * asked for, even none, and more may follow: one page of the storage is read for each.
   */
  async list(query: Omit<SyncQuery, 'createdBy'>, caller: Caller): Promise<SyncPage> {
    const createdBy = caller.seesAll ? undefined : (caller.name ?? undefined)
    const [first, second] = query.spreadsheetId === undefined ? (caller.spreadsheets ?? []) : [query.spreadsheetId]
    const spreadsheetId = second === undefined ? first : undefined
    if (spreadsheetId !== undefined && !mayRead(caller, spreadsheetId)) return { syncs: [] }
    // Syncs that failed are found by an index.
    const states = query.codes === undefined ? query.states : (query.states ?? SYNC_STATES).filter(isFailed)
    const signal = this.#drain.signal
    const isVisible = (sync: SyncSight) => maySee(caller, sync)
    const page = await this.#options.storage.list({ ...query, states, spreadsheetId, createdBy, isVisible, signal })
    this.listSubscriptions.remember(page.syncs)
    return page
  }

  /** Whether somebody may still go on with a sync, whoever's it is; see {@link isLive}. */
  isLive(id: string, isErased?: (sync: Sync) => boolean): Promise<boolean> {
    return isLive(this.#options.storage, id, this.#options.clock.now(), isErased)
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
        requireRevision('sync', sync.revision, ifRevisions)
        if (!isTerminal(sync)) {
          throw new AppError('SYNC_ACTIVE', `The sync is ${sync.state}; only a finished sync can be deleted.`)
        }
        if (isRemembered(sync)) await rememberEnd?.(sync)
        if (await storage.remove(id, sync.revision)) return
      }
    })
  }
}

function isFailed(state: SyncState): boolean {
  return state === 'failed'
}

function visible(sync: Sync | undefined, id: string, caller: Caller): Sync {
  if (sync !== undefined && maySee(caller, sync)) return sync
  throw new AppError('SYNC_NOT_FOUND', `No sync has the id ${id}.`)
}
