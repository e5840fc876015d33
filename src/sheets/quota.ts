import type { Clock } from '../ports/clock.ts'
import { readableAt } from './read-budget-rule.ts'
import { type Read, type ReadWait, WaitingReads } from './waiting-reads.ts'

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
  readonly #waiting: WaitingReads
  #lastGrant = Number.NEGATIVE_INFINITY
  #pausedUntil = Number.NEGATIVE_INFINITY
  #alarm: AbortController | undefined

  constructor({ readsPerMinute, clock }: { readonly readsPerMinute: number; readonly clock: Clock }) {
    this.#limit = readsPerMinute
    this.#clock = clock
    this.#waiting = new WaitingReads(clock, () => this.#serve())
  }

  take(wait: ReadWait): Promise<Read> {
    return this.#waiting.wait(wait)
  }

  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.monotonic() + ms)
    this.#serve()
  }

  #serve(): void {
    this.#alarm?.abort()
    this.#alarm = undefined
    for (;;) {
      const waiter = this.#waiting.next()
      if (waiter === undefined) return
      const now = this.#clock.monotonic()
      const [limit, lastGrant, pausedUntil] = [this.#limit, this.#lastGrant, this.#pausedUntil]
      const at = readableAt({ limit, taken: this.#waiting.taken, lastGrant, pausedUntil }, waiter.key, now)
      if (at > now) {
        this.#waiting.tellAll(at - now)
        if (at !== Number.POSITIVE_INFINITY) this.#wakeIn(at - now)
        return
      }
      this.#lastGrant = now
      this.#waiting.grant(waiter, () => this.#serve())
    }
  }

  #wakeIn(ms: number): void {
    const alarm = new AbortController()
    this.#alarm = alarm
    void this.#clock.sleep(Math.ceil(ms), alarm.signal).then((isDue) => {
      if (isDue && this.#alarm === alarm) this.#serve()
    })
  }
}
