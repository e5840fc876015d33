import pLimit, { type LimitFunction } from 'p-limit'
import { FairSemaphore } from '../concurrency/fair-semaphore.ts'
import type { Clock } from '../ports/clock.ts'

export interface AttemptLimitOptions {
  /** Attempts under way at once, of all owners together; one owner's are at most as many as stay free. */
  readonly total: number
  /** Attempts of one owner under way at once to one host that answers. */
  readonly perHost: number
  /** Attempts of one owner that begin in a second, once `burst` of them have begun sooner. */
  readonly perSecond: number
  readonly burst: number
  readonly clock: Clock
}

/**
 * Limits how many attempts are under way at once, and how many begin in a second, so that nobody's receivers hold up those
 * of another owner, nor a slow host the other hosts of its owner: a host has one attempt at a time until it has answered,
 * and again once it does not. Attempts of one host begin in the order in which they came; hosts of an owner take turns.
 */
export class AttemptLimit {
  readonly #options: AttemptLimitOptions
  readonly #places: FairSemaphore
  /** By owner and host: those with attempts under way or waiting. */
  readonly #hosts = new Map<string, LimitFunction>()
  /** By owner: when the next attempt may begin, less what may be sooner. */
  readonly #nextAt = new Map<string, number>()

  constructor(options: AttemptLimitOptions) {
    this.#options = options
    this.#places = new FairSemaphore({ permits: options.total, leavesRoom: true })
  }

  /**
   * Makes the attempt once there is room, and settles as it does; resolves without it once the signal is aborted. The
   * attempt resolves to whether the host has answered, or to `undefined` when it was not asked.
   */
  async run(
    { owner, host }: { readonly owner: string; readonly host: string },
    attempt: () => Promise<boolean | undefined>,
    signal: AbortSignal,
  ): Promise<void> {
    const key = `${owner} ${host}`
    const limit = this.#hosts.get(key) ?? pLimit(1)
    this.#hosts.set(key, limit)
    try {
      // No more than its share of one host ever waits among the others of its owner.
      await limit(async () => {
        await this.#pace(owner, signal)
        const place = await this.#places.acquire(owner, { signal })
        try {
          const hasAnswered = await attempt()
          if (hasAnswered === true) limit.concurrency = Math.min(limit.concurrency + 1, this.#options.perHost)
          if (hasAnswered === false) limit.concurrency = 1
        } finally {
          place.release()
        }
      })
    } catch (error) {
      if (error !== signal.reason) throw error
    } finally {
      if (limit.activeCount + limit.pendingCount === 0) this.#hosts.delete(key)
    }
  }

  /** The generic cell rate algorithm (ITU-T I.371): at an even pace, but for a burst after a rest. */
  async #pace(owner: string, signal: AbortSignal): Promise<void> {
    const { perSecond, burst, clock } = this.#options
    signal.throwIfAborted()
    const now = clock.monotonic()
    const intervalMs = 1000 / perSecond
    const at = Math.max(this.#nextAt.get(owner) ?? Number.NEGATIVE_INFINITY, now - (burst - 1) * intervalMs)
    this.#nextAt.set(owner, at + intervalMs)
    if (at > now) await clock.sleep(at - now, signal)
    signal.throwIfAborted()
  }
}
