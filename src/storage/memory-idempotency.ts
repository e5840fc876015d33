import type { SyncView } from '../model/sync-view.ts'
import {
  type IdempotencyStore,
  type KeyReservation,
  type KeyState,
  RESERVATION_MS,
} from '../ports/idempotency-store.ts'
import { requireKeyHash } from './shared/argument-checks.ts'

interface Entry {
  readonly fingerprint: string
  readonly syncId: string
  readonly reservedAt: number
  readonly expiresAt: number
  readonly answer?: SyncView
}

/** Keys in the memory of one process: for tests, and where syncs live in memory too. */
export class MemoryIdempotency implements IdempotencyStore {
  readonly #entries = new Map<string, Entry>()

  async start(): Promise<void> {}

  async reserve({ key, fingerprint, syncId, now, ttlMs }: KeyReservation): Promise<KeyState> {
    requireKeyHash(key)
    const at = now.getTime()
    const entry = this.#entries.get(key)
    const current = entry === undefined || entry.expiresAt <= at ? undefined : entry
    if (current?.answer !== undefined) {
      return { state: 'done', fingerprint: current.fingerprint, answer: current.answer }
    }
    const abandoned = current?.fingerprint === fingerprint && at - current.reservedAt >= RESERVATION_MS
    if (current !== undefined && !abandoned) return { state: 'in-flight', fingerprint: current.fingerprint }
    const reserved = { fingerprint, syncId: current?.syncId ?? syncId, reservedAt: at, expiresAt: at + ttlMs }
    this.#entries.set(key, reserved)
    return { state: 'mine', syncId: reserved.syncId }
  }

  async complete(key: string, answer: SyncView): Promise<void> {
    const entry = this.#entries.get(key)
    if (entry !== undefined) this.#entries.set(key, { ...entry, answer })
  }

  async release(key: string): Promise<void> {
    if (this.#entries.get(key)?.answer === undefined) this.#entries.delete(key)
  }

  async cleanup(now: Date): Promise<number> {
    const expired = [...this.#entries].filter(([, { expiresAt }]) => expiresAt <= now.getTime())
    for (const [key] of expired) this.#entries.delete(key)
    return expired.length
  }

  async close(): Promise<void> {}
}
