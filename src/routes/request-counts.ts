import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { PeriodicTask } from '../concurrency/periodic-task.ts'
import type { Clock } from '../ports/clock.ts'
import type { KeyValueStore } from '../ports/key-value-store.ts'
import type { Log } from '../ports/log.ts'

const WINDOW_MS = 60_000

/** Owners that are counted at a time; the one unseen the longest is forgotten first. */
const COUNTED_AT_MOST = 10_000

/** Milliseconds between two exchanges with the other processes. */
const EXCHANGE_INTERVAL_MS = 1000

/** An owner is told of to the others from this share of the limit on, so that those who ask little cost no exchange. */
const SHARED_FROM = 0.01

/** How often an exchange is tried that another process forestalls; the next one tells the same. */
const TRIES = 5

/** The one entry that all processes keep. */
const ENTRY = 'minute'

/** What each process has counted in one minute, by its id and then by owner. */
const sharedCounts = z.object({
  window: z.int(),
  processes: z.record(z.string(), z.record(z.string(), z.int().min(0))),
})

export interface RequestCountsOptions {
  /** Requests that one owner may make in a minute. */
  readonly limit: number
  /** Where the processes of one service exchange what they count; without it each counts for itself. */
  readonly shared?: KeyValueStore
  readonly clock: Clock
  readonly log: Log
}

/** What is known of an owner in one minute. */
interface Count {
  readonly window: number
  /** Allowed by this process. */
  own: number
  /** Allowed by the others, as far as they have told. */
  others: number
}

/** What becomes of one request. */
export interface CountedRequest {
  readonly isAllowed: boolean
  /** Requests that the owner may still make in this minute. */
  readonly remaining: number
  /** Whole seconds until the next minute begins. */
  readonly resetSeconds: number
}

/**
 * Counts the requests of each owner in windows of one minute, those of the wall clock: who has used up one window may go
 * on with the next, so that around its border twice the limit passes at the most. Requests are counted in memory and never
 * wait; about once a second the processes exchange what they have counted, each writing its own counts only, so that a
 * write that is repeated counts once. Together they let an owner pass by what is asked of them within two such exchanges,
 * or while the storage cannot be used, in which each goes on with what it knows.
 */
export class RequestCounts {
  readonly limit: number
  readonly #options: RequestCountsOptions
  readonly #counts = new LRUCache<string, Count>({ max: COUNTED_AT_MOST })
  readonly #process = randomUUID()
  readonly #exchanges: PeriodicTask
  /** Milliseconds from the monotonic clock to the wall clock: that of the storage, once it has answered, for all processes. */
  #offsetMs: number
  #isOpen = false
  #isAlone = false
  /** What was stored last, and is not stored again. */
  #stored = ''

  constructor(options: RequestCountsOptions) {
    this.limit = options.limit
    this.#options = options
    const { clock, log } = options
    this.#offsetMs = clock.now().getTime() - clock.monotonic()
    this.#exchanges = new PeriodicTask({
      clock,
      intervalMs: EXCHANGE_INTERVAL_MS,
      isDelayed: true,
      run: (signal) => this.#exchange(signal),
      onError: (error) => {
        if (!this.#isAlone) log.warn({ err: error }, 'requests cannot be counted together; this process counts its own')
        this.#isAlone = true
      },
    })
  }

  /** Begins to exchange counts. */
  start(): void {
    if (this.#options.shared !== undefined) this.#exchanges.start()
  }

  /** Resolves when no exchange is under way any more. Idempotent. */
  close(): Promise<void> {
    return this.#exchanges.stop()
  }

  /** Counts a request, unless its owner has used up the limit. */
  take(owner: string): CountedRequest {
    const now = this.#options.clock.monotonic() + this.#offsetMs
    const window = Math.floor(now / WINDOW_MS)
    let count = this.#counts.get(owner)
    // A clock that was set back goes on with the later window.
    if (count === undefined || count.window < window) {
      count = { window, own: 0, others: 0 }
      this.#counts.set(owner, count)
    }
    const isAllowed = count.own + count.others < this.limit
    if (isAllowed) count.own += 1
    return {
      isAllowed,
      remaining: Math.max(0, this.limit - count.own - count.others),
      resetSeconds: Math.ceil(((count.window + 1) * WINDOW_MS - now) / 1000),
    }
  }

  async #exchange(signal: AbortSignal): Promise<void> {
    const { shared, clock, log } = this.#options
    if (shared === undefined) return
    if (!this.#isOpen) await shared.start()
    this.#isOpen = true
    for (let tries = 0; tries < TRIES && !signal.aborted; tries++) {
      const { value, version, now } = await shared.get(ENTRY)
      if (this.#isAlone) log.info({}, 'requests are counted together again')
      this.#isAlone = false
      this.#offsetMs = now - clock.monotonic()
      const window = Math.floor(now / WINDOW_MS)
      const { data } = sharedCounts.safeParse(value)
      const processes = data?.window === window ? data.processes : {}
      this.#learn(window, processes)
      const own = this.#ownCounts(window)
      const text = JSON.stringify([window, own])
      if (own.length === 0 || text === this.#stored) return
      const next = { window, processes: { ...processes, [this.#process]: Object.fromEntries(own) } }
      if ((await shared.compareAndSwap(ENTRY, version, next)) === undefined) continue
      this.#stored = text
      return
    }
  }

  /** Takes over what the others have counted. */
  #learn(window: number, processes: Readonly<Record<string, Readonly<Record<string, number>>>>): void {
    const others = new Map<string, number>()
    for (const [process, counts] of Object.entries(processes)) {
      if (process === this.#process) continue
      for (const [owner, n] of Object.entries(counts)) others.set(owner, (others.get(owner) ?? 0) + n)
    }
    for (const [owner, n] of others) {
      const count = this.#counts.peek(owner)
      if (count === undefined || count.window < window) this.#counts.set(owner, { window, own: 0, others: n })
      else count.others = n
    }
  }

  /** What is worth telling the others. */
  #ownCounts(window: number): [owner: string, count: number][] {
    const least = Math.max(1, this.limit * SHARED_FROM)
    const counts: [string, number][] = []
    for (const [owner, count] of this.#counts.entries()) {
      if (count.window === window && count.own >= least) counts.push([owner, count.own])
    }
    return counts
  }
}
