import { setImmediate as turn } from 'node:timers/promises'
import { KeyedMutex } from '../concurrency/keyed-mutex.ts'
import { toDiskError } from '../disk/disk-errors.ts'
import { nodeFileSystem } from '../disk/node-file-system.ts'
import { AppError } from '../errors.ts'
import type { SyncView } from '../model/sync-view.ts'
import type { Clock } from '../ports/clock.ts'
import type { FileSystem } from '../ports/file-system.ts'
import {
  type IdempotencyStore,
  type KeyReservation,
  type KeyState,
  RESERVATION_MS,
} from '../ports/idempotency-store.ts'
import { Layout } from './files/folder-layout.ts'
import { type KeyChain, type KeyFile, KeyFiles } from './files/key-files.ts'
import { isExpired, isFree, type KeyRecord } from './files/key-record.ts'
import { newNonce, type Processes, systemProcesses } from './files/processes.ts'
import { TempFiles } from './files/temp-files.ts'
import { requireKeyHash } from './shared/argument-checks.ts'

/** So often a key may change under one reservation before it gives up. */
const TRIES = 200

export interface FileIdempotencyOptions {
  /** Folder of the sync records; the keys lie in one within it. */
  readonly directory: string
  readonly clock: Clock
  readonly fs?: FileSystem
  readonly processes?: Processes
}

/**
 * One small file for each key, shared by the processes of this machine without locks.
 *
 * A record is made by linking a finished file to its name, which fails if that name is taken. What takes its place (after
 * a release, an expiry, or the death of its process) is linked to a name made of the nonce of the record before, so that
 * each record has one successor at most: of any number of claimants one wins. The last record of such a chain counts, and
 * only its maker rewrites it. To forget a key its sweeper first makes itself the last of the chain, so that nobody can
 * continue it, then unlinks the first file, and at last the others, which lead nowhere by then, as the next first file
 * has another nonce. Only the maker of that last record unlinks, or who succeeds it after the maker's process has ended.
 * Whoever read the chain before that, and links a successor after it, finds that the first file does not lead to it.
 */
export class FileIdempotency implements IdempotencyStore {
  readonly #files: KeyFiles
  readonly #processes: Processes
  readonly #instance = newNonce()
  /** Those of this process who want one key wait for each other here, so that they need not meet on the disk. */
  readonly #turns = new KeyedMutex()
  /** Reservations of this instance. */
  readonly #held = new Map<string, KeyFile>()

  constructor({ directory, clock, fs = nodeFileSystem, processes = systemProcesses() }: FileIdempotencyOptions) {
    const layout = new Layout(directory)
    this.#processes = processes
    this.#files = new KeyFiles(fs, layout, new TempFiles({ layout, fs, clock, processes }))
  }

  start(): Promise<void> {
    return this.#run('could not be opened', () => this.#files.start())
  }

  reserve(reservation: KeyReservation): Promise<KeyState> {
    const { key } = reservation
    return this.#run('could not be recorded', async () => {
      requireKeyHash(key)
      return this.#turns.run(key, async () => {
        for (let tries = 0; tries < TRIES; tries++) {
          const state = await this.#tryToReserve(reservation)
          if (state !== undefined) return state
          await turn()
        }
        throw new AppError('STORAGE_UNAVAILABLE', 'The idempotency key is being changed by another process.')
      })
    })
  }

  complete(key: string, answer: SyncView): Promise<void> {
    return this.#settle(key, { state: 'done', answer })
  }

  release(key: string): Promise<void> {
    return this.#settle(key, { state: 'released' })
  }

  cleanup(now: Date): Promise<number> {
    return this.#run('could not be swept', async () => {
      let forgotten = 0
      for await (const key of this.#files.expired(now)) {
        try {
          if (await this.#turns.run(key, () => this.#forget(key, now))) forgotten++
        } catch (error) {
          // A damaged record is told to whoever uses its key; it must not keep the others.
          if (!(error instanceof AppError)) throw error
        }
      }
      return forgotten
    })
  }

  async close(): Promise<void> {
    this.#held.clear()
  }

  /** Resolves to `undefined` when somebody else has changed the key meanwhile. */
  async #tryToReserve(reservation: KeyReservation): Promise<KeyState | undefined> {
    const { key, fingerprint, now } = reservation
    const { chain, next } = await this.#files.chain(key)
    const last = chain.at(-1)?.record
    if (last?.state === 'swept') {
      await this.#forget(key, now)
      return undefined
    }
    // One of ours that is not held is left of a call that failed halfway; nothing was begun under it.
    const isLeftover = last?.state === 'reserved' && this.#isOurs(last) && !this.#held.has(key)
    const current = last === undefined || isLeftover || isFree(last, now) ? undefined : last
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
    if (!(await this.#append(key, { chain, next }, record))) return undefined
    await this.#files.flush()
    this.#held.set(key, { path: next, record })
    return { state: 'mine', syncId }
  }

  /** Rewrites the record of a reservation; nobody else does as long as its process lives. */
  #settle(key: string, change: Partial<KeyRecord>): Promise<void> {
    return this.#run('could not be recorded', async () => {
      requireKeyHash(key)
      await this.#turns.run(key, async () => {
        const file = this.#held.get(key) ?? (await this.#files.chain(key)).chain.at(-1)
        if (file?.record.state !== 'reserved') return
        await this.#files.rewrite(file.path, { ...file.record, ...change })
        this.#held.delete(key)
        await this.#files.flush()
      })
    })
  }

  /** Forgets a key that has expired, if nobody else is doing anything with it; resolves to whether it did. */
  async #forget(key: string, now: Date): Promise<boolean> {
    const { chain, next } = await this.#files.chain(key)
    const last = chain.at(-1)?.record
    if (last === undefined) return false
    if (last.state === 'swept' ? !this.#isOurs(last) && !this.#isGone(last) : !isExpired(last, now)) return false
    const mark: KeyRecord = { ...last, state: 'swept', answer: null, ...this.#signature() }
    if (!(await this.#append(key, { chain, next }, mark))) return false
    for (const { path } of chain) await this.#files.unlink(path)
    await this.#files.unlink(next)
    this.#held.delete(key)
    return true
  }

  /** Makes the record the last of its chain; resolves to false when somebody else was faster. */
  async #append(key: string, { chain, next }: KeyChain, record: KeyRecord): Promise<boolean> {
    if (!(await this.#files.link(next, record))) return false
    if (chain.length === 0) return true
    // The name is free again also when the chain was forgotten after it was read; then this record leads nowhere.
    const now = await this.#files.chain(key)
    if (now.chain.some(({ record: { nonce } }) => nonce === record.nonce)) return true
    await this.#files.unlink(next)
    return false
  }

  #signature(): Pick<KeyRecord, 'writer' | 'instance' | 'nonce'> {
    return { writer: this.#processes.self, instance: this.#instance, nonce: newNonce() }
  }

  #isOurs({ writer, instance }: KeyRecord): boolean {
    return writer === this.#processes.self && instance === this.#instance
  }

  #isAbandoned(record: KeyRecord, now: Date): boolean {
    return this.#isGone(record) || now.getTime() - Date.parse(record.reservedAt) >= RESERVATION_MS
  }

  #isGone({ writer }: KeyRecord): boolean {
    return this.#processes.isGone(writer) || !this.#processes.isOfThisBoot(writer)
  }

  async #run<T>(doing: string, task: () => Promise<T>): Promise<T> {
    try {
      return await task()
    } catch (error) {
      throw toDiskError(error, `The idempotency key ${doing}`)
    }
  }
}
