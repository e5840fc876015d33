import { PeriodicTask } from '../../concurrency/periodic-task.ts'
import { errnoOf } from '../../disk/disk-errors.ts'
import { isSyncId } from '../../model/sync-id.ts'
import type { FileIdentity } from '../../ports/file-system.ts'
import { Watchers } from '../shared/watchers.ts'
import { yieldEvery } from './event-loop-yield.ts'
import { isSameVersion } from './file-version.ts'
import type { StatusFolder } from './status-folder.ts'

/** Milliseconds between two polls of the files that are watched. */
const POLL_INTERVAL_MS = 250

/** Files polled in one turn of the event loop; some two milliseconds. */
const FILES_AT_A_TIME = 500

/**
 * Notices changes of watched records, whoever makes them. Those of this process are notified at once; those of others are
 * found by polling the identity of each watched file, and only while something is watched. Not fs.watch: an inotify queue
 * overflows in silence, instances of it are few on many machines, and it would wake for every write in the folder.
 */
export class FileWatch {
  readonly #folder: StatusFolder
  readonly #watchers: Watchers
  /** The latest identity of each watched file; `undefined` when it was not there. */
  readonly #seen = new Map<string, FileIdentity | undefined>()
  readonly #polling: PeriodicTask
  #closed = false

  constructor(folder: StatusFolder) {
    const { clock, log } = folder
    this.#folder = folder
    this.#watchers = new Watchers(log)
    this.#polling = new PeriodicTask({
      clock,
      intervalMs: POLL_INTERVAL_MS,
      isDelayed: true,
      run: (signal) => this.#poll(signal),
      onError: (error) => log.error({ err: error }, 'the watched records could not be polled'),
    })
  }

  /** See `SyncStorage.watch`. What is no sync id never changes. */
  add(id: string, onChange: () => void): () => void {
    if (this.#closed || !isSyncId(id)) return () => {}
    if (!this.#watchers.has(id)) this.#hasChanged(id)
    const stop = this.#watchers.add(id, onChange)
    this.#polling.start()
    return () => {
      stop()
      if (!this.#watchers.has(id)) this.#seen.delete(id)
      if (this.#watchers.size === 0) void this.#polling.stop()
    }
  }

  /** Notifies the watchers of a change that this process has made. */
  notify(id: string): void {
    if (!this.#watchers.has(id)) return
    // Identified first, so that the next poll does not notify again; what comes in between is seen by who is notified now.
    this.#hasChanged(id)
    this.#watchers.notify(id)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#watchers.clear()
    this.#seen.clear()
    await this.#polling.stop()
  }

  /** Whether the file is another than when this was last called. */
  #hasChanged(id: string): boolean {
    const { fs } = this.#folder
    try {
      const now = fs.identify(this.#folder.record(id))
      const before = this.#seen.get(id)
      const same = now === undefined || before === undefined ? now === before : isSameVersion(now, before)
      if (!same || !this.#seen.has(id)) this.#seen.set(id, now)
      return !same
    } catch (error) {
      // A disk that cannot be read now shows no change; the next poll tries again.
      if (errnoOf(error) === undefined) throw error
      return false
    }
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const yielding = yieldEvery(FILES_AT_A_TIME)
    for (const id of [...this.#watchers.ids]) {
      await yielding()
      if (signal.aborted) return
      if (this.#watchers.has(id) && this.#hasChanged(id)) this.#watchers.notify(id)
    }
  }
}
