import { errnoOf } from '../../disk/disk-errors.ts'
import type { FileIdentity } from '../../ports/file-system.ts'
import { yieldEvery } from './event-loop-yield.ts'
import { isSameVersion } from './file-version.ts'
import type { StatusFolder } from './status-folder.ts'

/** Milliseconds between two polls of the same files. */
export const POLL_INTERVAL_MS = 250

/** Files polled in one turn of the event loop; some two milliseconds. */
const FILES_AT_A_TIME = 500

/** Notices by their identity that files of records are others than at the poll before. */
export class PolledFiles {
  readonly #folder: StatusFolder
  /** The latest identity of each file; `undefined` when it was not there. */
  readonly #seen = new Map<string, FileIdentity | undefined>()

  constructor(folder: StatusFolder) {
    this.#folder = folder
  }

  /** The records that are polled. */
  get ids(): Iterable<string> {
    return this.#seen.keys()
  }

  /** Those of these records that {@link hasChanged}, until the signal is aborted. */
  async poll(ids: Iterable<string>, signal?: AbortSignal): Promise<string[]> {
    const changed: string[] = []
    const yielding = yieldEvery(FILES_AT_A_TIME)
    for (const id of ids) {
      if (signal?.aborted) break
      if (this.hasChanged(id)) changed.push(id)
      // Last, so that what is taken from the ids meanwhile is not polled any more.
      await yielding()
    }
    return changed
  }

  /** Whether the file is another than when this was last called, or this was never called for it. */
  hasChanged(id: string): boolean {
    try {
      const now = this.#folder.fs.identify(this.#folder.record(id))
      const before = this.#seen.get(id)
      const same = now === undefined || before === undefined ? now === before : isSameVersion(now, before)
      if (same && this.#seen.has(id)) return false
      this.#seen.set(id, now)
      return true
    } catch (error) {
      // A disk that cannot be read now shows no change; the next poll tries again.
      if (errnoOf(error) === undefined) throw error
      return false
    }
  }

  forget(id: string): void {
    this.#seen.delete(id)
  }

  clear(): void {
    this.#seen.clear()
  }
}
