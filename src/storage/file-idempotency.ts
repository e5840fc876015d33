import { setImmediate } from 'node:timers/promises'
import { KeyedMutex } from '../concurrency/keyed-mutex.ts'
import { withDiskErrors } from '../disk/disk-errors.ts'
import { AppError } from '../errors.ts'
import type { SyncView } from '../model/sync-view.ts'
import {
  type IdempotencyStore,
  type KeyReservation,
  type KeyState,
  RESERVATION_MS,
} from '../ports/idempotency-store.ts'
import { newNonce } from './files/file-names.ts'
import { KeyFiles } from './files/key-files.ts'
import { isExpired, type KeyRecord } from './files/key-record.ts'
import { StatusFolder, type StatusFolderOptions } from './files/status-folder.ts'
import { requireKeyHash } from './shared/argument-checks.ts'

/** So often a key may change under one reservation before it gives up. */
const TRIES = 200

/** One small file for each key, shared by the processes of this machine; see {@link KeyFiles} for how it is replaced. */
export class FileIdempotency implements IdempotencyStore {
  readonly #folder: StatusFolder
  readonly #files: KeyFiles
  readonly #instance = newNonce()
  /** Those of this process who want one key wait for each other here, so that they need not meet on the disk. */
  readonly #mutex = new KeyedMutex()
  /** Reservations of this instance. */
  readonly #held = new Map<string, KeyRecord>()

  constructor(options: StatusFolderOptions) {
    this.#folder = new StatusFolder(options)
    this.#files = new KeyFiles(this.#folder)
  }

  start(): Promise<void> {
    return withDiskErrors('The idempotency key could not be opened', () => this.#files.start())
  }

  reserve(reservation: KeyReservation): Promise<KeyState> {
    const { key } = reservation
    return this.#change(key, async () => {
      for (let tries = 0; tries < TRIES; tries++) {
        const state = await this.#tryToReserve(reservation)
        if (state !== undefined) return state
        await setImmediate()
      }
      throw new AppError('STORAGE_UNAVAILABLE', 'The idempotency key is being changed by another process.')
    })
  }

  complete(key: string, answer: SyncView): Promise<void> {
    return this.#settle(key, { state: 'done', answer })
  }

  release(key: string): Promise<void> {
    return this.#settle(key, { state: 'released' })
  }

  cleanup(now: Date): Promise<number> {
    return withDiskErrors('The idempotency key could not be swept', async () => {
      let forgotten = 0
      for await (const key of this.#files.expired(now)) {
        try {
          if (await this.#mutex.run(key, () => this.#forget(key, now))) forgotten++
        } catch (error) {
          // A damaged record is an error for whoever uses its key; it must not keep the others.
          if (!(error instanceof AppError)) throw error
        }
      }
      await this.#files.sweepClaims()
      return forgotten
    })
  }

  async close(): Promise<void> {
    this.#held.clear()
  }

  /** Resolves to `undefined` when somebody else has changed the key meanwhile. */
  async #tryToReserve(reservation: KeyReservation): Promise<KeyState | undefined> {
    const { key, fingerprint, now } = reservation
    const last = await this.#files.read(key)
    if (last?.state === 'swept') {
      await this.#forget(key, now)
      return undefined
    }
    const current = last !== undefined && this.#isFree(key, last, now) ? undefined : last
    if (current !== undefined && current.answer !== null) {
      return { state: 'done', fingerprint: current.fingerprint, answer: current.answer }
    }
    if (current !== undefined && !(current.fingerprint === fingerprint && this.#isAbandoned(current, now))) {
      return { state: 'in-flight', fingerprint: current.fingerprint }
    }
    const syncId = current?.syncId ?? reservation.syncId
    const record: KeyRecord = {
      state: 'reserved',
      fingerprint,
      syncId,
      reservedAt: now.toISOString(),
      expiresAt: new Date(now.getTime() + reservation.ttlMs).toISOString(),
      answer: null,
      ...this.#signature(),
    }
    if (!(await this.#files.replace(key, last, record))) return undefined
    await this.#files.flush()
    this.#held.set(key, record)
    return { state: 'mine', syncId }
  }

  /** Replaces the record of a reservation, unless somebody else has taken it over. */
  #settle(key: string, change: Partial<KeyRecord>): Promise<void> {
    return this.#change(key, async () => {
      const record = this.#held.get(key) ?? (await this.#files.read(key))
      if (record?.state !== 'reserved') return
      await this.#files.replace(key, record, { ...record, ...change, nonce: newNonce() })
      // Also when it was replaced before, by a call that failed afterwards.
      await this.#files.flush()
      this.#held.delete(key)
    })
  }

  /**
   * Forgets a key that has expired, if nobody else is doing anything with it; resolves to whether it did. First makes the
   * record one that nobody may replace, so that it is still the same when it is unlinked.
   */
  async #forget(key: string, now: Date): Promise<boolean> {
    const last = await this.#files.read(key)
    if (last === undefined) return false
    if (last.state === 'swept' ? !this.#isOurs(last) && !this.#isGone(last) : !isExpired(last, now)) return false
    const mark: KeyRecord = { ...last, state: 'swept', answer: null, ...this.#signature() }
    if (!(await this.#files.replace(key, last, mark))) return false
    await this.#folder.remove(this.#folder.key(key))
    this.#held.delete(key)
    return true
  }

  #signature(): Pick<KeyRecord, 'writer' | 'instance' | 'nonce'> {
    return { writer: this.#folder.processes.self, instance: this.#instance, nonce: newNonce() }
  }

  /** Whether the key may be used anew. */
  #isFree(key: string, record: KeyRecord, now: Date): boolean {
    // One of ours that is not held is left of a call that failed halfway; nothing was begun under it.
    const isLeftover = record.state === 'reserved' && this.#isOurs(record) && !this.#held.has(key)
    return isLeftover || record.state === 'released' || isExpired(record, now)
  }

  #isOurs({ writer, instance }: KeyRecord): boolean {
    return writer === this.#folder.processes.self && instance === this.#instance
  }

  #isAbandoned(record: KeyRecord, now: Date): boolean {
    return this.#isGone(record) || now.getTime() - Date.parse(record.reservedAt) >= RESERVATION_MS
  }

  #isGone({ writer }: KeyRecord): boolean {
    const { processes } = this.#folder
    return processes.isGone(writer) || !processes.isOfThisBoot(writer)
  }

  #change<T>(key: string, task: () => Promise<T>): Promise<T> {
    return withDiskErrors('The idempotency key could not be recorded', async () => {
      requireKeyHash(key)
      return this.#mutex.run(key, task)
    })
  }
}
