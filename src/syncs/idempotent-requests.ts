import { createHash } from 'node:crypto'
import { AppError } from '../errors.ts'
import type { Sync } from '../model/sync.ts'
import { newSyncId } from '../model/sync-id.ts'
import type { SyncRequestBody } from '../model/sync-request.ts'
import { type SyncView, toView } from '../model/sync-view.ts'
import type { Clock } from '../ports/clock.ts'
import type { Caller } from './caller.ts'
import type { IdempotencyStore } from './idempotency-store.ts'
import type { StartOptions, SyncService } from './sync-service.ts'

/** Milliseconds for which a key is remembered. */
const KEY_TTL_MS = 86_400_000

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
 * request is sent again within 24 hours, one sync is started and every repeat gets the answer of the first. A request
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
   * another process is starting it, and with whatever the start itself rejects with. The same key of another caller is
   * another key.
   */
  async start(key: string, body: SyncRequestBody, caller: Caller, options: StartOptions = {}): Promise<StartAnswer> {
    const hash = sha256(canonical([caller.name, key]))
    const fingerprint = sha256(canonical(body))
    const first = this.#underWay.get(hash)
    if (first !== undefined) {
      requireSame(first.fingerprint, fingerprint)
      return { ...(await first.answer), replayed: true }
    }
    const create = (id: string) => this.#options.service.start(body, caller, { ...options, id })
    const answer = this.#start(hash, fingerprint, caller, create)
    this.#underWay.set(hash, { fingerprint, answer })
    try {
      return await answer
    } finally {
      this.#underWay.delete(hash)
    }
  }

  async #start(key: string, fingerprint: string, caller: Caller, create: Create): Promise<StartAnswer> {
    const { store, clock } = this.#options
    const syncId = newSyncId()
    const state = await store.reserve({ key, fingerprint, syncId, now: clock.now(), ttlMs: KEY_TTL_MS })
    if (state.state !== 'mine') {
      requireSame(state.fingerprint, fingerprint)
      if (state.state === 'done') return { view: state.answer, replayed: true }
      throw new AppError(
        'IDEMPOTENCY_KEY_IN_FLIGHT',
        'The first request with this Idempotency-Key is not answered yet.',
      )
    }
    // Another id than ours is that of a request whose process has died; its sync may be there.
    const earlier = state.syncId === syncId ? undefined : await this.#find(state.syncId, caller)
    const view = toView(earlier ?? (await this.#create(key, state.syncId, caller, create)))
    await store.complete(key, view)
    return { view, replayed: earlier !== undefined }
  }

  async #create(key: string, id: string, caller: Caller, create: Create): Promise<Sync> {
    try {
      return await create(id)
    } catch (error) {
      try {
        // A storage that failed may have recorded the sync all the same; the key is released only if it has not.
        const found = await this.#find(id, caller)
        if (found !== undefined) return found
        await this.#options.store.release(key)
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

function requireSame(known: string, fingerprint: string): void {
  if (known === fingerprint) return
  throw new AppError('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key came with another body before.')
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
