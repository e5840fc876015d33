import type { Clock } from '../ports/clock.ts'
import { type ReadState, WINDOW_MS } from './read-budget-rule.ts'

/** One read that may be made now. */
export interface Read {
  /** Tells that Google has answered (or never will): from now on the read costs one window more. Call it once. */
  done(): void
}

export interface ReadWait {
  /** Who reads; reads are shared out evenly between keys. */
  readonly key: string
  readonly signal: AbortSignal
  /** Told when the wait will end, as far as is known; and `undefined` once it has. Not called for a read that is free. */
  onWait?(until: Date | undefined): void
}

interface Waiter extends ReadWait {
  readonly resolve: (read: Read) => void
  isTold: boolean
}

/** Those in this process who wait for a read, and what was read in this window. When one may read is for others to say. */
export class WaitingReads {
  readonly #clock: Clock
  readonly #onChange: () => void
  readonly #waiting: Waiter[] = []
  /** Reads under way or done less than a window ago; `until` is when each is free again. */
  #taken: { readonly key: string; until: number }[] = []

  /** `onChange` is called whenever somebody has come to wait, or has left. */
  constructor(clock: Clock, onChange: () => void) {
    this.#clock = clock
    this.#onChange = onChange
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Oldest first; without those that had ended when {@link next} was last called. */
  get taken(): ReadState['taken'] {
    return this.#taken
  }

  /** Resolves when the read is granted; rejects with the signal's reason once that is aborted. */
  async wait(wait: ReadWait): Promise<Read> {
    wait.signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        ...wait,
        isTold: false,
        resolve: (read) => {
          wait.signal.removeEventListener('abort', leave)
          resolve(read)
        },
      }
      const leave = () => {
        const at = this.#waiting.indexOf(waiter)
        if (at >= 0) this.#waiting.splice(at, 1)
        reject(wait.signal.reason)
        this.#onChange()
      }
      wait.signal.addEventListener('abort', leave, { once: true })
      this.#waiting.push(waiter)
      this.#onChange()
    })
  }

  /** Of those who wait, the one that read least in this window; the first to come among equals. */
  next(): Waiter | undefined {
    const now = this.#clock.monotonic()
    this.#taken = this.#taken.filter(({ until }) => until > now)
    const used = Map.groupBy(this.#taken, ({ key }) => key)
    let best: Waiter | undefined
    let least = Number.POSITIVE_INFINITY
    for (const waiter of this.#waiting) {
      const count = used.get(waiter.key)?.length ?? 0
      if (count < least) [best, least] = [waiter, count]
    }
    return best
  }

  /** Lets one who waits read. `onDone` is called when that read is done. */
  grant(waiter: Waiter, onDone: () => void): void {
    this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
    const read = { key: waiter.key, until: Number.POSITIVE_INFINITY }
    this.#taken.push(read)
    if (waiter.isTold) waiter.onWait?.(undefined)
    waiter.resolve({
      done: () => {
        read.until = this.#clock.monotonic() + WINDOW_MS
        onDone()
      },
    })
  }

  /** Tells all who wait for how many milliseconds they will, as far as is known. */
  tellAll(ms: number): void {
    const until = new Date(this.#clock.now().getTime() + Math.min(ms, WINDOW_MS))
    for (const waiter of [...this.#waiting]) {
      waiter.isTold = true
      waiter.onWait?.(until)
    }
  }
}
