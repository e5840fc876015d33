import { AppError } from '../errors.ts'
import { ACTIVE_STATES, type Sync } from '../model/sync.ts'
import type { Clock } from '../ports/clock.ts'
import { paginate, type SyncStorage } from '../ports/sync-storage.ts'
import { type Admission, Tally } from './tally.ts'

/** Seconds after which some of what is kept may have been forgotten. */
const FORGOTTEN_SECONDS = 60

export interface AdmissionLimits {
  /** How many syncs may be queued, of all callers together; an API key may have as many of them as are free. */
  readonly maxQueued: number
  /** How many syncs of one API key may be active; none are counted without keys. */
  readonly maxActivePerKey: number
  /** How many syncs of one API key may be kept, those included that have ended and are not yet forgotten; without keys in all. */
  readonly maxRecordsPerKey: number
  /** How many bytes their records may have together. */
  readonly maxRecordBytesPerKey: number
}

/** The part of the room that syncs may fill for which nobody waits. */
const BACKGROUND_SHARE = 0.5

/** What is asked of a sync before it is created. */
type NewcomerSync = Pick<Sync, 'createdBy' | 'background'>

interface AdmissionControlOptions extends AdmissionLimits {
  readonly storage: SyncStorage
  readonly clock: Clock
}

/** Admits new syncs while few enough are queued, active and kept; see {@link Tally} for how exactly. */
export class AdmissionControl {
  readonly #options: AdmissionControlOptions
  readonly #active: ActiveTally
  /** By API key; there are no more than are set. */
  readonly #kept = new Map<string | null, KeptTally>()

  constructor(options: AdmissionControlOptions) {
    this.#options = options
    this.#active = new ActiveTally(options)
  }

  /**
   * Has a sync created if there is room for one more of its key; otherwise rejects with QUEUE_FULL, TOO_MANY_ACTIVE or
   * TOO_MANY_KEPT. One for which nobody waits finds half of the room, so that the other half stays for those that
   * somebody waits for.
   */
  async admit({ createdBy, background }: NewcomerSync, create: () => Promise<void>): Promise<void> {
    const kept = this.#keptOf(createdBy)
    const share = background ? BACKGROUND_SHARE : 1
    await Promise.all([
      this.#active.refresh(this.#active.refusal(createdBy, share) !== undefined),
      kept.refresh(kept.refusal() !== undefined),
    ])
    const refusal = this.#active.refusal(createdBy, share) ?? kept.refusal()
    if (refusal !== undefined) throw refusal
    const admission: Admission = { createdBy, isCreated: false }
    const tallies = [this.#active, kept]
    for (const tally of tallies) tally.admit(admission)
    try {
      await create()
      admission.isCreated = true
    } catch (error) {
      for (const tally of tallies) tally.dismiss(admission)
      throw error
    }
  }

  #keptOf(createdBy: string | null): KeptTally {
    const known = this.#kept.get(createdBy)
    if (known !== undefined) return known
    const kept = new KeptTally(this.#options, createdBy)
    this.#kept.set(createdBy, kept)
    return kept
  }
}

/** The syncs that have not ended, of everybody. */
class ActiveTally extends Tally {
  readonly #options: AdmissionControlOptions
  #queued = 0
  #queuedByKey = new Map<string, number>()
  #activeByKey = new Map<string, number>()

  constructor(options: AdmissionControlOptions) {
    super(options.clock)
    this.#options = options
  }

  /** `share`: of the room that there is. */
  refusal(createdBy: string | null, share: number): AppError | undefined {
    const maxQueued = Math.ceil(this.#options.maxQueued * share)
    const maxActivePerKey = Math.ceil(this.#options.maxActivePerKey * share)
    if (createdBy !== null && (this.#activeByKey.get(createdBy) ?? 0) >= maxActivePerKey) {
      const detail = `The API key ${createdBy} may have ${maxActivePerKey} active syncs at a time.`
      return new AppError('TOO_MANY_ACTIVE', detail, { retryAfterSeconds: 1 })
    }
    const free = maxQueued - this.#queued
    if (free <= 0) {
      return new AppError('QUEUE_FULL', `${maxQueued} syncs are waiting already.`, { retryAfterSeconds: 5 })
    }
    // As SharedPlaces does it: whoever comes next finds some that are free.
    const own = createdBy === null ? 0 : (this.#queuedByKey.get(createdBy) ?? 0)
    if (own < free) return undefined
    const detail = `${own} syncs of the API key ${createdBy} are waiting; the other ${free} places are for other keys.`
    return new AppError('QUEUE_FULL', detail, { retryAfterSeconds: 5 })
  }

  protected async count(): Promise<void> {
    let queued = 0
    const queuedByKey = new Map<string, number>()
    const activeByKey = new Map<string, number>()
    for await (const { state, createdBy } of paginate(this.#options.storage, { states: ACTIVE_STATES })) {
      const isQueued = state === 'queued' || state === 'interrupted'
      if (isQueued) queued += 1
      if (createdBy === null) continue
      addTo(activeByKey, createdBy, 1)
      if (isQueued) addTo(queuedByKey, createdBy, 1)
    }
    this.#queued = queued
    this.#queuedByKey = queuedByKey
    this.#activeByKey = activeByKey
  }

  protected add({ createdBy }: Admission, one: 1 | -1): void {
    this.#queued += one
    if (createdBy === null) return
    addTo(this.#activeByKey, createdBy, one)
    addTo(this.#queuedByKey, createdBy, one)
  }
}

/** What the storage keeps of the syncs of one API key. */
class KeptTally extends Tally {
  readonly #options: AdmissionControlOptions
  readonly #createdBy: string | null
  #records = 0
  #bytes = 0
  /** Bytes that another record will have. */
  #mean = 0

  constructor(options: AdmissionControlOptions, createdBy: string | null) {
    super(options.clock)
    this.#options = options
    this.#createdBy = createdBy
  }

  refusal(): AppError | undefined {
    const { maxRecordsPerKey, maxRecordBytesPerKey } = this.#options
    const whose = this.#createdBy === null ? '' : ` of the API key ${this.#createdBy}`
    if (this.#records >= maxRecordsPerKey) {
      return tooManyKept(`${maxRecordsPerKey} syncs${whose} are kept already.`, 'MAX_RECORDS_PER_KEY')
    }
    if (this.#bytes < maxRecordBytesPerKey) return undefined
    const megabytes = Math.round(this.#bytes / 1_000_000)
    return tooManyKept(`The records of the syncs${whose} have ${megabytes} MB already.`, 'MAX_RECORD_BYTES_PER_KEY')
  }

  protected async count(): Promise<void> {
    const { storage, clock } = this.#options
    const { records, bytes } = await storage.usage(this.#createdBy, clock.now())
    this.#records = records
    this.#bytes = bytes
    this.#mean = records === 0 ? 0 : bytes / records
  }

  protected add(_: Admission, one: 1 | -1): void {
    this.#records += one
    this.#bytes += one * this.#mean
  }
}

function tooManyKept(detail: string, setting: string): AppError {
  return new AppError('TOO_MANY_KEPT', detail, {
    retryAfterSeconds: FORGOTTEN_SECONDS,
    hint: `Wait until finished syncs are forgotten (STATUS_TTL; 7 days while a webhook cannot be delivered), or DELETE some; the operator may raise ${setting}.`,
  })
}

function addTo(counts: Map<string, number>, key: string, one: 1 | -1): void {
  counts.set(key, (counts.get(key) ?? 0) + one)
}
