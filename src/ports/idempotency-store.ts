import type { SyncView } from '../model/sync-view.ts'

/** Milliseconds after which a reservation that was neither completed nor released belongs to a dead process. */
export const RESERVATION_MS = 60_000

/**
 * What was asked for under which `Idempotency-Key`, for as long as keys are remembered. Methods reject with
 * `STORAGE_UNAVAILABLE` or `STORAGE_FULL` when the medium fails, and have then changed nothing that a repeat would not
 * mend.
 */
export interface IdempotencyStore {
  start(): Promise<void>

  /**
   * Takes a key for the request that comes first. Of concurrent calls with one key, in any process, exactly one gets
   * `mine`. Durable when it resolves. A reservation neither completed nor released for {@link RESERVATION_MS}
   * is `mine` to the next call with the same fingerprint, and comes with the sync id of the one before it: creating
   * that sync again either succeeds or finds it there, so one key never starts two.
   */
  reserve(reservation: KeyReservation): Promise<KeyState>

  /** Binds the key to the answer that was given; durable when it resolves. */
  complete(key: string, answer: SyncView): Promise<void>

  /** Releases the key, as its request was refused and has changed nothing. */
  release(key: string): Promise<void>

  /** Forgets the keys that have expired; resolves to how many. */
  cleanup(now: Date): Promise<number>

  close(): Promise<void>
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
