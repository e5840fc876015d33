import { setImmediate } from 'node:timers/promises'
import pMap from 'p-map'
import { PeriodicTask } from '../concurrency/periodic-task.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { ScheduleStore } from '../schedules/schedule-store.ts'
import { SET_BACK_MS } from '../schedules/schedule-ticks.ts'
import type { TickRuns } from '../schedules/tick-runs.ts'

/** Milliseconds between two looks for what is due, so by how much a run may be late when there is little to do. */
const LOOK_INTERVAL_MS = 1000

/** Schedules that one pass works off, and how many of them at once. */
const BATCH = 50
const AT_ONCE = 4

/** Due schedules that are looked at to choose a batch from, so that one owner's do not go before all others'. */
const LOOKED_AT = 200

/** Milliseconds for which a schedule is left alone whose record could not be worked with. */
const FAULT_MS = 30_000

export interface SchedulerOptions {
  readonly store: ScheduleStore
  readonly runs: TickRuns
  readonly notices: { notify(id: string): void }
  readonly clock: Clock
  readonly log: Log
}

/**
 * Looks every second for schedules that are due and works them off, a batch at a time: while more are due it works for no
 * more than half of the time, so whatever else the process does goes on. Any number of processes may do so side by side, as
 * each run is claimed by a compare-and-swap.
 */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #task: PeriodicTask
  /** Until when, by the monotonic clock, a schedule is left alone. */
  readonly #faulty = new Map<string, number>()
  /** Milliseconds from the monotonic clock to the wall clock at the latest pass; absent before the first. */
  #clockOffset: number | undefined
  #isBusy = false

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#task = new PeriodicTask({
      clock: options.clock,
      intervalMs: (tookMs) => (this.#isBusy ? tookMs : LOOK_INTERVAL_MS),
      run: (signal) => this.#pass(signal),
      onError: (error) => options.log.error({ err: error }, 'a look for schedules that are due failed; it is repeated'),
    })
  }

  start(): void {
    this.#task.start()
  }

  /** Begins no more runs; resolves when those under way are settled. Idempotent. */
  async close(): Promise<void> {
    await this.#task.stop()
    await this.#options.runs.close()
  }

  async #pass(signal: AbortSignal): Promise<void> {
    const { store, runs, clock, log } = this.#options
    this.#isBusy = false
    const isFirst = this.#clockOffset === undefined
    if (this.#wasSetBack()) {
      if (!isFirst) log.warn({}, 'the wall clock was set back: when schedules run next is reckoned anew')
      await runs.reckonAnew(signal)
    }
    const due = await store.due(clock.now(), LOOKED_AT + this.#faulty.size)
    const batch = await this.#chosen(due)
    await pMap(batch, (id) => this.#work(id, signal), { concurrency: AT_ONCE })
    this.#isBusy = due.length > batch.length + this.#faulty.size
  }

  async #work(id: string, signal: AbortSignal): Promise<void> {
    const { runs, notices, clock, log } = this.#options
    if (signal.aborted) return
    try {
      const { noticeIsDue } = await runs.work(id)
      if (noticeIsDue) notices.notify(id)
    } catch (error) {
      this.#faulty.set(id, clock.monotonic() + FAULT_MS)
      log.error({ err: error, scheduleId: id }, 'a schedule could not be worked with; it is tried again later')
    }
    await setImmediate()
  }

  /** A batch in which owners take turns. */
  async #chosen(due: readonly string[]): Promise<readonly string[]> {
    const now = this.#options.clock.monotonic()
    for (const [id, until] of this.#faulty) if (until <= now) this.#faulty.delete(id)
    const sound = due.filter((id) => !this.#faulty.has(id))
    if (sound.length <= BATCH) return sound
    const byOwner = new Map<string | null | undefined, string[]>()
    for (const id of sound) {
      const owner = await this.#options.store.ownerOf(id)
      byOwner.set(owner, [...(byOwner.get(owner) ?? []), id])
    }
    const chosen: string[] = []
    for (let round = 0; chosen.length < BATCH; round += 1) {
      const before = chosen.length
      for (const ids of byOwner.values()) chosen.push(...ids.slice(round, round + 1))
      if (chosen.length === before) break
    }
    return chosen.slice(0, BATCH)
  }

  /** Whether the wall clock has gone back since the latest pass; true at the first, as nobody knows what was before. */
  #wasSetBack(): boolean {
    const { clock } = this.#options
    const offset = clock.now().getTime() - clock.monotonic()
    const before = this.#clockOffset
    this.#clockOffset = offset
    return before === undefined || before - offset > SET_BACK_MS
  }
}
