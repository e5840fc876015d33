import type { Clock } from '../ports/clock.ts'
import { WINDOW_MS } from './read-budget-rule.ts'
import type { Read, ReadRequest } from './read-quota.ts'

interface Waiter extends ReadRequest {
  readonly resolve: (read: Read) => void
  isNotified: boolean
}

/** A read under way or done less than a window ago; `until` is when it is free again. */
interface TakenRead {
  readonly key: string
  until: number
}

/** Those in this process who wait for a read, and what was read in this window. A quota decides when one may read. */
export class ReadQueue {
  readonly #clock: Clock
  readonly #onChange: () => void
  readonly #waiting: Waiter[] = []
  #taken: TakenRead[] = []

  /** `onChange` is called whenever somebody has begun to wait, or has left. */
  constructor(clock: Clock, onChange: () => void) {
    this.#clock = clock
    this.#onChange = onChange
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Oldest first; without those that had ended when {@link next} was last called. */
  get taken(): readonly TakenRead[] {
    return this.#taken
  }

  /** Resolves when the read is granted; rejects with the signal's reason once that is aborted. */
  async wait(request: ReadRequest): Promise<Read> {
    const { signal } = request
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<Read>()
    const waiter: Waiter = { ...request, isNotified: false, resolve }
    const leave = () => {
      const at = this.#waiting.indexOf(waiter)
      if (at >= 0) this.#waiting.splice(at, 1)
      reject(signal.reason)
      this.#onChange()
    }
    signal.addEventListener('abort', leave, { once: true })
    this.#waiting.push(waiter)
    this.#onChange()
    return promise.finally(() => signal.removeEventListener('abort', leave))
  }

  /** Of those who wait, the one that read least in this window; the first to come among equals. */
  next(): Waiter | undefined {
    const now = this.#clock.monotonic()
    this.#taken = this.#taken.filter(({ until }) => until > now)
    const used = Map.groupBy(this.#taken, ({ key }) => key)
    const readsOf = ({ key }: Waiter) => used.get(key)?.length ?? 0
    return this.#waiting.reduce<Waiter | undefined>(
      (best, waiter) => (best === undefined || readsOf(waiter) < readsOf(best) ? waiter : best),
      undefined,
    )
  }

  /** Lets one who waits read. `onDone` is called when that read is done. */
  grant(waiter: Waiter, onDone: () => void): void {
    this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
    const read = { key: waiter.key, until: Number.POSITIVE_INFINITY }
    this.#taken.push(read)
    if (waiter.isNotified) waiter.onWait?.(undefined)
    waiter.resolve({
      done: () => {
        read.until = this.#clock.monotonic() + WINDOW_MS
        onDone()
      },
    })
  }

  /** Notifies all who wait for how many milliseconds they will, as far as is known. */
  notifyAll(ms: number): void {
    const until = new Date(this.#clock.now().getTime() + Math.min(ms, WINDOW_MS))
    for (const waiter of [...this.#waiting]) {
      waiter.isNotified = true
      waiter.onWait?.(until)
    }
  }
}
