import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { Heartbeats } from '../concurrency/heartbeats.ts'
import type { Clock } from '../ports/clock.ts'
import type { KeyValueStore } from '../ports/key-value-store.ts'
import { readEntry } from '../ports/read-entry.ts'

/** Milliseconds between two heartbeats, and two looks of those who wait for the lease. */
export const LEASE_BEAT_MS = 2000

/** Milliseconds for which the same heartbeat must have been seen before the holder counts as dead, in so many looks. */
const DEAD_AFTER = { timeoutMs: 10_000, looksNeeded: 4, gapMs: 5000 }

const holder = z.object({ holder: z.string() })

/**
 * Who polls for one credential: at most one process, but for a moment after one that was stopped wakes up, which the
 * compare-and-swap of the page tokens ends. As with the leases of syncs, a holder is dead by what others observed of its
 * heartbeats on their own monotonic clock, or when its process is known to have ended.
 */
export class PollingLease {
  readonly #signals: KeyValueStore
  readonly #claimKey: string
  readonly #beatKey: string
  readonly #self = randomUUID()
  #claim: string | undefined
  readonly #heartbeats: Heartbeats

  constructor(signals: KeyValueStore, clock: Clock, credential: string) {
    this.#signals = signals
    this.#heartbeats = new Heartbeats(clock, DEAD_AFTER)
    this.#claimKey = `${credential}-poller`
    this.#beatKey = `${credential}-beat`
  }

  /** Claims or renews the lease; resolves to whether it is ours. To be called every {@link LEASE_BEAT_MS}. */
  async hold(): Promise<boolean> {
    const { value, version, writerIsGone } = await readEntry(this.#signals, this.#claimKey)
    const isOurs = holder.safeParse(value).data?.holder === this.#self
    if (!isOurs) {
      this.#claim = undefined
      const isFree = version === undefined || writerIsGone || (await this.#isHolderDead(version))
      if (!isFree) return false
      const claim = await this.#signals.compareAndSwap(this.#claimKey, version, { holder: this.#self })
      if (claim === undefined) return false
      this.#claim = claim
    } else {
      this.#claim = version
    }
    this.#heartbeats.forget()
    await this.#signals.put(this.#beatKey, { holder: this.#self })
    return true
  }

  /** Lets another process have it at once. */
  async release(): Promise<void> {
    const claim = this.#claim
    this.#claim = undefined
    if (claim !== undefined) await this.#signals.remove(this.#claimKey, claim)
  }

  async #isHolderDead(claim: string): Promise<boolean> {
    const { version } = await readEntry(this.#signals, this.#beatKey)
    return this.#heartbeats.standsStill('holder', `${claim}:${version ?? 'none'}`)
  }
}
