import { PeriodicTask } from '../concurrency/periodic-task.ts'
import type { Sync, SyncState } from '../model/sync.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { paginate } from '../ports/paginate.ts'
import type { SyncStorage } from '../ports/sync-storage.ts'
import type { RunningSyncs } from './running-syncs.ts'

/** Milliseconds between two scans for syncs that nobody runs. */
const SCAN_INTERVAL_MS = 2000

interface OrphanScanOptions {
  readonly storage: SyncStorage
  readonly running: RunningSyncs
  readonly clock: Clock
  readonly log: Log
  /** The states to scan, asked for before each scan. */
  readonly states: () => readonly SyncState[] | Promise<readonly SyncState[]>
  /** Is given the syncs that nobody runs, those that were created first coming first. */
  readonly onFound: (orphans: readonly Sync[]) => Promise<void>
}

/** Scans the active syncs every two seconds, so that none is forgotten that was never enqueued, or whose owner died. */
export class OrphanScan {
  readonly #options: OrphanScanOptions
  readonly #task: PeriodicTask
  #done = false

  constructor(options: OrphanScanOptions) {
    this.#options = options
    this.#task = new PeriodicTask({
      clock: options.clock,
      intervalMs: SCAN_INTERVAL_MS,
      run: (signal) => this.#scan(signal),
      onError: (error) => options.log.error({ err: error }, 'the scan for orphaned syncs failed; it is repeated'),
    })
  }

  /** Whether one scan has been completed. */
  get done(): boolean {
    return this.#done
  }

  /** The first scan begins at once. */
  start(): void {
    this.#task.start()
  }

  close(): Promise<void> {
    return this.#task.stop()
  }

  async #scan(signal: AbortSignal): Promise<void> {
    const { storage, running, states, onFound } = this.#options
    const seen = new Set<string>()
    const orphans: Sync[] = []
    for await (const sync of paginate(storage, { states: await states() })) {
      seen.add(sync.id)
      if (!running.has(sync.id) && (await running.isOrphaned(sync))) orphans.push(sync)
    }
    running.retainObservations(seen)
    // Pages come newest first; what was created first is executed first.
    if (!signal.aborted) await onFound(orphans.reverse())
    this.#done = true
  }
}
