import { KeyedMutex } from '../concurrency/keyed-mutex.ts'
import { AppError } from '../errors.ts'
import { invalidRequest } from '../model/invalid-request.ts'
import { isTerminal, type Sync } from '../model/sync.ts'
import { newSyncId } from '../model/sync-id.ts'
import { normalizeRequest, type SyncRequestBody } from '../model/sync-request.ts'
import type { TextFault } from '../model/text-fault.ts'
import type { Clock } from '../ports/clock.ts'
import type { JobRunner } from '../ports/job-runner.ts'
import type { Log } from '../ports/log.ts'
import type { SnapshotStore } from '../ports/snapshot-store.ts'
import type { SyncStorage } from '../ports/sync-storage.ts'
import type { AdmissionControl } from './admission-control.ts'
import { ANSWER_MS, inAnswerTime } from './answer-time.ts'
import { type Caller, requireReadable, requireReader } from './caller.ts'
import { adoptDraft } from './draft-adoption.ts'
import { downloadKey, findJoinable } from './joinable-sync.ts'
import { createSync, type NewSync } from './new-sync.ts'
import { awaitSync, keySync } from './sync.ts'

export interface SyncStartsOptions {
  readonly storage: SyncStorage
  readonly runner: JobRunner
  /** Where failed syncs keep drafts that a retry goes on with; default: none does. */
  readonly snapshots?: Pick<SnapshotStore, 'moveDraft'>
  readonly clock: Clock
  /** Domains whose people credentials may act for, in lower case; default: none. */
  readonly actAsDomains?: readonly string[]
  /** Refuses new syncs while too many are queued or active; default: never. */
  readonly admission?: AdmissionControl
  /** Rejects while no download of this key may begin, as too much is kept already or too little could be; default: never. */
  readonly requireRoom?: (createdBy: string | null) => Promise<void>
  /** Rejects with CREDENTIAL_UNKNOWN where there is no credential of this name; default: never. */
  readonly requireCredential?: (name: string) => Promise<void>
  /** Returns why a webhook cannot be sent to this URL, `undefined` when it can. */
  readonly faultOfWebhook: (url: string) => TextFault | undefined
  /** Aborted once no sync is to be started any more. */
  readonly draining: AbortSignal
  /** Told of subscribers that fail, and of drafts that are adopted; default: nobody is. */
  readonly log?: Log
}

export interface StartOptions {
  /** Of the sync, should one be recorded; default: a new one. */
  readonly id?: string
  /** The trace that the request belongs to, as `parseTraceparent` returns it. */
  readonly traceparent?: string | undefined
  /** Whether the sync answers an idempotency key; default: no. */
  readonly keyed?: boolean
  /** The run that the sync is. */
  readonly run?: ScheduledRun
}

/** A run of a schedule, for which a sync is started. */
export interface ScheduledRun {
  readonly scheduleId: string
  /** When it was due, ISO 8601. */
  readonly tick: string
  /** Whether nobody waits for it. */
  readonly background: boolean
  /** Called right before a sync is recorded: throws if it is too late for that. */
  readonly beforeCreate?: () => void | Promise<void>
  /** Called once it is recorded, before it is enqueued: it is taken back unless this resolves to true. */
  readonly isStillDue?: () => Promise<boolean>
}

/** A sync as it is recorded, and whether it is yet to be enqueued. */
interface Recorded {
  readonly sync: Sync
  readonly isNew: boolean
}

/** How syncs come to be: asked for, joined, retried. Its methods are those of the service of syncs. */
export class SyncStarts {
  readonly #options: SyncStartsOptions
  readonly #starting = new KeyedMutex()

  constructor(options: SyncStartsOptions) {
    this.#options = options
  }

