import type { FileHandle } from 'node:fs/promises'
import { Slots } from './concurrency-limit.ts'
import type { DiskFs } from './disk.ts'

const BUSY_AT_MOST = 16
const IDLE_AT_MOST = 48

/**
 * Files kept open for writing, the least recently used closed first: a spreadsheet of 2,000 tabs has more files than a
 * process may have descriptors. No more than 64 are open at a time.
 */
export class OpenFiles {
  readonly #fs: DiskFs
  readonly #open = new Map<string, FileHandle>()
  readonly #busy = new Set<string>()
  readonly #slots = new Slots(BUSY_AT_MOST)

  constructor(fs: DiskFs) {
    this.#fs = fs
  }

  /** Lends the open file to `work`. Callers see to it that one path is lent once at a time. */
  use<T>(path: string, flags: 'wx' | 'r+', work: (handle: FileHandle) => Promise<T>): Promise<T> {
    return this.#slots.run(async () => {
      this.#busy.add(path)
      try {
        return await work(await this.#take(path, flags))
      } finally {
        this.#busy.delete(path)
      }
    })
  }

  /** Closes one file if it is open. */
  async release(path: string): Promise<void> {
    const handle = this.#open.get(path)
    this.#open.delete(path)
    await handle?.close()
  }

  /** Closes every file, also when closing one of them fails; rejects with the first failure. */
  async close(): Promise<void> {
    const handles = [...this.#open.values()]
    this.#open.clear()
    const closed = await Promise.allSettled(handles.map((handle) => handle.close()))
    for (const one of closed) if (one.status === 'rejected') throw one.reason
  }

  async #take(path: string, flags: 'wx' | 'r+'): Promise<FileHandle> {
    const known = this.#open.get(path)
    if (known !== undefined) {
      this.#open.delete(path)
      this.#open.set(path, known)
      return known
    }
    for (const idle of this.#open.keys()) {
      if (this.#open.size < IDLE_AT_MOST) break
      if (!this.#busy.has(idle)) await this.release(idle)
    }
    const handle = await this.#fs.open(path, flags)
    this.#open.set(path, handle)
    return handle
  }
}
