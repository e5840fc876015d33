import type { Readable } from 'node:stream'
import { SharedPlaces } from '../concurrency/shared-places.ts'
import { AppError } from '../errors.ts'

/** Files that are sent at a time, to all callers together, where the process may have as many open as it likes. */
const MOST_FILES = 512
/** The part of the open files of the process that may be such: the others are for connections and for running syncs. */
const PART_OF_OPEN_FILES = 1 / 8

/** Limits the files that are being sent to each owner, which is an API key or an address. */
export class FileLimit {
  readonly #places: SharedPlaces

  constructor(openFilesAtMost = Number.POSITIVE_INFINITY) {
    this.#places = new SharedPlaces({ total: Math.min(MOST_FILES, Math.floor(openFilesAtMost * PART_OF_OPEN_FILES)) })
  }

  /** Opens a file and has a place taken until it is closed. Rejects with TOO_MANY_DOWNLOADS when there is none. */
  async open<T extends Readable | undefined>(owner: string, open: () => Promise<T>): Promise<T> {
    const giveBack = this.#places.take(owner)
    if (giveBack === undefined) {
      const detail = `As many files as may be now are being sent to the ${owner}.`
      throw new AppError('TOO_MANY_DOWNLOADS', detail, { retryAfterSeconds: 1 })
    }
    try {
      const file = await open()
      if (file === undefined) giveBack()
      else file.once('close', giveBack)
      return file
    } catch (error) {
      giveBack()
      throw error
    }
  }
}