  /** Throws SPREADSHEET_NOT_ALLOWED, CREDENTIAL_NOT_ALLOWED or ACT_AS_NOT_ALLOWED if the caller may not have this downloaded. */
  requireAllowed({ spreadsheetId, request }: Pick<NewSync, 'spreadsheetId' | 'request'>, caller: Caller): void {
    requireReadable(caller, spreadsheetId)
    requireReader(caller, request, this.#options.actAsDomains ?? [])
  }

  /**
   * Rejects as `requireAllowed` throws, or with CREDENTIAL_UNKNOWN where there is no such credential; a user's own token
   * needs none. What the key may use comes first, or the answer would tell which credentials there are.
   */
  async requireStartable(fresh: Pick<NewSync, 'spreadsheetId' | 'request' | 'own'>, caller: Caller): Promise<void> {
    this.requireAllowed(fresh, caller)
    const { clock, requireCredential } = this.#options
    if (requireCredential === undefined || fresh.own !== undefined) return
    await inAnswerTime(clock, () => requireCredential(fresh.request.credential))
  }

  /**
   * Records a sync durably, then enqueues it. While the caller's own same download of the spreadsheet is active, resolves
   * to that one instead, unless the request says `ifActive: start`, or has a webhook that the active one would not call.
   * Rejects with SYNC_EXISTS if a sync is to be recorded and its `id` is taken, or its run is not due any more.
   */
  async start(
    body: SyncRequestBody,
    caller: Caller,
    { id = newSyncId(), traceparent, keyed, run }: StartOptions = {},
  ): Promise<Sync> {
    const webhookUrl = body.webhook === undefined ? undefined : this.#checkedWebhook(body.webhook.url)
    const { labels } = body
    const schedule = run && { id: run.scheduleId, tick: run.tick }
    const asked = { labels, createdBy: caller.name, own: ownOf(caller, id), webhookUrl, traceparent, keyed }
    const fresh = { id, ...normalizeRequest(body), ...asked, schedule, background: run?.background }
    refuseOtherReaders(body, fresh.own)
    await this.requireStartable(fresh, caller)
    if (body.ifActive === 'start') return this.#start((signal) => this.#create(fresh, signal, run))
    // One at a time of each download, or two equal requests at once would both find nothing to join.
    return this.#start((signal) =>
      this.#starting.run(downloadKey(fresh), async () => {
        signal.throwIfAborted()
        this.#refuseWhileDraining()
        const active = await findJoinable(this.#options.storage, fresh, this.#options.draining)
        if (active === undefined) return this.#create(fresh, signal, run)
        const joined = await this.#join(active, { keyed: keyed === true, background: run?.background === true })
        return { sync: joined, isNew: false }
      }),
    )
  }

  /**
   * Starts the download of the sync that `find` resolves to once more under a new id, if the caller might start it. It belongs to whom the first one
   * belonged; what a user's own token read, the token that the caller brings reads, which is the same user's. The first
   * retry of a sync whose draft is kept goes on from its checkpoint.
   */
  async retry(find: () => Promise<Sync>, caller: Caller): Promise<Sync> {
    return this.#start(async (signal) => {
      const sync = await find()
      if (sync.state !== 'failed' && sync.state !== 'cancelled') {
        throw new AppError('SYNC_NOT_RETRYABLE', `The sync ${isTerminal(sync) ? 'has' : 'is'} ${sync.state}.`)
      }
      const { spreadsheet, request, labels, createdBy, webhook } = sync
      const nextId = newSyncId()
      const own = ownOf(caller, nextId)
      const fresh = { id: nextId, spreadsheetId: spreadsheet.id, request, labels, createdBy, own }
      await this.requireStartable(fresh, caller)
      const { snapshots } = this.#options
      const adopt = async () => snapshots && adoptDraft({ ...this.#options, snapshots }, sync, nextId)
      const next = { ...fresh, webhookUrl: webhook?.url, retryOf: sync.id }
      return this.#create(next, signal, { beforeCreate: adopt })
    })
  }

  /** Notes on an active sync who waits for it from now on, and whether it answers an idempotency key, unless it has ended. */
  async #join(active: Sync, joiner: { readonly keyed: boolean; readonly background: boolean }): Promise<Sync> {
    const { storage, clock } = this.#options
    for (let sync: Sync | undefined = active; sync !== undefined; sync = await storage.get(active.id)) {
      const [key, wait] = [joiner.keyed && !sync.keyed, !joiner.background && sync.background]
      if (!(key || wait) || isTerminal(sync)) return sync
      const next = key ? keySync(sync, clock.now()) : awaitSync(sync, clock.now())
      if (await storage.replace(next, sync.revision)) return key && wait ? this.#join(next, joiner) : next
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
    const enqueuing = runner.enqueue(sync.id, { background: sync.background }).finally(() => enqueued.abort())
    await Promise.race([enqueuing, clock.sleep(until - clock.monotonic(), enqueued.signal)])
    return sync
  }

  async #create(
    fresh: NewSync,
    signal: AbortSignal,
    run?: Pick<ScheduledRun, 'beforeCreate' | 'isStillDue'>,
  ): Promise<Recorded> {
    this.#refuseWhileDraining()
    const { storage, clock, admission, requireRoom } = this.#options
    await requireRoom?.(fresh.createdBy)
    const sync = createSync(fresh, clock.now())
    const create = async () => {
      signal.throwIfAborted()
      if (run?.beforeCreate !== undefined) await run.beforeCreate()
      signal.throwIfAborted()
      await storage.create(sync)
    }
    await (admission?.admit(sync, create) ?? create())
    if (run?.isStillDue !== undefined && !(await run.isStillDue()) && (await storage.remove(sync.id, sync.revision))) {
      throw new AppError('SYNC_EXISTS', `The run that ${sync.id} was started for has another sync already.`)
    }
    return { sync, isNew: true }
  }

  /** The URL in its one spelling. Throws VALIDATION_FAILED when nothing could be sent to it. */
  #checkedWebhook(text: string): string {
    const { href } = new URL(text)
    const fault = this.#options.faultOfWebhook(href)
    if (fault === undefined) return href
    throw invalidRequest([{ field: 'webhook.url', ...fault }])
  }

  #refuseWhileDraining(): void {
    if (this.#options.draining.aborted)
      throw new AppError('SHUTTING_DOWN', 'This instance is stopping and starts no more syncs.')
  }
}

/** What the token that the caller brings makes of a new sync of this id; nothing where there is none. */
function ownOf({ identities, sealToken }: Caller, id: string): NewSync['own'] {
  const [identity] = identities ?? []
  if (identity === undefined || sealToken === undefined) return undefined
  return { identity, sealedToken: sealToken(id) }
}

/** Throws VALIDATION_FAILED where a user's own token is to read, and the body names somebody else. */
function refuseOtherReaders(body: SyncRequestBody, own: NewSync['own']): void {
  if (own === undefined) return
  const named = (['credential', 'actAs'] as const).filter((field) => body[field] !== undefined)
  if (named.length === 0) return
  const message = "cannot be used together with a user's own token, which reads by itself"
  throw invalidRequest(named.map((field) => ({ field, message })))
}
