import { AppError } from '../errors.ts'
import { isTerminal, type Sync } from '../model/sync.ts'
import { newSyncId } from '../model/sync-id.ts'
import { normalizeRequest } from '../model/sync-request.ts'
import type { Clock } from '../ports/clock.ts'
import type { SyncStorage } from '../ports/sync-storage.ts'
import { type Caller, mayRead } from '../syncs/caller.ts'
import { requireRevision } from '../syncs/expected-revision.ts'
import type { SyncService } from '../syncs/sync-service.ts'
import type { DebounceLimits } from './change-debounce.ts'
import {
  bodyOf,
  createSchedule,
  lastSyncOf,
  pauseSchedule,
  resumeSchedule,
  reviseSchedule,
  type Schedule,
  spreadsheetOf,
} from './schedule.ts'
import { type ScheduleBody, type ScheduleRules, scheduleBody } from './schedule-body.ts'
import { isScheduleId, newScheduleId } from './schedule-id.ts'
import { ScheduleOverview } from './schedule-overview.ts'
import type { ScheduleStore } from './schedule-store.ts'
import { type EndRules, noteChanged, noteSync } from './schedule-ticks.ts'

/** Schedules that are looked through for one page, at most, when its caller may see few of them. */
const LOOKED_THROUGH = 1000

export interface ScheduleServiceOptions {
  readonly store: ScheduleStore
  readonly service: SyncService
  readonly storage: Pick<SyncStorage, 'get'>
  readonly clock: Clock
  readonly rules: Omit<ScheduleRules, 'now'>
  readonly ends: EndRules
  /** How long a change of a spreadsheet waits for others. */
  readonly debounce: DebounceLimits
  /** How many schedules one key may have; without keys all together. */
  readonly maxPerKey: number
}

export interface SchedulePage {
  readonly schedules: readonly Schedule[]
  readonly nextPageToken?: string
}

/**
 * What users do with schedules. Every method rejects with an AppError that can be shown to them; a schedule that the caller
 * may not see is treated as absent.
 */
export class ScheduleService {
  readonly #options: ScheduleServiceOptions
  /** What the body of a schedule may be, for whoever checks one. */
  readonly body: ReturnType<typeof scheduleBody>
  readonly overview: ScheduleOverview

  constructor(options: ScheduleServiceOptions) {
    this.#options = options
    this.overview = new ScheduleOverview(options.store, options.clock)
    this.body = scheduleBody({ ...options.rules, now: () => options.clock.now() })
  }

  /** Records a schedule durably. Rejects with what `requireStartable` does or TOO_MANY_SCHEDULES where the caller may not have it. */
  async create(body: ScheduleBody, caller: Caller): Promise<Schedule> {
    const { store, service, clock, maxPerKey } = this.#options
    await service.requireStartable(normalizeRequest(body.request), caller)
    if ((await store.idsOf(caller.name)).length >= maxPerKey) {
      const whose = caller.name === null ? '' : ` of the API key ${caller.name}`
      throw new AppError('TOO_MANY_SCHEDULES', `${maxPerKey} schedules${whose} are kept already.`)
    }
    const schedule = createSchedule({ id: newScheduleId(), body, createdBy: caller.name }, clock.now())
    await store.create(schedule)
    this.overview.noteChange()
    return schedule
  }

  /** The schedule, with its latest sync as it stands now. */
  async find(id: string, caller: Caller): Promise<Schedule> {
    return this.#withLatest((await this.#find(id, caller)).schedule)
  }

