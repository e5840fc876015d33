import { AppError } from '../errors.ts'
import type { FileSystem } from '../ports/file-system.ts'

/** Bytes that may be written from one look at the disk to the next. */
const LOOK_AFTER_BYTES = 16 * 1024 * 1024

/**
 * Keeps some of a disk free, as status files may lie on it too: what is written through `fs` is refused with STORAGE_FULL
 * from then on that less would be left, within the bytes between two looks.
 */
export class FreeSpace {
  /** The file system as it is, but for its writes. */
  readonly fs: FileSystem
  readonly #real: FileSystem
  readonly #folder: string
  readonly #leastBytes: number
  #unseenBytes = Number.POSITIVE_INFINITY

  /** `folder`: on the disk that is looked at, there by the first write. `leastBytes`: to stay free, DISK_FREE_MIN; 0: none. */
  constructor(real: FileSystem, folder: string, leastBytes: number) {
    this.#real = real
    this.#folder = folder
    this.#leastBytes = leastBytes
    this.fs = leastBytes === 0 ? real : { ...real, write: (...call) => this.#write(...call) }
  }

  /** Looks at the disk now. Rejects with STORAGE_FULL when too little is free, and with the errno of a look that fails. */
  async assert(): Promise<void> {
    if (this.#leastBytes === 0) return
    const { freeBytes } = await this.#real.volume(this.#folder)
    if (freeBytes >= this.#leastBytes) {
      this.#unseenBytes = 0
      return
    }
    // Whoever frees some is believed at once.
    this.#unseenBytes = Number.POSITIVE_INFINITY
    const detail = `${inMegabytes(freeBytes)} of the disk are free, and ${inMegabytes(this.#leastBytes)} are to stay free.`
    throw new AppError('STORAGE_FULL', detail, {
      hint: `Free space on the disk that holds ${this.#folder}; the operator may lower DISK_FREE_MIN.`,
    })
  }

  async #write(...call: Parameters<FileSystem['write']>): Promise<number> {
    const [, bytes, offset] = call
    this.#unseenBytes += bytes.length - offset
    if (this.#unseenBytes >= LOOK_AFTER_BYTES) await this.assert()
    return this.#real.write(...call)
  }
}

function inMegabytes(bytes: number): string {
  return `${Math.floor(bytes / 1e6)} MB`
}
