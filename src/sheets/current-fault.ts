import type { ErrorCode } from '../errors.ts'
import type { SyncFault } from '../model/sync.ts'
import type { Clock } from '../ports/clock.ts'

type OnFault = (fault: SyncFault | null) => void

/** What hinders the calls of one sync: where several are hindered, the fault of the one that has been so longest. */
export class CurrentFault {
  readonly #clock: Clock
  readonly #onFault: OnFault
  readonly #calls = new Set<CallState>()
  #notified: SyncFault | null = null

  /** `onFault` is called whenever that changes, and with `null` once nothing hinders any call. */
  constructor(clock: Clock, onFault: OnFault) {
    this.#clock = clock
    this.#onFault = onFault
  }

  /** The state of a call that begins. `from`: that of a call of which it is a part, and whose fault it goes on from. */
  begin(from?: CallState): CallState {
    const call: CallState = new CallState(this.#clock, from?.fault ?? null, () => this.#notify())
    this.#calls.add(call)
    this.#notify()
    return call
  }

  end(call: CallState): void {
    this.#calls.delete(call)
    this.#notify()
  }

  #notify(): void {
    let oldest: SyncFault | null = null
    for (const { fault } of this.#calls) {
      if (fault !== null && (oldest === null || fault.since < oldest.since)) oldest = fault
    }
    if (oldest === this.#notified) return
    this.#notified = oldest
    this.#onFault(oldest)
  }
}

/** How one call fares, all its tries together. */
export class CallState {
  readonly #clock: Clock
  readonly #onChange: () => void
  #fault: SyncFault | null

  constructor(clock: Clock, fault: SyncFault | null, onChange: () => void) {
    this.#clock = clock
    this.#fault = fault
    this.#onChange = onChange
  }

  get fault(): SyncFault | null {
    return this.#fault
  }

  /** A try has failed; `nextTryAt` is absent where that is not known yet. */
  failed(code: ErrorCode, detail: string, nextTryAt?: Date): void {
    this.#set({ ...this.#hindered(code, detail, nextTryAt), tries: (this.#fault?.tries ?? 0) + 1 })
  }

  /** A try waits, or is waited for longer than usual; that hides no failure of the tries before. */
  waits(code: ErrorCode, detail: string, until?: Date): void {
    const { fault } = this
    const isFailure = fault !== null && fault.tries > 0
    this.#set(this.#hindered(isFailure ? fault.code : code, isFailure ? fault.detail : detail, until))
  }

  /** Nothing is waited for any more: a try goes on, or is begun. */
  goesOn(): void {
    const { fault } = this
    this.#set(fault === null || fault.tries === 0 ? null : { ...fault, nextTryAt: null })
  }

  #hindered(code: string, detail: string, until?: Date): SyncFault {
    const { since = this.#clock.now().toISOString(), tries = 0 } = this.#fault ?? {}
    return { code, detail, since, tries, nextTryAt: until?.toISOString() ?? null }
  }

  #set(fault: SyncFault | null): void {
    this.#fault = fault
    this.#onChange()
  }
}
