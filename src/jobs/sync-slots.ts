import { FairSemaphore, type Permit } from '../concurrency/fair-semaphore.ts'
import type { Slot } from '../ports/job-runner.ts'

/** Syncs that may be under way without their slot, for each slot that there is: each of them costs a heartbeat. */
const PARKED_PER_SLOT = 8

interface TakeOptions {
  readonly signal: AbortSignal
  /** Whether it goes before those of its owner that were never run; default: behind them. */
  readonly isFirst?: boolean
  /** Called when another sync may run in the place of this one. */
  readonly onRelease: () => void
}

/**
 * How many syncs run at once in this process, shared by owner. Every sync that begins has a place to be parked in, of which
 * one owner's never fill all: so a sync that meets nothing but faults can always let go of its slot, and those of its
 * owner that find no place wait for the ends of those before them, not others for them.
 */
export class SyncSlots {
  readonly #slots: FairSemaphore
  readonly #places: FairSemaphore

  constructor(count: number) {
    this.#slots = new FairSemaphore({ permits: count })
    this.#places = new FairSemaphore({ permits: count * (1 + PARKED_PER_SLOT), leavesRoom: true })
  }

  /** Whether nobody could run at once. */
  get isFull(): boolean {
    return this.#slots.isFull
  }

  /** Resolves to a slot as soon as it is this owner's turn; rejects with the signal's reason. */
  async take(owner: string, { signal, isFirst = false, onRelease }: TakeOptions): Promise<SyncSlot> {
    const place = await this.#places.acquire(owner, { signal, isFirst })
    try {
      const permit = await this.#slots.acquire(owner, { signal, isFirst, onTaken: onRelease })
      const acquire = (stop: AbortSignal) =>
        this.#slots.acquire(owner, { signal: stop, isFirst: true, onTaken: onRelease })
      return new SyncSlot({ place, permit, acquire, onRelease })
    } catch (error) {
      place.release()
      throw error
    }
  }
}

interface SyncSlotOptions {
  /** Held until the end. */
  readonly place: Permit
  /** The right to run. */
  readonly permit: Permit
  readonly acquire: (signal: AbortSignal) => Promise<Permit>
  readonly onRelease: () => void
}

/** The slot of one sync, from before its claim to its end. */
export class SyncSlot implements Slot {
  readonly #options: SyncSlotOptions
  readonly #ended = new AbortController()
  #permit: Permit
  #acquiring: Promise<void> | undefined

  constructor(options: SyncSlotOptions) {
    this.#options = options
    this.#permit = options.permit
  }

  offer(): void {
    if (!this.#permit.isHeld) return
    this.#permit.offer()
    this.#options.onRelease()
  }

  release(): void {
    if (!this.#permit.isHeld) return
    this.#permit.release()
    this.#options.onRelease()
  }

  async acquire(): Promise<void> {
    this.#permit.keep()
    if (this.#permit.isHeld) return
    this.#acquiring ??= this.#acquire()
    await this.#acquiring
  }

  /** Gives the slot back for good. Idempotent. */
  end(): void {
    this.#ended.abort()
    this.#permit.release()
    this.#options.place.release()
  }

  async #acquire(): Promise<void> {
    const permit = await this.#options.acquire(this.#ended.signal)
    this.#acquiring = undefined
    // It may have come at the very end.
    if (this.#ended.signal.aborted) permit.release()
    else this.#permit = permit
  }
}
