import { AppError } from '../errors.ts'
import { ACTIVE_STATES } from '../model/sync.ts'
import type { Clock } from '../ports/clock.ts'
import { paginate, type SyncStorage } from '../ports/sync-storage.ts'

/** Milliseconds after which other processes may have started so many that the syncs are counted anew. */
const COUNT_TTL_MS = 1000

/** Counting may take this share of the time at most, however many are active and however many posts are refused. */
const COUNT_SHARE = 0.1

interface AdmissionControlOptions {
  readonly storage: SyncStorage
  readonly clock: Clock
  /** How many syncs may be queued, of all callers together. */
  readonly maxQueued: number
  /** How many syncs of one API key may be active; none are counted without keys. */
  readonly maxActivePerKey: number
}

/** A sync that was admitted. */
interface Admission {
  readonly createdBy: string | null
  isCreated: boolean
}

/**
 * Admits new syncs while few enough are queued or active. Syncs are counted in the storage, at most once a second while
 * there is room; until the next count each one admitted here counts as queued. So one process never goes beyond a limit,
 * and several together by no more than they admit between two counts.
 */
export class AdmissionControl {
  readonly #options: AdmissionControlOptions
  #queued = 0
  #activeByKey = new Map<string, number>()
  #countedAt = Number.NEGATIVE_INFINITY
  #tookMs = 0
  #counting: Promise<void> | undefined
  /** What a count may have missed: all that was admitted since the last one began, or was not yet created then. */
  readonly #uncounted = new Set<Admission>()

  constructor(options: AdmissionControlOptions) {
    this.#options = options
  }

  /** Has a sync of this key created if there is room; otherwise rejects with QUEUE_FULL or TOO_MANY_ACTIVE. */
  async admit(createdBy: string | null, create: () => Promise<void>): Promise<void> {
    const age = this.#options.clock.monotonic() - this.#countedAt
    // What has finished since the last count is only seen by counting again, so a stale count refuses nobody.
    const isDue = age > COUNT_TTL_MS || this.#refusal(createdBy) !== undefined
    if ((isDue && age >= this.#tookMs / COUNT_SHARE) || this.#counting !== undefined) {
      this.#counting ??= this.#count().finally(() => {
        this.#counting = undefined
      })
      await this.#counting
    }
    const refusal = this.#refusal(createdBy)
    if (refusal !== undefined) throw refusal
    const admission: Admission = { createdBy, isCreated: false }
    this.#uncounted.add(admission)
    this.#add(createdBy, 1)
    try {
      await create()
      admission.isCreated = true
    } catch (error) {
      this.#uncounted.delete(admission)
      this.#add(createdBy, -1)
      throw error
    }
  }

  #add(createdBy: string | null, one: 1 | -1): void {
    this.#queued += one
    if (createdBy !== null) this.#activeByKey.set(createdBy, (this.#activeByKey.get(createdBy) ?? 0) + one)
  }

  #refusal(createdBy: string | null): AppError | undefined {
    const { maxQueued, maxActivePerKey } = this.#options
    if (createdBy !== null && (this.#activeByKey.get(createdBy) ?? 0) >= maxActivePerKey) {
      const detail = `The API key ${createdBy} may have ${maxActivePerKey} active syncs at a time.`
      return new AppError('TOO_MANY_ACTIVE', detail, { retryAfterSeconds: 1 })
    }
    if (this.#queued >= maxQueued) {
      return new AppError('QUEUE_FULL', `${maxQueued} syncs are waiting already.`, { retryAfterSeconds: 5 })
    }
    return undefined
  }

  async #count(): Promise<void> {
    const { storage, clock } = this.#options
    const began = clock.monotonic()
    for (const admission of this.#uncounted) if (admission.isCreated) this.#uncounted.delete(admission)
    let queued = 0
    const activeByKey = new Map<string, number>()
    for await (const { state, createdBy } of paginate(storage, { states: ACTIVE_STATES })) {
      if (state === 'queued' || state === 'interrupted') queued += 1
      if (createdBy !== null) activeByKey.set(createdBy, (activeByKey.get(createdBy) ?? 0) + 1)
    }
    this.#queued = queued
    this.#activeByKey = activeByKey
    for (const { createdBy } of this.#uncounted) this.#add(createdBy, 1)
    this.#countedAt = clock.monotonic()
    this.#tookMs = this.#countedAt - began
  }
}
