import { AppError } from '../errors.ts'
import { ACTIVE_STATES } from '../model/sync.ts'
import type { Clock } from '../ports/clock.ts'
import { everyPage } from '../ports/paginate.ts'
import type { SyncStorage } from '../ports/sync-storage.ts'

/** Milliseconds after which other processes may have started so many that the syncs are counted anew. */
const COUNT_MEMORY_MS = 1000

/** Counting may take this share of the time at most, however many are active and however many posts are refused. */
const COUNT_SHARE = 0.1

export interface ActiveCountOptions {
  readonly storage: SyncStorage
  readonly clock: Clock
  /** How many syncs may wait to be run, of all callers together. */
  readonly maxQueued: number
  /** How many syncs of one API key may be active; none are counted without keys. */
  readonly maxActivePerKey: number
}

/** A sync that was let in. */
interface Place {
  readonly createdBy: string | null
  isCreated: boolean
}

/**
 * Says whether one more sync may be started. Syncs are counted in the storage, at most once a second while there is
 * room; until the next count each one started here counts as waiting. So one process never goes beyond a limit, and
 * several together by no more than they start between two counts.
 */
export class ActiveCount {
  readonly #options: ActiveCountOptions
  #queued = 0
  #byKey = new Map<string, number>()
  #countedAt = Number.NEGATIVE_INFINITY
  #tookMs = 0
  #counting: Promise<void> | undefined
  /** What was let in and a count may have missed: all since the last count began, and what was not yet created then. */
  readonly #places = new Set<Place>()

  constructor(options: ActiveCountOptions) {
    this.#options = options
  }

  /** Has a sync of this key created if there is room; otherwise rejects with QUEUE_FULL or TOO_MANY_ACTIVE. */
  async admit(createdBy: string | null, create: () => Promise<void>): Promise<void> {
    const age = this.#options.clock.monotonic() - this.#countedAt
    // What has finished since the last count is only seen by counting again, so a refusal is not made from memory.
    const isDue = age > COUNT_MEMORY_MS || this.#refusal(createdBy) !== undefined
    if ((isDue && age >= this.#tookMs / COUNT_SHARE) || this.#counting !== undefined) await this.#count()
    const refusal = this.#refusal(createdBy)
    if (refusal !== undefined) throw refusal
    const place: Place = { createdBy, isCreated: false }
    this.#places.add(place)
    this.#add(createdBy, 1)
    try {
      await create()
      place.isCreated = true
    } catch (error) {
      this.#places.delete(place)
      this.#add(createdBy, -1)
      throw error
    }
  }

  #add(createdBy: string | null, one: 1 | -1): void {
    this.#queued += one
    if (createdBy !== null) this.#byKey.set(createdBy, (this.#byKey.get(createdBy) ?? 0) + one)
  }

  #refusal(createdBy: string | null): AppError | undefined {
    const { maxQueued, maxActivePerKey } = this.#options
    if (createdBy !== null && (this.#byKey.get(createdBy) ?? 0) >= maxActivePerKey) {
      const detail = `The API key ${createdBy} may have ${maxActivePerKey} active syncs at a time.`
      return new AppError('TOO_MANY_ACTIVE', detail, { retryAfterSeconds: 1 })
    }
    if (this.#queued >= maxQueued) {
      return new AppError('QUEUE_FULL', `${maxQueued} syncs are waiting already.`, { retryAfterSeconds: 5 })
    }
    return undefined
  }

  #count(): Promise<void> {
    this.#counting ??= this.#countAnew().finally(() => {
      this.#counting = undefined
    })
    return this.#counting
  }

  async #countAnew(): Promise<void> {
    const { storage, clock } = this.#options
    const began = clock.monotonic()
    for (const place of this.#places) if (place.isCreated) this.#places.delete(place)
    let queued = 0
    const byKey = new Map<string, number>()
    for await (const syncs of everyPage(storage, { states: ACTIVE_STATES })) {
      for (const { state, createdBy } of syncs) {
        if (state === 'queued' || state === 'interrupted') queued += 1
        if (createdBy !== null) byKey.set(createdBy, (byKey.get(createdBy) ?? 0) + 1)
      }
    }
    this.#queued = queued
    this.#byKey = byKey
    for (const { createdBy } of this.#places) this.#add(createdBy, 1)
    this.#countedAt = clock.monotonic()
    this.#tookMs = this.#countedAt - began
  }
}
