import type { Sync, SyncState } from '../model/sync.ts'
import type { Clock } from '../ports/clock.ts'
import { JobStop } from '../ports/job-runner.ts'
import type { Log } from '../ports/log.ts'
import { everyPage } from '../ports/paginate.ts'
import type { SyncStorage } from '../ports/sync-storage.ts'
import type { SyncRuns } from './running-syncs.ts'

/** Milliseconds between two looks for syncs that nobody runs. */
export const SCAN_INTERVAL_MS = 2000

export interface ActiveLookOptions {
  readonly storage: SyncStorage
  readonly runs: SyncRuns
  readonly clock: Clock
  readonly log: Log
  /** The states to look through, asked before each look. */
  readonly states: () => readonly SyncState[] | Promise<readonly SyncState[]>
  /** Told of the syncs that nobody runs, what was asked for first coming first. */
  readonly onFree: (syncs: readonly Sync[]) => Promise<void>
}

/** Looks through the active syncs every two seconds, so that none is forgotten: whatever was never told, or left by the dead. */
export class ActiveLook {
  readonly #options: ActiveLookOptions
  readonly #closing = new AbortController()
  #looking: Promise<void> | undefined
  #done = false

  constructor(options: ActiveLookOptions) {
    this.#options = options
  }

  /** Whether all was looked through once. */
  get done(): boolean {
    return this.#done
  }

  /** Begins with a look at once. */
  start(): void {
    this.#looking ??= this.#lookRegularly()
  }

  async close(): Promise<void> {
    this.#closing.abort(new JobStop('interrupted'))
    await this.#looking
  }

  async #lookRegularly(): Promise<void> {
    const { clock, log } = this.#options
    while (!this.#closing.signal.aborted) {
      try {
        await this.#look()
        this.#done = true
      } catch (error) {
        // The outermost boundary of a background task: the next look must come, whatever this one met.
        log.error({ err: error }, 'the look for orphaned syncs failed; it is repeated')
      }
      try {
        await clock.sleep(SCAN_INTERVAL_MS, this.#closing.signal)
      } catch (reason) {
        if (!(reason instanceof JobStop)) throw reason
      }
    }
  }

  async #look(): Promise<void> {
    const { storage, runs, onFree } = this.#options
    const states = await this.#options.states()
    const seen = new Set<string>()
    const free: Sync[] = []
    for await (const syncs of everyPage(storage, { states })) {
      for (const sync of syncs) {
        seen.add(sync.id)
        if (!runs.has(sync.id) && (await runs.isFree(sync))) free.push(sync)
      }
    }
    runs.keepOnly(seen)
    // Pages come newest first; what was asked for first is run first.
    if (!this.#closing.signal.aborted) await onFree(free.reverse())
  }
}
