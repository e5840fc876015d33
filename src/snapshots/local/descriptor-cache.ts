import pLimit from 'p-limit'
import { mapAll } from '../../concurrency/map-all.ts'
import { isOutOfDescriptors } from '../../disk/descriptors.ts'
import type { FileSystem } from '../../ports/file-system.ts'

const MAX_BUSY = 16
const MAX_IDLE = 48

/**
 * Files kept open for writing, the least recently used closed first: a spreadsheet of 2,000 tabs has more files than a
 * process may have descriptors. No more than 64 are open at a time.
 */
export class DescriptorCache {
  readonly #fs: FileSystem
  /** By path, least recently used first. Not an LRUCache, for whoever evicts must wait for the close and its error. */
  readonly #idle = new Map<string, number>()
  readonly #limit = pLimit(MAX_BUSY)

  constructor(fs: FileSystem) {
    this.#fs = fs
  }

  /** Lends the open file to `work`; `open` opens it if it is not. Callers see to it that a path is lent once at a time. */
  use<T>(path: string, open: () => Promise<number>, work: (descriptor: number) => Promise<T>): Promise<T> {
    return this.#limit(async () => {
      const descriptor = this.#idle.get(path) ?? (await this.#open(open))
      this.#idle.delete(path)
      try {
        return await work(descriptor)
      } finally {
        this.#idle.set(path, descriptor)
        const [leastRecent = path] = this.#idle.keys()
        if (this.#idle.size > MAX_IDLE) await this.release(leastRecent)
      }
    })
  }

  /** Files that are open for speed alone give way to one that has to be. */
  async #open(open: () => Promise<number>): Promise<number> {
    try {
      return await open()
    } catch (error) {
      if (!isOutOfDescriptors(error) || this.#idle.size === 0) throw error
    }
    await this.close()
    return open()
  }

  /** Closes one file if it is open. */
  async release(path: string): Promise<void> {
    const descriptor = this.#idle.get(path)
    if (!this.#idle.delete(path) || descriptor === undefined) return
    await this.#fs.close(descriptor)
  }

  /** Closes every file, also when closing one of them fails; rejects with the first failure. */
  async close(): Promise<void> {
    await mapAll([...this.#idle.keys()], MAX_IDLE, (path) => this.release(path))
  }
}
