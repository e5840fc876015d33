import { PeriodicTask } from '../concurrency/periodic-task.ts'
import { AppError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { SnapshotStore } from '../ports/snapshot-store.ts'

interface SnapshotLimitsOptions {
  readonly snapshots: Pick<SnapshotStore, 'usage' | 'count'>
  readonly clock: Clock
  readonly log: Log
  /** Milliseconds between two counts. */
  readonly intervalMs: number
  /** Bytes that all snapshots together may have, SNAPSHOT_BYTES_MAX. */
  readonly maxBytes: number
  /** Bytes and number of the snapshots of one API key; nothing of it is limited without keys. */
  readonly maxBytesPerKey: number
  readonly maxSnapshotsPerKey: number
}

/**
 * Refuses to begin downloads while too much is kept already; nothing is ever removed to make room. A download that has
 * begun may finish, so each limit may be passed by what the running syncs write, and by what other processes have
 * published since the last count.
 */
export class SnapshotLimits {
  readonly #options: SnapshotLimitsOptions
  readonly #counting: PeriodicTask

  constructor(options: SnapshotLimitsOptions) {
    this.#options = options
    this.#counting = new PeriodicTask({
      ...options,
      run: (signal) => options.snapshots.count(signal),
      onError: (error) => options.log.error({ err: error }, 'the snapshots could not be counted; it is tried again'),
    })
  }

  /** Counts by timer, where no sweeper does. */
  start(): void {
    this.#counting.start()
  }

  close(): Promise<void> {
    return this.#counting.stop()
  }

  /** Throws SNAPSHOTS_FULL if a sync of this key may not begin a download. */
  requireRoom(createdBy: string | null): void {
    const { snapshots, maxBytes, maxBytesPerKey, maxSnapshotsPerKey } = this.#options
    if (snapshots.usage().bytes >= maxBytes) throw full('All snapshots together', maxBytes, 'SNAPSHOT_BYTES_MAX')
    if (createdBy === null) return
    const own = snapshots.usage(createdBy)
    const whose = `The snapshots of the API key ${createdBy}`
    if (own.bytes >= maxBytesPerKey) throw full(whose, maxBytesPerKey, 'SNAPSHOT_BYTES_PER_KEY')
    if (own.snapshots >= maxSnapshotsPerKey) {
      throw new AppError('SNAPSHOTS_FULL', `${whose} have reached their number of ${maxSnapshotsPerKey}.`, {
        hint: hintOf('MAX_SNAPSHOTS_PER_KEY'),
      })
    }
  }
}

function full(whose: string, bytes: number, setting: string): AppError {
  const megabytes = bytes / 1e6
  return new AppError('SNAPSHOTS_FULL', `${whose} have reached their ${megabytes} MB.`, { hint: hintOf(setting) })
}

function hintOf(setting: string): string {
  return `DELETE /spreadsheets/{spreadsheetId} erases rows that nobody needs any more; the operator may raise ${setting}.`
}
