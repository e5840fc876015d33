import type { Clock } from '../clock.ts'
import { readableAt, WINDOW_MS } from './read-pace.ts'

export interface ReadQuotaOptions {
  /** Reads a minute that the credential has. */
  readonly readsPerMinute: number
  readonly clock: Clock
}

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

/** The reads a minute of one credential, as a download takes them. */
export interface Quota {
  /** Resolves when one read may be made; rejects with the signal's reason once that is aborted. */
  take(wait: ReadWait): Promise<Read>
  /** Holds back every read of this credential for so long: Google has said that it has had enough. */
  pause(ms: number): void
}

/**
 * The reads a minute of one credential, shared by every sync that uses it. In no 60 seconds do more than the allowed
 * number of calls reach Google, whatever the network delays: a read counts from its start until a minute after its
 * end. Of those who wait, the one that has read least goes first. Large syncs leave a small reserve and, in the second
 * half of the window's reads, keep a pace that makes them last until the next ones come back, so a newcomer finds
 * some at any time.
 */
export class ReadQuota implements Quota {
  readonly #limit: number
  readonly #clock: Clock
  readonly #waiting: Waiter[] = []
  /** Reads under way or done less than a window ago, oldest first; `until` is when they are free again. */
  #taken: { readonly key: string; until: number }[] = []
  #lastGrant = Number.NEGATIVE_INFINITY
  #pausedUntil = Number.NEGATIVE_INFINITY
  #alarm: AbortController | undefined

  constructor({ readsPerMinute, clock }: ReadQuotaOptions) {
    this.#limit = readsPerMinute
    this.#clock = clock
  }

  async take(wait: ReadWait): Promise<Read> {
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
        this.#serve()
      }
      wait.signal.addEventListener('abort', leave, { once: true })
      this.#waiting.push(waiter)
      this.#serve()
    })
  }

  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.monotonic() + ms)
    this.#serve()
  }

  #serve(): void {
    this.#alarm?.abort()
    this.#alarm = undefined
    for (;;) {
      const now = this.#clock.monotonic()
      this.#taken = this.#taken.filter(({ until }) => until > now)
      const waiter = this.#next()
      if (waiter === undefined) return
      const at = this.#servedAt(waiter.key, now)
      if (at > now) {
        this.#tellAll(at - now)
        if (at !== Number.POSITIVE_INFINITY) this.#wakeIn(at - now)
        return
      }
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
      this.#grant(waiter, now)
    }
  }

  /** Of those who wait, the one that read least in this window; the first to come among equals. */
  #next(): Waiter | undefined {
    let best: Waiter | undefined
    let least = Number.POSITIVE_INFINITY
    const used = Map.groupBy(this.#taken, ({ key }) => key)
    for (const waiter of this.#waiting) {
      const count = used.get(waiter.key)?.length ?? 0
      if (count < least) [best, least] = [waiter, count]
    }
    return best
  }

  #servedAt(key: string, now: number): number {
    const [limit, taken, lastGrant, pausedUntil] = [this.#limit, this.#taken, this.#lastGrant, this.#pausedUntil]
    return readableAt({ limit, taken, lastGrant, pausedUntil }, key, now)
  }

  #grant(waiter: Waiter, now: number): void {
    const read = { key: waiter.key, until: Number.POSITIVE_INFINITY }
    this.#taken.push(read)
    this.#lastGrant = now
    if (waiter.isTold) waiter.onWait?.(undefined)
    waiter.resolve({
      done: () => {
        read.until = this.#clock.monotonic() + WINDOW_MS
        this.#serve()
      },
    })
  }

  #tellAll(ms: number): void {
    const until = new Date(this.#clock.now().getTime() + Math.min(ms, WINDOW_MS))
    for (const waiter of this.#waiting) {
      waiter.isTold = true
      waiter.onWait?.(until)
    }
  }

  #wakeIn(ms: number): void {
    const alarm = new AbortController()
    this.#alarm = alarm
    this.#clock.sleep(Math.ceil(ms), alarm.signal).then(
      () => {
        if (this.#alarm === alarm) this.#serve()
      },
      (reason: unknown) => {
        if (reason !== alarm.signal.reason) throw reason
      },
    )
  }
}
