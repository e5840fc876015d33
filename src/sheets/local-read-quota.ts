import type { Clock } from '../ports/clock.ts'
import { readableAt } from './read-budget-rule.ts'
import { ReadQueue } from './read-queue.ts'
import type { Read, ReadQuota, ReadRequest } from './read-quota.ts'

export interface LocalReadQuotaOptions {
  /** Reads a minute that the credential has. */
  readonly readsPerMinute: number
  readonly clock: Clock
}

/**
 * The reads a minute of one credential, shared by every sync of this process. In no 60 seconds do more than the allowed
 * number of calls reach Google, whatever the network delays: a read counts from its start until a minute after its
 * end. Of those who wait, the one that has read least goes first. Large syncs leave a small reserve and, in the second
 * half of the window's reads, keep a pace that makes them last until the next ones come back, so a newcomer finds
 * some at any time.
 */
export class LocalReadQuota implements ReadQuota {
  readonly #limit: number
  readonly #clock: Clock
  readonly #queue: ReadQueue
  #lastGrant = Number.NEGATIVE_INFINITY
  #pausedUntil = Number.NEGATIVE_INFINITY
  #timer: AbortController | undefined

  constructor({ readsPerMinute, clock }: LocalReadQuotaOptions) {
    this.#limit = readsPerMinute
    this.#clock = clock
    this.#queue = new ReadQueue(clock, () => this.#grantAll())
  }

  take(request: ReadRequest): Promise<Read> {
    return this.#queue.wait(request)
  }

  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.monotonic() + ms)
    this.#grantAll()
  }

  /** Grants every read that may be made now, and sets the timer for the next one. */
  #grantAll(): void {
    this.#timer?.abort()
    this.#timer = undefined
    for (let waiter = this.#queue.next(); waiter !== undefined; waiter = this.#queue.next()) {
      const now = this.#clock.monotonic()
      const at = this.#readableAt(waiter.key, now)
      if (at > now) {
        this.#queue.notifyAll(at - now)
        if (at !== Number.POSITIVE_INFINITY) this.#setTimer(at - now)
        return
      }
      this.#lastGrant = now
      this.#queue.grant(waiter, () => this.#grantAll())
    }
  }

  #readableAt(key: string, now: number): number {
    const [limit, lastGrant, pausedUntil] = [this.#limit, this.#lastGrant, this.#pausedUntil]
    return readableAt({ limit, taken: this.#queue.taken, lastGrant, pausedUntil }, key, now)
  }

  #setTimer(ms: number): void {
    const timer = new AbortController()
    this.#timer = timer
    void this.#clock.sleep(Math.ceil(ms), timer.signal).then((isDue) => {
      if (isDue && this.#timer === timer) this.#grantAll()
    })
  }
}
