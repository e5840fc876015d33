import { PeriodicTask } from '../concurrency/periodic-task.ts'
import { settleAll } from '../concurrency/settle-all.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { ChangeWatcher, WatchedSpreadsheet } from './change-watcher.ts'

/** Milliseconds between two looks at which credentials are watched, at the most. */
const LOOK_MS = 30_000

/** Credentials that are watched at a time. */
const MOST = 200

/** A spreadsheet, and whose change log tells of it. */
export interface FollowedSpreadsheet extends WatchedSpreadsheet {
  /** Name of the credential. */
  readonly credential: string
}

type Watcher = Pick<ChangeWatcher, 'start' | 'end' | 'close'>

export interface ChangeWatchersOptions {
  /** All spreadsheets whose changes somebody wants to know. */
  readonly followed: () => Promise<Iterable<FollowedSpreadsheet>>
  /** Whether the changes that a credential sees can be known. */
  readonly canWatch: (credential: string) => boolean
  /** Makes what watches with a credential. */
  readonly open: (credential: string) => Promise<Watcher>
  /** Milliseconds between two lists of changes. */
  readonly intervalMs: number
  readonly clock: Clock
  readonly log: Log
}

/** One watcher for each credential of which something is followed: begun when it first is, ended when nothing is any more. */
export class ChangeWatchers {
  readonly #options: ChangeWatchersOptions
  readonly #watchers = new Map<string, Watcher>()
  readonly #task: PeriodicTask
  #isFull = false

  constructor(options: ChangeWatchersOptions) {
    this.#options = options
    this.#task = new PeriodicTask({
      clock: options.clock,
      intervalMs: Math.min(options.intervalMs, LOOK_MS),
      run: (signal) => this.#look(signal),
      onError: (error) =>
        options.log.warn({ err: error }, 'which spreadsheets are watched could not be found out; it is tried again'),
    })
  }

  start(): void {
    this.#task.start()
  }

  /** Lets other processes watch. Idempotent. */
  async close(): Promise<void> {
    await this.#task.stop()
    const watchers = [...this.#watchers.values()]
    this.#watchers.clear()
    await settleAll(watchers.map((watcher) => watcher.close()))
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { followed, canWatch, open, log } = this.#options
    const wanted = new Set<string>()
    for (const { credential } of await followed()) if (canWatch(credential)) wanted.add(credential)
    for (const [credential, watcher] of this.#watchers) {
      if (wanted.has(credential)) continue
      this.#watchers.delete(credential)
      await watcher
        .end()
        .catch((error: unknown) => log.debug({ err: error, credential }, 'the end of a watch could not be recorded'))
    }
    const missing = [...wanted].filter((credential) => !this.#watchers.has(credential))
    const room = MOST - this.#watchers.size
    const isFull = missing.length > room
    if (isFull && !this.#isFull) {
      log.error({ watched: MOST }, 'schedules follow changes with more credentials than are watched at a time')
    }
    this.#isFull = isFull
    for (const credential of missing.slice(0, room)) {
      try {
        const watcher = await open(credential)
        if (signal.aborted) return
        this.#watchers.set(credential, watcher)
        watcher.start()
      } catch (error) {
        log.error({ err: error, credential }, 'what watches for changes of spreadsheets could not be loaded')
      }
    }
  }
}
