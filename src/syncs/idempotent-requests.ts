import { createHash } from 'node:crypto'
import { AppError, type EndedSync } from '../errors.ts'
import type { Sync } from '../model/sync.ts'
import { newSyncId } from '../model/sync-id.ts'
import { normalizeRequest, type SyncRequestBody } from '../model/sync-request.ts'
import { type SyncView, toView } from '../model/sync-view.ts'
import type { Clock } from '../ports/clock.ts'
import { inAnswerTime } from './answer-time.ts'
import type { Caller } from './caller.ts'
import { type IdempotencyStore, KEY_TTL_MS, type KeyClaim } from './idempotency-store.ts'
import type { SyncService } from './sync-service.ts'
import type { StartOptions } from './sync-starts.ts'

interface IdempotentRequestsOptions {
  readonly service: SyncService
  readonly store: IdempotencyStore
  readonly clock: Clock
}

/** The answer to a start under a key; `replayed`: it had been given before. */
interface StartAnswer {
  readonly view: SyncView
  readonly replayed: boolean
}

/** Starts the sync under this id. */
type Create = (id: string) => Promise<Sync>

/**
 * Starts syncs under an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): however often and wherever a
 * request is sent again within 24 hours, one sync is started and every repeat gets that sync, as it is by then. A request
 * that was refused does not use up its key.
 */
export class IdempotentRequests {
  readonly #options: IdempotentRequestsOptions
  /** Starts under way in this process: their repeats wait for the answer instead of being sent away. */
  readonly #underWay = new Map<string, { readonly fingerprint: string; readonly answer: Promise<StartAnswer> }>()

  constructor(options: IdempotentRequestsOptions) {
    this.#options = options
  }

  /**
   * Rejects with `IDEMPOTENCY_KEY_REUSED` if the key was used for another body, with `IDEMPOTENCY_KEY_IN_FLIGHT` while
   * another process is starting it, with `SYNC_GONE`, which says how it ended, if the sync was removed since, and with
   * whatever the start itself rejects with. The same key of another caller is another key.
   */
  async start(key: string, body: SyncRequestBody, caller: Caller, options: StartOptions = {}): Promise<StartAnswer> {
    // Before the key is taken, and also where it was answered when the caller might.
    this.#options.service.requireAllowed(normalizeRequest(body), caller)
    const hash = sha256(canonical([caller.name, key]))
    const fingerprints = fingerprintsOf(body, caller)
    const [fingerprint] = fingerprints
    const first = this.#underWay.get(hash)
    if (first !== undefined) {
      requireSame(first.fingerprint, fingerprints)
      return { ...(await inAnswerTime(this.#options.clock, () => first.answer)), replayed: true }
    }
    const create = (id: string) => this.#options.service.start(body, caller, { ...options, id, keyed: true })
    const answer = this.#start(hash, fingerprints, caller, create).finally(() => this.#underWay.delete(hash))
    this.#underWay.set(hash, { fingerprint, answer })
    return inAnswerTime(this.#options.clock, () => answer)
  }

  async #start(key: string, fingerprints: Fingerprints, caller: Caller, create: Create): Promise<StartAnswer> {
    const { store, clock } = this.#options
    const syncId = newSyncId()
    const [fingerprint] = fingerprints
    const reservation = { key, createdBy: caller.name, fingerprint, syncId, now: clock.now(), ttlMs: KEY_TTL_MS }
    const state = await store.reserve(reservation)
    if (state.state !== 'mine') requireSame(state.fingerprint, fingerprints)
    if (state.state === 'in-flight') {
      throw new AppError(
        'IDEMPOTENCY_KEY_IN_FLIGHT',
        'The first request with this Idempotency-Key is not answered yet.',
      )
    }
    if (state.state === 'done') {
      const sync = await this.#find(state.syncId, caller)
      if (sync === undefined) throw gone(state.syncId, await store.findEnd(state.syncId))
      return { view: toView(sync), replayed: true }
    }
    const { claim } = state
    // Another id than ours is that of a request whose process has died; its sync may be there, or may have been.
    const earlier = state.syncId === syncId ? undefined : await this.#findEarlier(state.syncId, claim, caller)
    const view = toView(earlier ?? (await this.#create(state.syncId, claim, caller, create)))
    await store.complete(claim, view)
    return { view, replayed: earlier !== undefined }
  }

  /** Resolves to nothing when the sync was never created. */
  async #findEarlier(id: string, claim: KeyClaim, caller: Caller): Promise<Sync | undefined> {
    const { store } = this.#options
    const sync = await this.#find(id, caller)
    // What is removed is noted first, so whatever was ever there is found in one place or in the other.
    const end = sync === undefined ? await store.findEnd(id) : undefined
    if (end === undefined) return sync
    await store.complete(claim, { id })
    throw gone(id, end)
  }

  async #create(id: string, claim: KeyClaim, caller: Caller, create: Create): Promise<Sync> {
    try {
      return await create(id)
    } catch (error) {
      try {
        // A storage that failed may have recorded the sync all the same; the key is released only if it has not.
        const found = await this.#find(id, caller)
        if (found !== undefined) return found
        await this.#options.store.release(claim)
      } catch (second) {
        // The key stays reserved then; once the reservation is over it is the next caller's, under the same id.
        if (!(second instanceof AppError)) throw second
      }
      throw error
    }
  }

  async #find(id: string, caller: Caller): Promise<Sync | undefined> {
    try {
      return await this.#options.service.find(id, caller)
    } catch (error) {
      if (error instanceof AppError && error.code === 'SYNC_NOT_FOUND') return undefined
      throw error
    }
  }
}

/** `end` is undefined when it was removed in a way that left nothing. */
function gone(id: string, end: EndedSync | undefined): AppError {
  const { state, finishedAt, code } = end ?? { state: null, finishedAt: null, code: null }
  const how = state === null ? 'ended' : `${state}${code === null ? '' : ` with ${code}`} at ${finishedAt}`
  return new AppError('SYNC_GONE', `The sync of this Idempotency-Key, ${id}, ${how} and was forgotten since.`, {
    ended: { id, state, finishedAt, code },
  })
}

/** Of one request; several where it comes with a user's own token and TOKEN_KEY has several keys. */
type Fingerprints = readonly [string, ...string[]]

/** Not of the token, which is renewed every hour, but of whose it is. */
function fingerprintsOf(body: SyncRequestBody, { identities = [] }: Caller): Fingerprints {
  const [first = sha256(canonical(body)), ...others] = identities.map((identity) => sha256(canonical([identity, body])))
  return [first, ...others]
}

function requireSame(known: string, fingerprints: Fingerprints): void {
  if (fingerprints.includes(known)) return
  throw new AppError(
    'IDEMPOTENCY_KEY_REUSED',
    "This Idempotency-Key came with another body, or another user's token, before.",
  )
}

/** JSON with the members of every object in order, so that equal requests read the same. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)))
      : part,
  )
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