  /**
   * One page of what the caller may see, newest first. It may hold fewer than asked for, though more follow. Damaged
   * schedules are left out.
   */
  async list(
    {
      pageSize,
      pageToken,
      spreadsheetId,
    }: {
      readonly pageSize: number
      readonly pageToken?: string | undefined
      readonly spreadsheetId?: string | undefined
    },
    caller: Caller,
  ): Promise<SchedulePage> {
    const { store } = this.#options
    const after = readToken(pageToken)
    const own = await store.idsOf(caller.seesAll ? undefined : caller.name)
    const ids = after === undefined ? own : own.filter((id) => id < after)
    const schedules: Schedule[] = []
    for (const [looked, id] of ids.entries()) {
      if (schedules.length === pageSize || looked === LOOKED_THROUGH) {
        return { schedules, nextPageToken: toToken(ids[looked - 1] ?? id) }
      }
      const schedule = (await store.findReadable(id))?.schedule
      if (schedule === undefined || !maySeeSchedule(caller, schedule)) continue
      if (spreadsheetId !== undefined && spreadsheetOf(schedule) !== spreadsheetId) continue
      schedules.push(await this.#withLatest(schedule))
    }
    return { schedules }
  }

  /**
   * Changes a schedule into what `revise` makes of its body, if its revision is one of these where some are given. It goes
   * on belonging to whom it belonged.
   */
  async revise(
    id: string,
    caller: Caller,
    revise: (body: ScheduleBody) => ScheduleBody,
    ifRevisions?: readonly number[],
  ): Promise<Schedule> {
    return this.#change(id, caller, ifRevisions, async (schedule, now) => {
      const body = revise(bodyOf(schedule))
      await this.#options.service.requireStartable(normalizeRequest(body.request), caller)
      return reviseSchedule(schedule, body, now)
    })
  }

  pause(id: string, caller: Caller): Promise<Schedule> {
    const why = { reason: 'user', code: null, message: 'Somebody paused it.' } as const
    return this.#change(id, caller, undefined, (schedule, now) => pauseSchedule(schedule, why, now))
  }

  resume(id: string, caller: Caller): Promise<Schedule> {
    return this.#change(id, caller, undefined, resumeSchedule)
  }

  /** Removes a schedule. Its syncs stay, and go on. */
  async remove(id: string, caller: Caller, ifRevisions?: readonly number[]): Promise<void> {
    const { store } = this.#options
    for (;;) {
      const found = await this.#findToRemove(id, caller)
      if (found !== undefined) requireRevision('schedule', found.schedule.revision, ifRevisions)
      if (!(await store.remove(id, found?.version))) continue
      this.overview.noteChange()
      return
    }
  }

  /** Starts the sync of a schedule now, paused or not, for whoever asks: as one that somebody waits for. */
  async run(id: string, caller: Caller): Promise<Sync> {
    const { store, service, ends } = this.#options
    const { schedule, now } = await this.#find(id, caller)
    const tick = now.toISOString()
    const syncId = newSyncId()
    // It belongs to whom the schedule belongs, as a retry does.
    const owner: Caller = { ...caller, name: schedule.createdBy }
    const run = { scheduleId: id, tick, background: false }
    const body = this.#checkedRequest(schedule)
    const sync = await service.start({ ...body, ifActive: 'join' }, owner, { id: syncId, run })
    await store.change(id, (latest, at) => noteSync(latest, sync, { tick, joined: sync.id !== syncId }, at, ends))
    return sync
  }

  /**
   * Notes that the spreadsheet of these schedules has changed, by `at`; each that is active and has `onChange` runs once no
   * other change has come for a while. Ids that are none any more are passed over.
   */
  async noteChange(ids: readonly string[], at: Date, version: string | null = null): Promise<void> {
    const { store, debounce } = this.#options
    for (const id of ids) await store.change(id, (one, now) => noteChanged(one, { at, version }, now, debounce))
  }

  #checkedRequest(schedule: Schedule): ScheduleBody['request'] {
    return this.body.shape.request.parse(schedule.request)
  }

  async #change(
    id: string,
    caller: Caller,
    ifRevisions: readonly number[] | undefined,
    transition: (schedule: Schedule, now: Date) => Schedule | Promise<Schedule>,
  ): Promise<Schedule> {
    const { store } = this.#options
    for (;;) {
      const { schedule, version, now } = await this.#find(id, caller)
      requireRevision('schedule', schedule.revision, ifRevisions)
      const next = await transition(schedule, now)
      if (next !== schedule && !(await store.replace(next, version))) continue
      this.overview.noteChange()
      return this.#withLatest(next)
    }
  }

  async #find(id: string, caller: Caller) {
    const found = await this.#options.store.find(id)
    if (found !== undefined && maySeeSchedule(caller, found.schedule)) return found
    throw notFound(id)
  }

  /** A damaged one belongs to nobody: whoever sees all may remove it. */
  async #findToRemove(id: string, caller: Caller) {
    try {
      return await this.#find(id, caller)
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'SCHEDULE_CORRUPT') throw error
      if (caller.seesAll) return undefined
      throw notFound(id)
    }
  }

  /** What is noted of the latest sync may be some seconds behind. */
  async #withLatest(schedule: Schedule): Promise<Schedule> {
    const { lastSync } = schedule
    if (lastSync === null || lastSync.finishedAt !== null) return schedule
    const sync = await this.#options.storage.get(lastSync.id).catch(() => undefined)
    if (sync === undefined || sync.state === lastSync.state) return schedule
    const lastSuccess =
      isTerminal(sync) && sync.state === 'succeeded'
        ? { id: sync.id, finishedAt: sync.finishedAt }
        : schedule.lastSuccess
    return { ...schedule, lastSync: lastSyncOf(sync, lastSync.tick, lastSync.joined), lastSuccess }
  }
}

function maySeeSchedule(caller: Caller, schedule: Schedule): boolean {
  return (caller.seesAll || schedule.createdBy === caller.name) && mayRead(caller, spreadsheetOf(schedule))
}

function notFound(id: string): AppError {
  return new AppError('SCHEDULE_NOT_FOUND', `No schedule has the id ${id}.`)
}

function toToken(id: string): string {
  return Buffer.from(id).toString('base64url')
}

function readToken(token: string | undefined): string | undefined {
  if (token === undefined) return undefined
  const id = Buffer.from(token, 'base64url').toString('latin1')
  if (isScheduleId(id) && toToken(id) === token) return id
  throw new AppError('PAGE_TOKEN_INVALID', 'The page token was not given out for this list.')
}
