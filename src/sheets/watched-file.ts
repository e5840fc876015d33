import { stat } from 'node:fs/promises'
import { isOutOfDescriptors } from '../disk/descriptors.ts'
import type { Clock } from '../ports/clock.ts'

/** Milliseconds for which a file counts as unchanged once that was looked at. */
const CHECK_MS = 1000

/** Milliseconds for which what a file held goes on when it cannot be read: it may be about to be written. */
const GRACE_MS = 5000

export interface WatchedFileOptions<T> {
  readonly path: string
  /** Reads the file; the value stays the same object for as long as the file does. */
  readonly read: (path: string) => Promise<T>
  /** Whether what `read` rejects with says that there is nothing to wait for; default: never. */
  readonly isGone?: (error: unknown) => boolean
  readonly clock: Clock
}

/**
 * What a file holds, read anew when it is another: one that was edited, replaced, or that a symlink leads elsewhere to, as
 * mounted secrets are swapped. Looked at when it is asked for, once a second at the most.
 */
export class WatchedFile<T> {
  readonly #options: WatchedFileOptions<T>
  #latest: Promise<T> | undefined
  #checkedAt = 0
  /** What was read last, and of which file. */
  #good: { readonly value: T; readonly identity: string | undefined } | undefined
  #failingSince: number | undefined

  constructor(options: WatchedFileOptions<T>) {
    this.#options = options
  }

  /** Rejects with what `read` rejects with. */
  current(): Promise<T> {
    const now = this.#options.clock.monotonic()
    if (this.#latest === undefined || now - this.#checkedAt >= CHECK_MS) {
      this.#checkedAt = now
      this.#latest = this.#check(now)
    }
    return this.#latest
  }

  /** Has the next call look at the file. */
  expire(): void {
    this.#latest = undefined
  }

  async #check(now: number): Promise<T> {
    const { path, read, isGone } = this.#options
    try {
      // The identity of before: what is written while it is read is noticed the next time.
      const identity = await identityOf(path).catch(() => undefined)
      if (identity === undefined || this.#good?.identity !== identity) {
        this.#good = { identity, value: await read(path) }
      }
      this.#failingSince = undefined
      return this.#good.value
    } catch (error) {
      this.#failingSince ??= now
      const isGoodStill = isOutOfDescriptors(error) || (!isGone?.(error) && now - this.#failingSince < GRACE_MS)
      if (this.#good !== undefined && isGoodStill) return this.#good.value
      this.#good = undefined
      throw error
    }
  }
}

/** Differs when the file that a path leads to is another, or was written to. Rejects as `stat` does. */
async function identityOf(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true })
  return [dev, ino, size, mtimeNs].join(':')
}
