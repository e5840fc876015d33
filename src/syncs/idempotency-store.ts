import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { KeyedMutex } from '../concurrency/keyed-mutex.ts'
import { AppError, type EndedSync } from '../errors.ts'
import { type FinishedSync, TERMINAL_STATES } from '../model/sync.ts'
import type { KeyValueStore } from '../ports/key-value-store.ts'
import { KeyAllowance } from './key-allowance.ts'

/** Milliseconds for which a key is remembered, and how a sync that answers one has ended. */
export const KEY_TTL_MS = 86_400_000

/** Milliseconds after which a reservation that was neither completed nor released belongs to a dead process. */
const RESERVATION_MS = 60_000

/** So often a key may change under one reservation before it gives up. */
const TRIES = 200

const keyRecord = z.object({
  fingerprint: z.string(),
  syncId: z.string(),
  /** The instance that reserved it. */
  holder: z.string(),
  reservedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  /** The sync that is the answer; absent while the key is reserved. Earlier releases kept all that they had answered. */
  answer: z.object({ id: z.string() }).optional(),
})
type KeyRecord = z.output<typeof keyRecord>

const endRecord = z.object({
  state: z.enum(TERMINAL_STATES),
  finishedAt: z.iso.datetime(),
  code: z.string().nullable(),
})

interface Found {
  readonly version?: string
  readonly record?: KeyRecord
  readonly isAbandoned?: boolean
}

export interface KeyReservation {
  /** SHA-256 (hex) over whose key it is and the key itself; nothing else ever becomes a path or a name. */
  readonly key: string
  /** Name of the API key that it comes with; default: none. */
  readonly createdBy?: string | null
  /** SHA-256 (hex) of the request, to recognise another request under the same key. */
  readonly fingerprint: string
  /** Id of the sync that will be created. */
  readonly syncId: string
  readonly now: Date
  /** Milliseconds after `now` for which the key is remembered. */
  readonly ttlMs: number
}

/** One reservation of a key; it fences off whoever held the key before, in this process too. */
export interface KeyClaim {
  readonly key: string
  /** That of the entry, which differs after every write. */
  readonly version: string
}

export type KeyState =
  /** The key is the caller's: create the sync under this id (which may be an earlier reservation's), then complete or release. */
  | { readonly state: 'mine'; readonly syncId: string; readonly claim: KeyClaim }
  /** Another request holds the key at this moment. */
  | { readonly state: 'in-flight'; readonly fingerprint: string }
  /** The key was used, and this sync was the answer. */
  | { readonly state: 'done'; readonly fingerprint: string; readonly syncId: string }

/**
 * What was asked for under which `Idempotency-Key`, for as long as keys are remembered, and how the syncs ended that are
 * forgotten sooner. Methods reject with `STORAGE_UNAVAILABLE` or `STORAGE_FULL` when the storage fails, and have then
 * changed nothing that a repeat would not mend.
 */
export class IdempotencyStore {
  readonly #records: KeyValueStore
  readonly #allowance: KeyAllowance
  readonly #instance = randomUUID()
  /** Requests of this process for one key wait for each other, so that what is not in `#held` is known to be left over. */
  readonly #mutex = new KeyedMutex()
  /** Reservations of this instance, by their version. */
  readonly #held = new Map<string, KeyRecord & { readonly createdBy: string | null }>()

  /** `mostKeys`: how many keys of one caller are remembered. Default: any number. */
  constructor(records: KeyValueStore, mostKeys = Number.POSITIVE_INFINITY) {
    this.#records = records
    this.#allowance = new KeyAllowance(records, mostKeys)
  }

  start(): Promise<void> {
    return this.#records.start()
  }

