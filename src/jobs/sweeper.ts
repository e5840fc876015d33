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
  /** Called with each sync of which `isRemembered` is true, before it is removed; default: notes it for its idempotency key. */
  readonly rememberEnd?: (sync: FinishedSync) => Promise<void>
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
    const now = clock.now()
    const record = idempotency && ((sync: FinishedSync) => idempotency.recordEnd(sync, now))
    const { rememberEnd = record } = this.#options
    const report = await this.#step(signal, () => storage.cleanup(now, { signal, rememberEnd }))
    const drafts = await this.#step(signal, () =>
      snapshots.sweepDrafts((syncId) => isLive(storage, syncId, now), signal),
    )
    const keys = await this.#step(signal, async () => idempotency?.cleanup(now, signal))
    // Last, as looking at each spreadsheet may take long.
    const removed = await this.#step(signal, () => snapshots.sweep(now, signal))
    const { quarantined: names = [], removed: syncs = [], leftovers } = report ?? {}
    if (names.length > 0) log.error({ names }, 'unreadable records were set aside')
    log.debug({ removed: syncs.length, leftovers, keys, drafts, snapshots: removed }, 'swept')
  }

  /** One part of a pass. One that fails says so in the log, and the others go on. */
  async #step<T>(signal: AbortSignal | undefined, sweep: () => Promise<T>): Promise<T | undefined> {
    if (signal?.aborted) return undefined
    try {
      return await sweep()
    } catch (error) {
      if (!signal?.aborted || error !== signal.reason) this.#logFailure(error)
      return undefined
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
