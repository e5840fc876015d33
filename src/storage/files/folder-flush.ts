import { dirname, resolve } from 'node:path'
import type { FileSystem } from '../../ports/file-system.ts'

/**
 * Makes the names in a folder durable, for many writers at once: one fsync covers every rename that was done before it
 * began, and whoever comes later waits for the next one.
 */
export class FolderFlush {
  readonly #fs: FileSystem
  readonly #folder: string
  #running: Promise<unknown> = Promise.resolve()
  /** The flush that waits for the running one. */
  #next: Promise<void> | undefined

  constructor(fs: FileSystem, folder: string) {
    this.#fs = fs
    this.#folder = folder
  }

  /** Resolves once all that was done to the folder before this call is durable. */
  flush(): Promise<void> {
    if (this.#next === undefined) {
      this.#next = this.#flushAfter(this.#running)
      // Its failure rejects those who wait for it; the flush after it is another try with another descriptor.
      this.#running = Promise.allSettled([this.#next])
    }
    return this.#next
  }

  async #flushAfter(running: Promise<unknown>): Promise<void> {
    await running
    this.#next = undefined
    await this.#fs.syncFolder(this.#folder)
  }
}

/** Makes a folder, and those above it as needed, so that a power cut takes none of them away with what is in them. */
export async function makeDurableFolder(fs: FileSystem, path: string): Promise<void> {
  const firstMade = await fs.makeFolder(path)
  if (firstMade === undefined) return
  const above = dirname(resolve(firstMade))
  let folder = resolve(path)
  // Up to the root at most, which is above itself: some systems answer with another name of the folder than was asked for.
  while (folder !== above && folder !== dirname(folder)) {
    folder = dirname(folder)
    await fs.syncFolder(folder)
  }
}