  /**
   * Takes a key for the request that comes first. Of concurrent calls with one key, in any process, exactly one gets
   * `mine`. Durable when it resolves. A reservation neither completed nor released for a minute, or whose process is known
   * to be dead, is `mine` to the next call with the same fingerprint, and comes with the sync id of the one before it:
   * creating that sync again either succeeds or finds it there, so one key never starts two. A new key rejects with
   * TOO_MANY_IDEMPOTENCY_KEYS while too many of the caller are remembered.
   */
  reserve(reservation: KeyReservation): Promise<KeyState> {
    const { key, createdBy = null, now } = reservation
    return this.#change(key, async () => {
      const refusal = await this.#allowance.take(createdBy, now)
      let state: KeyState | undefined
      try {
        state = await this.#reserve(reservation, refusal)
        return state
      } finally {
        if (refusal === undefined && state?.state !== 'mine') this.#allowance.giveBack(createdBy, now)
      }
    })
  }

  async #reserve(reservation: KeyReservation, refusal: AppError | undefined): Promise<KeyState> {
    const { key, createdBy = null, fingerprint, syncId, now, ttlMs } = reservation
    const times = { reservedAt: now.toISOString(), expiresAt: new Date(now.getTime() + ttlMs).toISOString() }
    // Nearly every key is new, so it is taken before it is looked up.
    let found: Found = refusal === undefined ? {} : await this.#find(key, now)
    for (let tries = 0; tries < TRIES; tries++) {
      const known = found.record
      if (known?.answer !== undefined) {
        return { state: 'done', fingerprint: known.fingerprint, syncId: known.answer.id }
      }
      if (known !== undefined && !(known.fingerprint === fingerprint && found.isAbandoned === true)) {
        return { state: 'in-flight', fingerprint: known.fingerprint }
      }
      if (known === undefined && refusal !== undefined) throw refusal
      const id = known?.syncId ?? syncId
      const record = { fingerprint, syncId: id, holder: this.#instance, ...times }
      const version = await this.#records.compareAndSwap(key, found.version, record)
      if (version !== undefined) {
        this.#held.set(version, { ...record, createdBy })
        return { state: 'mine', syncId: id, claim: { key, version } }
      }
      await setImmediate()
      found = await this.#find(key, now)
    }
    throw new AppError('STORAGE_UNAVAILABLE', 'The idempotency key is being changed by another process.')
  }

  /** Binds a key to the sync that is the answer; durable when it resolves. Nothing happens if the claim is over. */
  complete({ key, version }: KeyClaim, { id }: { readonly id: string }): Promise<void> {
    return this.#change(key, async () => {
      const held = this.#held.get(version)
      if (held === undefined) return
      const { createdBy: _createdBy, ...record } = held
      await this.#records.compareAndSwap(key, version, { ...record, answer: { id } })
      this.#held.delete(version)
    })
  }

  /** Releases a key whose request was refused and has changed nothing. Nothing happens if the claim is over. */
  release({ key, version }: KeyClaim): Promise<void> {
    return this.#change(key, async () => {
      const held = this.#held.get(version)
      if (held === undefined) return
      await this.#records.remove(key, version)
      this.#held.delete(version)
      this.#allowance.giveBack(held.createdBy, new Date(held.reservedAt))
    })
  }

  /** Notes how a sync that is about to be removed has ended, for as long as keys that it answers; durable when it resolves. */
  async recordEnd({ id, state, finishedAt, error }: FinishedSync, now: Date): Promise<void> {
    const expiresAt = new Date(Date.parse(finishedAt) + KEY_TTL_MS)
    if (expiresAt <= now) return
    const end = { state, finishedAt, code: error?.code ?? null, expiresAt: expiresAt.toISOString() }
    // An end is final: what was noted before, here or elsewhere, says the same.
    await this.#records.compareAndSwap(id, undefined, end)
  }

  /** How a sync that is not there any more has ended; `undefined` if nobody has noted that. */
  findEnd(id: string): Promise<EndedSync | undefined> {
    return refuseDamage(async () => {
      const { value } = await this.#records.get(id)
      return value === undefined ? undefined : { id, ...endRecord.parse(value) }
    })
  }

  /** Forgets the keys and the ends that have expired; resolves to how many. */
  cleanup(now: Date, signal?: AbortSignal): Promise<number> {
    for (const [version, record] of this.#held) if (isExpired(record, now)) this.#held.delete(version)
    return this.#records.cleanup(now, signal)
  }

  /** What is stored of the key; without the record when the key may be used anew. */
  async #find(key: string, now: Date): Promise<Found> {
    const { value, version, writerIsGone } = await this.#records.get(key)
    if (version === undefined) return {}
    const record = keyRecord.parse(value)
    // One of ours that is not held is left of a call that failed halfway; nothing was begun under it.
    const isLeftOver = record.answer === undefined && record.holder === this.#instance && !this.#held.has(version)
    if (isExpired(record, now) || isLeftOver) return { version }
    const isAbandoned = writerIsGone || now.getTime() - Date.parse(record.reservedAt) >= RESERVATION_MS
    return { record, version, isAbandoned }
  }

  async #change<T>(key: string, task: () => Promise<T>): Promise<T> {
    if (!/^[0-9a-f]{64}$/.test(key)) throw new TypeError('an idempotency key is stored by its SHA-256 only')
    return refuseDamage(() => this.#mutex.run(key, task))
  }
}

async function refuseDamage<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error
    // Nobody knows what the key was used for.
    throw new AppError('STORAGE_UNAVAILABLE', 'The record of this idempotency key is damaged.', {
      cause: error,
      hint: 'Use another Idempotency-Key, after checking whether the sync was started.',
    })
  }
}

function isExpired({ expiresAt }: KeyRecord, now: Date): boolean {
  return new Date(expiresAt) <= now
}
