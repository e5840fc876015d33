import { AppError } from '../errors.ts'
import type { KeyValueStore } from '../ports/key-value-store.ts'
import { lookAt, type Schedule, scheduleFields } from './schedule.ts'
import { isScheduleId } from './schedule-id.ts'

/** The format of what is stored. A release does not touch schedules of a higher one. */
const FORMAT = 1

/** So often a schedule may change under one change of it before that is given up. */
const TRIES = 100

/** A schedule as it was read. */
export interface StoredSchedule {
  readonly schedule: Schedule
  /** What `replace` expects. */
  readonly version: string
  /** By the clock that all share who share the storage. */
  readonly now: Date
}

/**
 * Where schedules live: one entry each in a key-value store, which expires when the schedule wants to be looked at, and
 * which nobody cleans up. Methods reject as those of the store do, and with SCHEDULE_CORRUPT for one that is damaged, or
 * that a newer release has written.
 */
export class ScheduleStore {
  readonly #records: KeyValueStore
  /** Whose each is, as far as that is known: it never changes. */
  readonly #owners = new Map<string, string | null>()

  constructor(records: KeyValueStore) {
    this.#records = records
  }

  start(): Promise<void> {
    return this.#records.start()
  }

  /** Stores a new schedule; durable when it resolves. */
  async create(schedule: Schedule): Promise<void> {
    if ((await this.#records.compareAndSwap(schedule.id, undefined, toRecord(schedule))) === undefined) {
      throw new TypeError(`there is a schedule ${schedule.id} already`)
    }
    this.#owners.set(schedule.id, schedule.createdBy)
  }

  async find(id: string): Promise<StoredSchedule | undefined> {
    if (!isScheduleId(id)) return undefined
    const { value, version, now } = await this.#read(id)
    if (version === undefined) {
      this.#owners.delete(id)
      return undefined
    }
    const { data: schedule, error } = scheduleFields.safeParse(value)
    if (schedule === undefined || (value as { format?: unknown }).format !== FORMAT || schedule.id !== id) {
      throw new AppError('SCHEDULE_CORRUPT', `The record of ${id} is damaged, or of a newer release.`, { cause: error })
    }
    this.#owners.set(id, schedule.createdBy)
    return { schedule, version, now: new Date(now) }
  }

  /** The same, but `undefined` for one that is damaged too. */
  async findReadable(id: string): Promise<StoredSchedule | undefined> {
    try {
      return await this.find(id)
    } catch (error) {
      if (error instanceof AppError && error.code === 'SCHEDULE_CORRUPT') return undefined
      throw error
    }
  }

  /** Stores a change of what was read; resolves to whether nobody had changed it meanwhile. */
  async replace(next: Schedule, version: string): Promise<boolean> {
    return (await this.#records.compareAndSwap(next.id, version, toRecord(next))) !== undefined
  }

  /**
   * Stores what `transition` makes of the schedule as it is by then, however often others change it; nothing when it
   * returns `undefined` or the same schedule. Resolves to how the schedule is now, `undefined` when there is none.
   */
  async change(
    id: string,
    transition: (schedule: Schedule, now: Date) => Schedule | undefined,
  ): Promise<Schedule | undefined> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const found = await this.find(id)
      if (found === undefined) return undefined
      const next = transition(found.schedule, found.now)
      if (next === undefined || next === found.schedule) return found.schedule
      if (await this.replace(next, found.version)) return next
    }
    throw new AppError('STORAGE_UNAVAILABLE', 'The schedule is being changed by other processes.')
  }

  /** Removes the schedule if nobody has changed it since it was read; one that is damaged in any case. */
  async remove(id: string, version: string | undefined): Promise<boolean> {
    const isRemoved = await this.#records.remove(id, version)
    if (isRemoved) this.#owners.delete(id)
    return isRemoved
  }

  /** Ids of schedules that want to be looked at, those first that have waited longest. */
  due(now: Date, limit: number): Promise<readonly string[]> {
    return this.#records.expired(now, limit)
  }

  /** Ids of all schedules, newest first. */
  async ids(): Promise<readonly string[]> {
    return (await this.#records.keys()).filter(isScheduleId).reverse()
  }

  /** Ids of the schedules of this key, newest first; of all for `undefined`. Each is read once in the life of a process. */
  async idsOf(createdBy: string | null | undefined): Promise<readonly string[]> {
    const ids = await this.ids()
    if (createdBy === undefined) return ids
    const own: string[] = []
    for (const id of ids) if ((await this.ownerOf(id)) === createdBy) own.push(id)
    return own
  }

  /** Whose a schedule is; `undefined` when there is none that can be read. */
  async ownerOf(id: string): Promise<string | null | undefined> {
    const known = this.#owners.get(id)
    return known !== undefined ? known : (await this.findReadable(id))?.schedule.createdBy
  }

  async #read(id: string) {
    try {
      return await this.#records.get(id)
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause
      throw new AppError('SCHEDULE_CORRUPT', `The record of ${id} is damaged.`, { cause })
    }
  }
}

function toRecord(schedule: Schedule) {
  return { format: FORMAT, ...schedule, expiresAt: lookAt(schedule) }
}
