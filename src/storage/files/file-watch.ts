import { setImmediate as turn } from 'node:timers/promises'
import { isSyncId } from '../../model/sync-id.ts'
import type { Clock } from '../../ports/clock.ts'
import type { FileIdentity, FileSystem } from '../../ports/file-system.ts'
import type { Log } from '../../ports/log.ts'
import { Watchers } from '../shared/watchers.ts'
import { isSameVersion, type Layout } from './folder-layout.ts'
import { errnoOf } from './storage-errors.ts'

/** Milliseconds between two looks at the files that are watched. */
export const LOOK_INTERVAL_MS = 250

/** Files looked at in one turn of the event loop; some two milliseconds. */
const LOOKS_AT_A_TIME = 500

export interface FileWatchOptions {
  readonly layout: Layout
  readonly fs: FileSystem
  readonly clock: Clock
  readonly log: Log
}

/**
 * Notices changes of watched records, whoever makes them. This process's own are told at once; those of others by one
 * look at each watched file four times a second, and only while something is watched. Not fs.watch: an inotify queue
 * overflows in silence, instances of it are few on many machines, and it would wake for every write in the folder.
 */
export class FileWatch {
  readonly #options: FileWatchOptions
  readonly #watchers: Watchers
  /** What each watched file looked like; `undefined` when it was not there. */
  readonly #seen = new Map<string, FileIdentity | undefined>()
  #looking: AbortController | undefined
  #closed = false

  constructor(options: FileWatchOptions) {
    this.#options = options
    this.#watchers = new Watchers(options.log)
  }

  /** See `SyncStorage.watch`. What is no sync id never changes. */
  add(id: string, onChange: () => void): () => void {
    if (this.#closed || !isSyncId(id)) return () => {}
    if (!this.#watchers.has(id)) this.#note(id)
    const stop = this.#watchers.add(id, onChange)
    this.#looking ??= this.#begin()
    return () => {
      stop()
      if (!this.#watchers.has(id)) this.#seen.delete(id)
      if (this.#watchers.size === 0) this.#end()
    }
  }

  /** Tells of a change that this process has made. */
  tell(id: string): void {
    if (!this.#watchers.has(id)) return
    // Looked at first, so that it is not told twice; what comes in between is seen by whoever is told now.
    this.#note(id)
    this.#watchers.tell(id)
  }

  close(): void {
    this.#closed = true
    this.#watchers.clear()
    this.#seen.clear()
    this.#end()
  }

  /** Looks at the file once; true when it is not as it was. */
  #note(id: string): boolean {
    const { fs, layout } = this.#options
    try {
      const now = fs.identify(layout.record(id))
      const before = this.#seen.get(id)
      const same = now === undefined || before === undefined ? now === before : isSameVersion(now, before)
      if (!same || !this.#seen.has(id)) this.#seen.set(id, now)
      return !same
    } catch (error) {
      // A disk that cannot be read now tells nothing; the next look asks again.
      if (errnoOf(error) === undefined) throw error
      return false
    }
  }

  #begin(): AbortController {
    const looking = new AbortController()
    void this.#lookRegularly(looking.signal)
    return looking
  }

  #end(): void {
    this.#looking?.abort()
    this.#looking = undefined
  }

  async #lookRegularly(signal: AbortSignal): Promise<void> {
    while (await this.#options.clock.sleep(LOOK_INTERVAL_MS, signal)) {
      let looks = 0
      for (const id of [...this.#watchers.ids]) {
        if (++looks % LOOKS_AT_A_TIME === 0) await turn()
        if (signal.aborted) return
        if (this.#watchers.has(id) && this.#note(id)) this.#watchers.tell(id)
      }
    }
  }
}
