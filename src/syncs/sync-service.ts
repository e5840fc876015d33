import type { Clock } from '../clock.ts'
import { AppError } from '../errors.ts'
import type { JobRunner } from '../jobs/job-runner.ts'
import type { SyncPage, SyncQuery, SyncStorage } from '../storage/sync-storage.ts'
import { KeyedMutex } from './keyed-mutex.ts'
import { createSync, isTerminal, type NewSync, requestCancel, type Sync } from './sync.ts'
import { SyncFeed } from './sync-feed.ts'
import { newSyncId } from './sync-id.ts'
import { isSameDownload, normalizeRequest, type SyncRequest, type SyncRequestBody } from './sync-request.ts'
import { ACTIVE_STATES } from './sync-schema.ts'

export interface SyncServiceOptions {
  readonly storage: SyncStorage
  readonly runner: JobRunner
  readonly clock: Clock
  /** Milliseconds for which a finished sync is remembered. */
  readonly statusTtlMs: number
}

/** What users do with syncs. Every method rejects with an AppError that can be shown to them. */
export class SyncService {
  readonly #storage: SyncStorage
  readonly #runner: JobRunner
  readonly #clock: Clock
  readonly #statusTtlMs: number
  readonly #starting = new KeyedMutex()
  /** Tells of changes as they come. */
  readonly feed: SyncFeed
  #draining = false

  constructor(options: SyncServiceOptions) {
    this.#storage = options.storage
    this.#runner = options.runner
    this.#clock = options.clock
    this.#statusTtlMs = options.statusTtlMs
    this.feed = new SyncFeed(options.storage, options.clock)
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
   * Records a sync durably, then has it run. While the same download of the spreadsheet is active, resolves to that
   * one instead, unless the request says `ifActive: start`. `id`: of the sync, should one be recorded; rejects with
   * SYNC_EXISTS if it is taken.
   */
  async start(body: SyncRequestBody, { id = newSyncId() }: { readonly id?: string } = {}): Promise<Sync> {
    const { spreadsheetId, request } = normalizeRequest(body)
    if (request.ifActive === 'start') return this.#record({ id, spreadsheetId, request, labels: body.labels })
    // One at a time for each spreadsheet, or two equal requests at once would both find nothing to join.
    return this.#starting.run(spreadsheetId, async () => {
      this.#refuseWhileDraining()
      const active = await this.#findActive(spreadsheetId, request)
      return active ?? this.#record({ id, spreadsheetId, request, labels: body.labels })
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
      id: newSyncId(),
      spreadsheetId: sync.spreadsheet.id,
      request: sync.request,
      labels: sync.labels,
      retryOf: sync.id,
    })
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

  async #findActive(spreadsheetId: string, request: SyncRequest): Promise<Sync | undefined> {
    let pageToken: string | undefined
    do {
      const page: SyncPage = await this.#storage.list({
        states: ACTIVE_STATES,
        spreadsheetId,
        pageSize: 1000,
        ...(pageToken === undefined ? {} : { pageToken }),
      })
      // A sync that is being cancelled will not deliver, so nobody is made to wait for it.
      const same = page.syncs.find((sync) => sync.state !== 'cancelling' && isSameDownload(sync.request, request))
      if (same !== undefined) return same
      pageToken = page.nextPageToken
    } while (pageToken !== undefined)
    return undefined
  }

  async #record(fresh: Omit<NewSync, 'now'>): Promise<Sync> {
    this.#refuseWhileDraining()
    const sync = createSync({ ...fresh, now: this.#clock.now() })
    await this.#storage.create(sync)
    await this.#runner.enqueue(sync.id)
    return sync
  }

  #refuseWhileDraining(): void {
    if (this.#draining) throw new AppError('SHUTTING_DOWN', 'This instance is stopping and starts no more syncs.')
  }
}

function notFound(id: string): never {
  throw new AppError('SYNC_NOT_FOUND', `No sync has the id ${id}.`)
}
