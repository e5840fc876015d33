import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { KeyedMutex } from '../concurrency/keyed-mutex.ts'
import { AppError } from '../errors.ts'
import { type SyncView, syncView } from '../model/sync-view.ts'
import type { KeyValueStore } from '../ports/key-value-store.ts'

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
  /** The sync as it was answered; absent while the key is reserved. */
  answer: syncView.optional(),
})
type KeyRecord = z.output<typeof keyRecord>

interface Held {
  readonly record: KeyRecord
  readonly version: string
}

interface Found extends Partial<Held> {
  readonly isAbandoned?: boolean
}

export interface KeyReservation {
  /** SHA-256 (hex) over whose key it is and the key itself; nothing else ever becomes a path or a name. */
  readonly key: string
  /** SHA-256 (hex) of the request, to recognise another request under the same key. */
  readonly fingerprint: string
  /** Id of the sync that will be created. */
  readonly syncId: string
  readonly now: Date
  /** Milliseconds after `now` for which the key is remembered. */
  readonly ttlMs: number
}

export type KeyState =
  /** The key is the caller's: create the sync under this id (which may be an earlier reservation's), then complete or release. */
  | { readonly state: 'mine'; readonly syncId: string }
  /** Another request holds the key at this moment. */
  | { readonly state: 'in-flight'; readonly fingerprint: string }
  /** The key was used; `answer` is the sync as it was sent then. */
  | { readonly state: 'done'; readonly fingerprint: string; readonly answer: SyncView }

/**
 * What was asked for under which `Idempotency-Key`, for as long as keys are remembered. Methods reject with
 * `STORAGE_UNAVAILABLE` or `STORAGE_FULL` when the storage fails, and have then changed nothing that a repeat would not
 * mend.
 */
export class IdempotencyStore {
  readonly #records: KeyValueStore
  readonly #instance = randomUUID()
  /** Requests of this process for one key wait for each other, so that what is not in `#held` is known to be left over. */
  readonly #mutex = new KeyedMutex()
  /** Reservations of this instance. */
  readonly #held = new Map<string, Held>()

  constructor(records: KeyValueStore) {
    this.#records = records
  }

  start(): Promise<void> {
    return this.#records.start()
  }

  /**
   * Takes a key for the request that comes first. Of concurrent calls with one key, in any process, exactly one gets
   * `mine`. Durable when it resolves. A reservation neither completed nor released for a minute, or whose process is known
   * to be dead, is `mine` to the next call with the same fingerprint, and comes with the sync id of the one before it:
   * creating that sync again either succeeds or finds it there, so one key never starts two.
   */
  reserve({ key, fingerprint, syncId, now, ttlMs }: KeyReservation): Promise<KeyState> {
    const times = { reservedAt: now.toISOString(), expiresAt: new Date(now.getTime() + ttlMs).toISOString() }
    return this.#change(key, async () => {
      // Nearly every key is new, so it is taken before it is looked up.
      let found: Found = {}
      for (let tries = 0; tries < TRIES; tries++) {
        const known = found.record
        if (known?.answer !== undefined) {
          return { state: 'done', fingerprint: known.fingerprint, answer: known.answer }
        }
        if (known !== undefined && !(known.fingerprint === fingerprint && found.isAbandoned === true)) {
          return { state: 'in-flight', fingerprint: known.fingerprint }
        }
        const id = known?.syncId ?? syncId
        const record = { fingerprint, syncId: id, holder: this.#instance, ...times }
        const version = await this.#records.compareAndSwap(key, found.version, record)
        if (version !== undefined) {
          this.#held.set(key, { record, version })
          return { state: 'mine', syncId: id }
        }
        await setImmediate()
        found = await this.#find(key, now)
      }
      throw new AppError('STORAGE_UNAVAILABLE', 'The idempotency key is being changed by another process.')
    })
  }

  /** Binds a key that this instance has reserved to the answer that was given; durable when it resolves. */
  complete(key: string, answer: SyncView): Promise<void> {
    return this.#settle(key, ({ record, version }) => this.#records.compareAndSwap(key, version, { ...record, answer }))
  }

  /** Releases a key that this instance has reserved, as its request was refused and has changed nothing. */
  release(key: string): Promise<void> {
    return this.#settle(key, ({ version }) => this.#records.remove(key, version))
  }

  /** Forgets the keys that have expired; resolves to how many. */
  cleanup(now: Date): Promise<number> {
    for (const [key, { record }] of this.#held) if (isExpired(record, now)) this.#held.delete(key)
    return this.#records.cleanup(now)
  }

  /** Changes the record of a reservation; one that was taken over meanwhile has another version, and stays as it is. */
  #settle(key: string, write: (held: Held) => Promise<unknown>): Promise<void> {
    return this.#change(key, async () => {
      const held = this.#held.get(key)
      if (held === undefined) return
      await write(held)
      this.#held.delete(key)
    })
  }

  /** What is stored of the key; without the record when the key may be used anew. */
  async #find(key: string, now: Date): Promise<Found> {
    const { value, version, writerIsGone } = await this.#records.get(key)
    if (version === undefined) return {}
    const record = keyRecord.parse(value)
    // One of ours that is not held is left of a call that failed halfway; nothing was begun under it.
    const isOurs = record.answer === undefined && record.holder === this.#instance
    if (isExpired(record, now) || (isOurs && this.#held.get(key)?.version !== version)) return { version }
    const isAbandoned = writerIsGone || now.getTime() - Date.parse(record.reservedAt) >= RESERVATION_MS
    return { record, version, isAbandoned }
  }

  async #change<T>(key: string, task: () => Promise<T>): Promise<T> {
    if (!/^[0-9a-f]{64}$/.test(key)) throw new TypeError('an idempotency key is stored by its SHA-256 only')
    try {
      return await this.#mutex.run(key, task)
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error
      // Nobody knows what the key was used for.
      throw new AppError('STORAGE_UNAVAILABLE', 'The record of this idempotency key is damaged.', {
        cause: error,
        hint: 'Use another Idempotency-Key, after checking whether the sync was started.',
      })
    }
  }
}

function isExpired({ expiresAt }: KeyRecord, now: Date): boolean {
  return new Date(expiresAt) <= now
}
