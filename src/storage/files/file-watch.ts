import { PeriodicTask } from '../../concurrency/periodic-task.ts'
import { isSyncId } from '../../model/sync-id.ts'
import { Watchers } from '../shared/watchers.ts'
import { POLL_INTERVAL_MS, PolledFiles } from './polled-files.ts'
import type { StatusFolder } from './status-folder.ts'

/**
 * Notices changes of watched records, whoever makes them. Those of this process are notified at once; those of others are
 * found by polling the identity of each watched file, and only while something is watched. Not fs.watch: an inotify queue
 * overflows in silence, instances of it are few on many machines, and it would wake for every write in the folder.
 */
export class FileWatch {
  readonly #watchers: Watchers
  readonly #files: PolledFiles
  readonly #polling: PeriodicTask
  #closed = false

  constructor(folder: StatusFolder) {
    const { clock, log } = folder
    this.#watchers = new Watchers(log)
    this.#files = new PolledFiles(folder)
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
    if (!this.#watchers.has(id)) this.#files.hasChanged(id)
    const stop = this.#watchers.add(id, onChange)
    this.#polling.start()
    return () => {
      stop()
      if (!this.#watchers.has(id)) this.#files.forget(id)
      if (this.#watchers.size === 0) void this.#polling.stop()
    }
  }

  /** Notifies the watchers of a change that this process has made. */
  notify(id: string): void {
    if (!this.#watchers.has(id)) return
    // Identified first, so that the next poll does not notify again; what comes in between is seen by who is notified now.
    this.#files.hasChanged(id)
    this.#watchers.notify(id)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#watchers.clear()
    this.#files.clear()
    await this.#polling.stop()
  }

  async #poll(signal: AbortSignal): Promise<void> {
    for (const id of await this.#files.poll(this.#watchers.ids, signal)) this.#watchers.notify(id)
  }
}
