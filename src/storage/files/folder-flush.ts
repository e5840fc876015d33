import { dirname, resolve } from 'node:path'
import type { FileSystem } from '../../ports/file-system.ts'

/**
 * Makes the names in a folder durable, for many writers at once: one fsync covers every rename that was done before it
 * began, and whoever comes later waits for the next one.
 */
export class FolderFlush {
  readonly #fs: FileSystem
  readonly #folder: string
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(fs: FileSystem, folder: string) {
    this.#fs = fs
    this.#folder = folder
  }

  /** Resolves once all that was done to the folder before this call is durable. */
  flush(): Promise<void> {
    if (this.#next !== undefined) return this.#next
    if (this.#running === undefined) return this.#begin()
    this.#next = this.#after(this.#running)
    return this.#next
  }

  async #after(running: Promise<void>): Promise<void> {
    // Its failure rejects those who wait for it; this flush is another try with another descriptor.
    await Promise.allSettled([running])
    this.#next = undefined
    await this.#begin()
  }

  #begin(): Promise<void> {
    const running = syncFolder(this.#fs, this.#folder).finally(() => {
      if (this.#running === running) this.#running = undefined
    })
    this.#running = running
    return running
  }
}

/** Makes a folder, and those above it as needed, so that a power cut takes none of them away with what is in them. */
export async function makeDurableFolder(fs: FileSystem, path: string): Promise<void> {
  const firstMade = await fs.makeFolder(path)
  if (firstMade === undefined) return
  const above = dirname(resolve(firstMade))
  for (let folder = resolve(path); folder !== above; ) {
    folder = dirname(folder)
    await syncFolder(fs, folder)
  }
}

async function syncFolder(fs: FileSystem, folder: string): Promise<void> {
  const descriptor = await fs.openFolder(folder)
  try {
    await fs.sync(descriptor)
  } finally {
    await fs.close(descriptor)
  }
}
