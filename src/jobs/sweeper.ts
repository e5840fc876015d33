import { PeriodicTask } from '../concurrency/periodic-task.ts'
import type { FinishedSync } from '../model/sync.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { SnapshotStore } from '../ports/snapshot-store.ts'
import type { SyncStorage } from '../ports/sync-storage.ts'
import type { IdempotencyStore } from '../syncs/idempotency-store.ts'
import { isLive } from '../syncs/live-sync.ts'

/** A pass is skipped when the wall clock has moved this much more or less than the monotonic one since the last pass. */
const CLOCK_JUMP_MS = 30_000

interface SweeperOptions {
  readonly storage: SyncStorage
  /** Where idempotency keys are remembered, if they are. */
  readonly idempotency?: IdempotencyStore
  readonly snapshots: SnapshotStore
  readonly clock: Clock
  readonly log: Log
  /** Milliseconds between two passes. */
  readonly intervalMs: number
}

/** By timer, removes what has expired and what dead processes left. Its failures are logged and stop nothing. */
export class Sweeper {
  readonly #options: SweeperOptions
  readonly #task: PeriodicTask
  /** Milliseconds from the monotonic clock to the wall clock at the last pass. */
  #clockOffset: number | undefined

  constructor(options: SweeperOptions) {
    this.#options = options
    this.#task = new PeriodicTask({
      ...options,
      run: (signal) => this.sweep(signal),
      onError: (error) => this.#logFailure(error),
    })
  }

  /** The first pass begins at once. */
  start(): void {
    this.#task.start()
  }

  close(): Promise<void> {
    return this.#task.stop()
  }

  /** One pass. Resolves when it is done, was skipped or aborted, or has failed and said so in the log. */
  async sweep(signal?: AbortSignal): Promise<void> {
    const { storage, idempotency, snapshots, clock, log } = this.#options
    if (this.#clockJumped()) {
      log.warn({}, 'the wall clock was set; nothing is removed in this pass')
      return
    }
    try {
      const rememberEnd = idempotency && ((sync: FinishedSync) => idempotency.recordEnd(sync, clock.now()))
      const report = await storage.cleanup(clock.now(), { signal, rememberEnd })
      const drafts = await snapshots.sweepDrafts((syncId) => isLive(storage, syncId), signal)
      const keys = (await idempotency?.cleanup(clock.now(), signal)) ?? 0
      // Last, as looking at each spreadsheet may take long.
      const removed = await snapshots.sweep(clock.now(), signal)
      if (report.quarantined.length > 0) log.error({ names: report.quarantined }, 'unreadable records were set aside')
      log.debug(
        { removed: report.removed.length, leftovers: report.leftovers, keys, drafts, snapshots: removed },
        'swept',
      )
    } catch (error) {
      if (!signal?.aborted || error !== signal.reason) this.#logFailure(error)
    }
  }

  #logFailure(error: unknown): void {
    this.#options.log.error({ err: error }, 'a pass of the sweeper failed; the next one tries again')
  }

  /** After a jump nobody knows which of the two times is right, so expiry is judged one interval later. */
  #clockJumped(): boolean {
    const { clock } = this.#options
    const offset = clock.now().getTime() - clock.monotonic()
    const moved = offset - (this.#clockOffset ?? offset)
    this.#clockOffset = offset
    return Math.abs(moved) > CLOCK_JUMP_MS
  }
}
