import type { Slot } from '../ports/job-runner.ts'

/** Syncs that may have released their slot, for each slot that there is: each of them costs a heartbeat. */
const RELEASED_PER_SLOT = 8

/** How many syncs run at once in this process. Those that come back for their slot go before those that are new. */
export class SyncSlots {
  #free: number
  /** Syncs that may still release their slot. */
  #releasable: number
  readonly #returning: (() => void)[] = []
  readonly #new: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
    this.#releasable = count * RELEASED_PER_SLOT
  }

  /**
   * Resolves to a slot as soon as one is free; rejects with the signal's reason. `onRelease` is called when another sync
   * may run in the place of this one.
   */
  async take(signal: AbortSignal, onRelease: () => void): Promise<SyncSlot> {
    await this.#wait(this.#new, signal)
    return new SyncSlot({
      release: () => {
        if (this.#releasable === 0) return false
        this.#releasable -= 1
        this.#pass()
        onRelease()
        return true
      },
      acquire: (stop) => this.#wait(this.#returning, stop),
      returned: () => {
        this.#releasable += 1
      },
      end: () => this.#pass(),
    })
  }

  /** Gives a slot to whoever is next. */
  #pass(): void {
    const next = this.#returning.shift() ?? this.#new.shift()
    if (next === undefined) this.#free += 1
    else next()
  }

  async #wait(queue: (() => void)[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#free > 0) {
      this.#free -= 1
      return
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const leave = () => {
      const at = queue.indexOf(resolve)
      if (at < 0) return
      queue.splice(at, 1)
      reject(signal.reason)
    }
    signal.addEventListener('abort', leave, { once: true })
    queue.push(resolve)
    await promise.finally(() => signal.removeEventListener('abort', leave))
  }
}

interface SlotActions {
  /** Returns whether the slot could be given to another sync. */
  release(): boolean
  acquire(signal: AbortSignal): Promise<void>
  /** Called when a sync that had released its slot has it again, or has ended. */
  returned(): void
  end(): void
}

/** The slot of one sync, from before its claim to its end. */
export class SyncSlot implements Slot {
  readonly #actions: SlotActions
  readonly #ended = new AbortController()
  #isHeld = true
  #acquiring: Promise<void> | undefined

  constructor(actions: SlotActions) {
    this.#actions = actions
  }

  release(): void {
    if (!this.#isHeld || this.#ended.signal.aborted || !this.#actions.release()) return
    this.#isHeld = false
  }

  async acquire(): Promise<void> {
    if (this.#isHeld) return
    this.#acquiring ??= this.#acquire()
    await this.#acquiring
  }

  /** Gives the slot back for good. Idempotent. */
  end(): void {
    if (this.#ended.signal.aborted) return
    this.#ended.abort()
    if (this.#isHeld) this.#actions.end()
    else this.#actions.returned()
  }

  async #acquire(): Promise<void> {
    await this.#actions.acquire(this.#ended.signal)
    this.#acquiring = undefined
    // It may have come at the very end.
    if (this.#ended.signal.aborted) {
      this.#actions.end()
      return
    }
    this.#isHeld = true
    this.#actions.returned()
  }
}
