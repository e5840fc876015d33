import type { Clock } from '../ports/clock.ts'
import { credentialOf, type Schedule, spreadsheetOf } from './schedule.ts'
import type { ScheduleStore } from './schedule-store.ts'

/** Milliseconds for which it is remembered which schedules wait for changes. */
const WATCHED_TTL_MS = 30_000

/** Milliseconds for which one count answers every scrape. */
const COUNTS_TTL_MS = 60_000

/** An active schedule that runs when its spreadsheet changes. */
export interface WatchedSchedule {
  readonly id: string
  readonly spreadsheetId: string
  /** The name of the credential whose change log tells of it. */
  readonly credential: string
}

export type ScheduleCounts = Readonly<Record<Schedule['state'], number>>

interface Overview {
  readonly counts: ScheduleCounts
  readonly watched: readonly WatchedSchedule[]
}

/** What is asked of all schedules together, damaged ones left out. Each of them is read for it, so it is remembered for a while. */
export class ScheduleOverview {
  readonly #store: ScheduleStore
  readonly #clock: Clock
  #latest: { readonly at: number; readonly overview: Promise<Overview> } | undefined
  #hasChanged = false

  constructor(store: ScheduleStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** How many schedules there are in each state, as of a minute ago at the latest. */
  async counts(): Promise<ScheduleCounts> {
    return (await this.#asOf(COUNTS_TTL_MS)).counts
  }

  /** The active schedules that run when their spreadsheet changes, as of half a minute ago at the latest. */
  async watched(): Promise<readonly WatchedSchedule[]> {
    return (await this.#asOf(this.#hasChanged ? 0 : WATCHED_TTL_MS)).watched
  }

  /** To be called when this process has changed a schedule: what waits for changes is read anew. */
  noteChange(): void {
    this.#hasChanged = true
  }

  #asOf(ttlMs: number): Promise<Overview> {
    const now = this.#clock.monotonic()
    if (this.#latest === undefined || ttlMs === 0 || now - this.#latest.at > ttlMs) {
      this.#hasChanged = false
      const overview = this.#read()
      this.#latest = { at: now, overview }
      overview.catch(() => {
        this.#latest = undefined
      })
    }
    return this.#latest.overview
  }

  async #read(): Promise<Overview> {
    const counts = { active: 0, paused: 0 }
    const watched: WatchedSchedule[] = []
    for (const id of await this.#store.ids()) {
      const schedule = (await this.#store.findReadable(id))?.schedule
      if (schedule === undefined) continue
      counts[schedule.state] += 1
      if (schedule.state !== 'active' || !schedule.onChange) continue
      watched.push({ id, spreadsheetId: spreadsheetOf(schedule), credential: credentialOf(schedule) })
    }
    return { counts, watched }
  }
}
