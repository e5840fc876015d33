import { PeriodicTask } from '../../concurrency/periodic-task.ts'
import { Watchers } from '../shared/watchers.ts'
import { CreationJournal } from './creation-journal.ts'
import { POLL_INTERVAL_MS, PolledFiles } from './polled-files.ts'
import type { StatusFolder } from './status-folder.ts'
import type { SyncIndex } from './sync-index.ts'

/**
 * Notices changes of all records of the folder, whoever makes them. Those of this process are notified at once. Of others,
 * the journal names what was created or removed, and the identity of each file that may still change is polled: those of
 * syncs that have ended stay as they are, however many there are. All that only while somebody watches.
 */
export class FolderWatch {
  readonly #index: SyncIndex
  /** Read apart from the index, which would take away what is new. */
  readonly #journal: CreationJournal
  readonly #watchers: Watchers
  /** Those that may still change. */
  readonly #files: PolledFiles
  readonly #polling: PeriodicTask
  /** Settles once changes are noticed; `undefined` while nobody watches. */
  #begun: Promise<void> | undefined
  #closed = false

  constructor(folder: StatusFolder, index: SyncIndex) {
    const { clock, log } = folder
    this.#index = index
    this.#journal = new CreationJournal(folder)
    this.#watchers = new Watchers(log)
    this.#files = new PolledFiles(folder)
    this.#polling = new PeriodicTask({
      clock,
      intervalMs: POLL_INTERVAL_MS,
      isDelayed: true,
      run: (signal) => this.#poll(signal),
      onError: (error) => {
        // What it has read of the journal is lost.
        this.#journal.losePosition()
        log.error({ err: error }, 'the watched folder could not be polled')
      },
    })
  }

  /** See `SyncStorage.watchAll`. Rejects with an errno when the folder cannot be read. */
  async add(onChange: (id: string | undefined) => void): Promise<() => void> {
    if (this.#closed) return () => {}
    const remove = this.#watchers.addOfAll(onChange)
    const stop = () => {
      remove()
      if (this.#watchers.sizeOfAll === 0) void this.#end()
    }
    try {
      this.#begun ??= this.#begin()
      await this.#begun
    } catch (error) {
      stop()
      throw error
    }
    return stop
  }

  /** Notifies the watchers of a change that this process has made, after the index has taken it in. */
  notify(id: string): void {
    if (this.#watchers.sizeOfAll === 0) return
    // Identified first, so that the next poll does not notify again; what comes in between is seen by who is notified now.
    if (this.#index.isUnsettled(id)) this.#files.hasChanged(id)
    else this.#files.forget(id)
    this.#watchers.notify(id)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#watchers.clear()
    await this.#end()
  }

  async #begin(): Promise<void> {
    await this.#journal.seekEnd()
    await this.#index.refresh()
    await this.#files.poll(this.#index.unsettled)
    if (this.#watchers.sizeOfAll > 0) this.#polling.start()
  }

  async #end(): Promise<void> {
    this.#begun = undefined
    this.#files.clear()
    await this.#polling.stop()
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const appended = await this.#journal.readNew()
    if (appended === undefined) await this.#journal.seekEnd()
    await this.#index.refresh(signal)
    if (appended === undefined) this.#watchers.notifyAll()
    const changed = new Set(appended)
    for (const id of await this.#files.poll(this.#index.unsettled, signal)) changed.add(id)
    if (signal.aborted) return
    // What a list or a sweep here has met as ended, or gone, since the last poll.
    for (const id of this.#files.ids) if (!this.#index.isUnsettled(id)) changed.add(id)
    for (const id of changed) {
      // What has ended is polled no more.
      await this.#index.find(id, { shared: true })
      if (signal.aborted) return
      if (!this.#index.isUnsettled(id)) this.#files.forget(id)
      this.#watchers.notify(id)
    }
  }
}
